import { didYouMean, expandNodeList } from '@bench/core';
import type { SlurmDirectives } from './directives.ts';
import { parseGres, type GresGpus } from './gres.ts';
import type { SlurmNode } from './nodes.ts';
import { parseMemory } from './size.ts';
import { formatTimeLimit } from './time.ts';

/** A directive that this cluster will refuse, or let wait for ever. */
export interface SlurmProblem {
  code:
    | 'BENCH_SLURM_PARTITION'
    | 'BENCH_SLURM_GPUS'
    | 'BENCH_SLURM_NODES'
    | 'BENCH_SLURM_TIME'
    | 'BENCH_SLURM_CPUS'
    | 'BENCH_SLURM_MEMORY'
    | 'BENCH_SLURM_EXCLUDE'
    | 'BENCH_SLURM_CONSTRAINT';
  /** Key of the `slurm` section. */
  directive: keyof SlurmDirectives;
  message: string;
  hint: string;
}

/**
 * What is wrong with directives by what sinfo tells: only what is certain. Of several partitions (`a,b`), one that can do it is enough. Nodes that are
 * down now count: they may come back.
 */
export function checkDirectives(directives: SlurmDirectives, nodes: readonly SlurmNode[]): SlurmProblem[] {
  if (nodes.length === 0) return [];
  const known = [...new Set(nodes.map(({ partition }) => partition))];
  const asked = directives.partition?.split(',') ?? nodes.filter(({ isDefault }) => isDefault).map(({ partition }) => partition);
  const problems: SlurmProblem[] = asked
    .filter((name) => !known.includes(name))
    .map((name) => ({
      code: 'BENCH_SLURM_PARTITION',
      directive: 'partition',
      message: `there is no partition "${name}"`,
      hint: didYouMean(name, known) ?? `there are: ${known.join(', ')}`,
    }));
  if (problems.length > 0) return problems;
  const strange = unknownNodes(directives, nodes);
  if (strange.length > 0) return strange;
  const names = [...new Set(asked)];
  if (names.length === 0) {
    return [
      {
        code: 'BENCH_SLURM_PARTITION',
        directive: 'partition',
        message: 'the cluster has no default partition',
        hint: `name one of: ${known.join(', ')}`,
      },
    ];
  }
  const found = names.map((name) => problemsIn(directives, { name, nodes: nodes.filter(({ partition }) => partition === name) }));
  return found.some((some) => some.length === 0) ? [] : (found[0] ?? []);
}

interface Partition {
  name: string;
  nodes: readonly SlurmNode[];
}

function problemsIn(directives: SlurmDirectives, partition: Partition): SlurmProblem[] {
  const { name, nodes } = partition;
  const problems: SlurmProblem[] = [];
  if (!nodes.some(({ partitionUp }) => partitionUp)) {
    problems.push({
      code: 'BENCH_SLURM_PARTITION',
      directive: 'partition',
      message: `partition "${name}" takes no jobs now`,
      hint: 'sinfo -s shows those that do',
    });
  }
  const wanted = directives.nodes ?? 1;
  const most = Math.min(nodes.length, nodes[0]?.maxNodes ?? Infinity);
  if (wanted > most) {
    const limit = most < nodes.length ? ` and a job may have ${most}` : '';
    problems.push({
      code: 'BENCH_SLURM_NODES',
      directive: 'nodes',
      message: `${wanted} nodes are asked for; partition "${name}" has ${nodes.length}${limit}`,
      hint: `ask for at most ${most} with slurm.nodes`,
    });
  }
  const limitS = nodes[0]?.timeLimitS ?? null;
  if (directives.time !== undefined && limitS !== null && directives.time > limitS) {
    problems.push({
      code: 'BENCH_SLURM_TIME',
      directive: 'time',
      message: `${formatTimeLimit(directives.time)} is asked for; partition "${name}" allows ${formatTimeLimit(limitS)}`,
      hint: 'shorten slurm.time, or name another partition',
    });
  }
  const cpus = Math.max(0, ...nodes.map((node) => node.cpus));
  const wantedCpus = (directives.cpus_per_task ?? 1) * (directives.ntasks_per_node ?? 1);
  if (cpus > 0 && wantedCpus > cpus) {
    problems.push({
      code: 'BENCH_SLURM_CPUS',
      directive: 'cpus_per_task',
      message: `${wantedCpus} CPUs of a node are asked for; no node of partition "${name}" has more than ${cpus}`,
      hint: 'ask for less with slurm.cpus_per_task or slurm.ntasks_per_node',
    });
  }
  return [
    ...problems,
    ...memoryProblems(directives, partition),
    ...gpuProblems(directives, partition),
    ...featureProblems(directives, partition),
  ];
}

