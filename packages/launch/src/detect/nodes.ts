import { BenchError, requireNodeNames } from '@bench/core';
import { readHostfile } from '../nodes/hostfile.ts';
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

/** What the scheduler says of its job; null when it does not tell, and `HOSTFILE` may. */
function nodesOfJob(
  system: System,
  facts: { scheduler: SchedulerName; job: JobFacts; plugins: readonly SchedulerPlugin[] },
): FoundNodes | null {
  const { scheduler, job, plugins } = facts;
  const plugin = plugins.find(({ name }) => name === scheduler);
  try {
    if (plugin) {
      const nodes = plugin.nodes(system, job);
      requireNodeNames(nodes, `scheduler ${plugin.name}`);
      return { nodes, slotsPerNode: null, hostfile: null, source: `plugin ${plugin.name}` };
    }
    if (scheduler === 'slurm') return slurmNodes(system, job);
    return scheduler === 'pbs' ? pbsNodes(system, job) : null;
  } catch (error) {
    if (BenchError.is(error) && error.code === 'BENCH_NODES_UNKNOWN' && system.env.HOSTFILE) return null;
    throw error;
  }
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
  const ofJob = job && nodesOfJob(system, { scheduler, job, plugins });
  if (ofJob) return ofJob;
  const named = system.env.HOSTFILE;
  if (named) return { ...readHostfile(system, named), hostfile: named, source: 'HOSTFILE' };
  return { nodes: ['localhost'], slotsPerNode: null, hostfile: null, source: 'this machine' };
}
