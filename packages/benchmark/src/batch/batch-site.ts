import type { Host, Io } from '@bench/core';
import type { Problem } from '@bench/deploy';
import type { Ledger, Offer, OpenProvider } from '@bench/provisioning';
import { checkDirectives, type SlurmDirectives } from '@bench/provisioning/slurm';
import type { BatchQueue } from './batch-queue.ts';
import { jobOffer } from './offers.ts';
import { slurmOf, slurmQueue } from './slurm-queue.ts';

/** A cluster with a queue: the seam between a run and what runs its jobs. */
export interface BatchSite {
  /** Where jobs are submitted. */
  readonly host: Host;
  /** Folder for runs on the file system that login host and nodes share: absolute, or `~/…`. */
  readonly remoteDir: string;
  /** What is wrong with what a job asks for, as far as that is certain. */
  problems(directives: SlurmDirectives): Problem[];
  /** What a job takes of the cluster, and costs. */
  offerOf(directives: SlurmDirectives): Offer;
  /** Types of GPUs as the cluster has them. */
  readonly gpuTypes: readonly string[];
  queue(run: { id: string; dir: string }): BatchQueue;
}

/** A Slurm cluster, looked at. @throws BenchError of the provider when it cannot be reached */
export async function slurmSite(o: { open: OpenProvider; ledger: Ledger; io: Io; signal?: AbortSignal }): Promise<BatchSite> {
  const { open, ledger, io } = o;
  const signal = o.signal ?? io.signal;
  const provider = slurmOf(open);
  const { settings } = provider;
  const nodes = await provider.nodes({ signal });
  const offers: Offer[] = [];
  const query = { gpu: null, count: null, workload: 'batch', markets: ['on-demand'], regions: [], diskGb: 0, criteria: {} } as const;
  for await (const offer of provider.offers(query, { signal })) offers.push(offer);
  const asked = (directives: SlurmDirectives): SlurmDirectives => {
    const partition = directives.partition ?? settings.partition;
    return partition === undefined ? directives : { ...directives, partition };
  };
  return {
    host: await provider.host(),
    remoteDir: settings.remote_dir,
    gpuTypes: [...new Set(nodes.flatMap(({ gpus }) => gpus.flatMap(({ type }) => type ?? [])))],
    problems: (directives) => checkDirectives(asked(directives), nodes).map(({ code, message, hint }) => ({ code, message, hint })),
    offerOf: (directives) => jobOffer(directives, { partition: settings.partition, nodes, offers, now: new Date(io.now()).toISOString() }),
    queue: ({ id, dir }) => slurmQueue({ open, ledger, io, run: id, runDir: dir }),
  };
}
