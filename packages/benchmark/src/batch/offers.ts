import type { Offer } from '@bench/provisioning';
import type { SlurmDirectives, SlurmNode } from '@bench/provisioning/slurm';

/** How many GPUs a job has in all by its directives. */
export function gpusAsked({
  gres,
  gpus,
  gpus_per_node: perNode,
  nodes = 1,
}: Pick<SlurmDirectives, 'gres' | 'gpus' | 'gpus_per_node' | 'nodes'>): number {
  if (gpus !== undefined) return counted(String(gpus));
  if (perNode !== undefined) return counted(String(perNode)) * nodes;
  const parts = (gres ?? '').split(',').filter((part) => /^(gres[:/])?gpu\b/.test(part));
  return parts.reduce((sum, part) => sum + counted(part.replace(/^(gres[:/])?gpu[:=]?/, '') || '1'), 0) * nodes;
}

/** `2`, `a100:2`, `a100:2,h100:1`; a type alone is one. */
function counted(text: string): number {
  return text.split(',').reduce((sum, part) => sum + Number(/(?:^|:)(\d+)(?:\(|$)/.exec(part)?.[1] ?? 1), 0);
}

/**
 * What a job takes: the partition that its directives, the settings or the cluster choose, and its GPUs at that partition's price.
 * @param o.offers what the cluster has, of any number of GPUs
 */
export function jobOffer(
  directives: SlurmDirectives,
  o: { partition: string | undefined; nodes: readonly SlurmNode[]; offers: readonly Offer[]; now: string },
): Offer {
  const { nodes, offers } = o;
  const partition = directives.partition ?? o.partition ?? nodes.find(({ isDefault }) => isDefault)?.partition ?? '';
  const [first = ''] = partition.split(',');
  const count = gpusAsked(directives);
  const alike = offers.find(({ region, gpu }) => region === first && gpu !== null);
  const perGpu = alike?.gpu && alike.priceUsdPerHour !== null ? alike.priceUsdPerHour / alike.gpu.count : null;
  const node = nodes.find((one) => one.partition === first);
  return {
    id: `${first}/${count}`,
    provider: 'slurm',
    instanceType: count === 0 ? first : `${first}, ${count} GPUs`,
    region: first,
    zone: null,
    country: null,
    gpu: count > 0 && alike?.gpu ? { ...alike.gpu, count } : null,
    cpus: node?.cpus ?? null,
    memoryGb: node ? node.memoryMb / 1024 : null,
    diskGb: null,
    // What has no GPU costs nothing that anybody named a price for.
    priceUsdPerHour: perGpu === null ? null : perGpu * count,
    storageUsdPerGbMonth: null,
    egressUsdPerGb: null,
    priceSource: { kind: 'user', name: 'providers.slurm.prices_usd_per_gpu_hour', at: o.now },
    market: 'on-demand',
    availability: 'unknown',
    workloads: ['batch'],
    reliability: null,
    verified: null,
    downMbps: null,
    upMbps: null,
    cudaVersion: null,
    driverVersion: null,
    publicIp: 'none',
    rentableUntil: null,
    data: { partition, gres: null, timeLimitS: node?.timeLimitS ?? null, nodes: nodes.filter((one) => one.partition === first).length },
  };
}
