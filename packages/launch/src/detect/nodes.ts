import { readHostfile } from '../nodes/hostfile.ts';
import { requireNodeNames } from '../nodes/node-name.ts';
import type { JobFacts, SchedulerName, SchedulerPlugin, System } from '../types.ts';
import { pbsNodes } from './pbs-nodes.ts';
import { slurmNodes } from './slurm-nodes.ts';

export interface FoundNodes {
  /** At least one. */
  nodes: string[];
  slotsPerNode: number | null;
  /** File that they were read from. */
  hostfile: string | null;
  /** Variable, file or query that told. */
  source: string;
}

/**
 * Nodes to use, by the first of: the hostfile that is asked for, the job's nodes as its scheduler says, the file that `HOSTFILE` names, this machine.
 * A hostfile that is asked for wins over everything that the scheduler says.
 * @throws BenchError `BENCH_HOSTFILE` when the file is not there; `BENCH_NODES_UNKNOWN` when a job does not tell its nodes.
 */
export function findNodes(
  system: System,
  options: { hostfile?: string | undefined; scheduler: SchedulerName; job: JobFacts | null; plugins: readonly SchedulerPlugin[] },
): FoundNodes {
  const { hostfile, scheduler, job, plugins } = options;
  if (hostfile !== undefined) return { ...readHostfile(system, hostfile), hostfile, source: '--hostfile' };
  if (job) {
    const plugin = plugins.find(({ name }) => name === scheduler);
    if (plugin) {
      const nodes = plugin.nodes(system, job);
      requireNodeNames(nodes, `scheduler ${plugin.name}`);
      return { nodes, slotsPerNode: null, hostfile: null, source: `plugin ${plugin.name}` };
    }
    if (scheduler === 'slurm') return slurmNodes(system, job);
    if (scheduler === 'pbs') return pbsNodes(system, job);
  }
  const named = system.env.HOSTFILE;
  if (named) return { ...readHostfile(system, named), hostfile: named, source: 'HOSTFILE' };
  return { nodes: ['localhost'], slotsPerNode: null, hostfile: null, source: 'this machine' };
}