/** A cluster that configures no memory tells 1 MB of each node (slurm.conf(5), `RealMemory`). A number alone is megabytes, as for sbatch. */
function memoryProblems({ mem }: SlurmDirectives, { name, nodes }: Partition): SlurmProblem[] {
  const text = typeof mem === 'string' && /\D$/.test(mem) ? mem : `${mem ?? 0}M`;
  const wanted = parseMemory(text);
  const mostMb = Math.max(0, ...nodes.map((node) => node.memoryMb));
  if (wanted === null || mostMb <= 1 || wanted <= mostMb * 1024 ** 2) return [];
  return [
    {
      code: 'BENCH_SLURM_MEMORY',
      directive: 'mem',
      message: `${text} of memory of a node are asked for; no node of partition "${name}" has more than ${mostMb}M`,
      hint: 'ask for less with slurm.mem, or name another partition',
    },
  ];
}

/** The first node that sbatch would not know, or that is in no partition: those sinfo does not tell of. */
function unknownNodes({ exclude }: SlurmDirectives, nodes: readonly SlurmNode[]): SlurmProblem[] {
  if (exclude === undefined) return [];
  const known = new Set(nodes.map((node) => node.name));
  const name = nodesOf(exclude).find((one) => !known.has(one));
  if (name === undefined) return [];
  return [
    {
      code: 'BENCH_SLURM_EXCLUDE',
      directive: 'exclude',
      message: `sinfo knows no node "${name}"`,
      hint:
        didYouMean(name, [...known]) ??
        'take it out of slurm.exclude; sinfo -N -a lists the nodes, and one that is in no partition gets no jobs',
    },
  ];
}

/** What cannot be read as one is left to Slurm. */
function nodesOf(list: string): string[] {
  try {
    return expandNodeList(list);
  } catch {
    return [];
  }
}

/** Which directive asks for GPUs, and how many of which type: of each node, or of all together. */
function askedGpus({
  gres,
  gpus_per_node: perNode,
  gpus,
}: SlurmDirectives): { directive: 'gres' | 'gpus_per_node' | 'gpus'; all: boolean; gpus: GresGpus[] }[] {
  const read = (value: string | number): GresGpus[] =>
    parseGres(
      String(value)
        .split(',')
        .map((part) => `gpu:${part}`)
        .join(','),
    );
  return [
    ...(gres === undefined ? [] : [{ directive: 'gres' as const, all: false, gpus: parseGres(gres) }]),
    ...(perNode === undefined ? [] : [{ directive: 'gpus_per_node' as const, all: false, gpus: read(perNode) }]),
    ...(gpus === undefined ? [] : [{ directive: 'gpus' as const, all: true, gpus: read(gpus) }]),
  ];
}

function gpuProblems(directives: SlurmDirectives, { name, nodes }: Partition): SlurmProblem[] {
  const types = [...new Set(nodes.flatMap((node) => node.gpus.flatMap(({ type }) => type ?? [])))];
  const has = (node: SlurmNode, type: string | null): number =>
    node.gpus.filter((one) => type === null || same(one.type, type)).reduce((sum, { count }) => sum + count, 0);
  return askedGpus(directives).flatMap(({ directive, all, gpus }) =>
    gpus.flatMap(({ type, count }): SlurmProblem[] => {
      const problem = (message: string, hint: string): SlurmProblem[] => [{ code: 'BENCH_SLURM_GPUS', directive, message, hint }];
      const most = Math.max(0, ...nodes.map((node) => has(node, type)));
      if (most === 0) {
        if (nodes.every((node) => node.gpus.length === 0))
          return problem(`partition "${name}" has no GPUs`, 'name another partition, or ask for none');
        const hint =
          types.length === 0
            ? 'leave the type out: the cluster does not tell types apart'
            : (didYouMean(type ?? '', types) ?? `there are: ${types.join(', ')}`);
        return problem(`partition "${name}" has no GPU of type "${type}"`, hint);
      }
      const what = type === null ? '' : ` of type "${type}"`;
      const reach = all ? nodes.reduce((sum, node) => sum + has(node, type), 0) : most;
      if (count <= reach) return [];
      return problem(
        all
          ? `${count} GPUs${what} are asked for; partition "${name}" has ${reach} in all`
          : `${count} GPUs${what} of a node are asked for; no node of partition "${name}" has more than ${most}`,
        all ? 'ask for less' : `ask for at most ${most} a node, and for more nodes`,
      );
    }),
  );
}

/** Slurm compares the types of GPUs without regard to case. */
const same = (a: string | null, b: string): boolean => a?.toLowerCase() === b.toLowerCase();

/** Only a single feature is judged: `a&b|c` is for Slurm. */
function featureProblems({ constraint }: SlurmDirectives, { name, nodes }: Partition): SlurmProblem[] {
  if (constraint === undefined || !/^[\w.-]+$/.test(constraint)) return [];
  const features = [...new Set(nodes.flatMap((node) => node.features))];
  if (features.includes(constraint)) return [];
  return [
    {
      code: 'BENCH_SLURM_CONSTRAINT',
      directive: 'constraint',
      message: `no node of partition "${name}" has the feature "${constraint}"`,
      hint: features.length === 0 ? 'its nodes have none' : (didYouMean(constraint, features) ?? `there are: ${features.join(', ')}`),
    },
  ];
}
