import { BenchError, expandNodeList } from '@bench/core';
import { compressNodeList } from '../nodes/compress-node-list.ts';
import type { JobFacts, System } from '../types.ts';
import type { FoundNodes } from './nodes.ts';

/**
 * Nodes of a Slurm job: `SLURM_JOB_NODELIST`, `SLURM_NODELIST`, else what `scontrol show job` says. Variables count only when the job's id came
 * from one, too.
 * @throws BenchError `BENCH_NODES_UNKNOWN` when none of them tells; `BENCH_NODE_LIST` for a list that cannot be read.
 */
export function slurmNodes(system: System, job: JobFacts): FoundNodes {
  const variables = job.source.startsWith('SLURM_') ? ['SLURM_JOB_NODELIST', 'SLURM_NODELIST'] : [];
  const variable = variables.find((name) => system.env[name]);
  const list = variable === undefined ? listOfJob(system, job.jobId) : system.env[variable];
  if (!list) {
    throw new BenchError({
      code: 'BENCH_NODES_UNKNOWN',
      message: `the nodes of Slurm job ${job.jobId} are not known: SLURM_JOB_NODELIST is not set, and scontrol does not tell`,
      hint: `see scontrol show job ${job.jobId}, or name the nodes with --hostfile`,
      exitCode: 3,
    });
  }
  return { nodes: [...new Set(expandNodeList(list))], slotsPerNode: null, hostfile: null, source: variable ?? 'scontrol show job' };
}

/** `NodeList=` stands beside `ReqNodeList=` and `ExcNodeList=`, and is `(null)` before the job has nodes. */
function listOfJob(system: System, jobId: string): string | null {
  const { code, stdout } = system.exec(['scontrol', '--oneliner', 'show', 'job', jobId]);
  if (code !== 0) return null;
  return [...stdout.matchAll(/(?:^|\s)NodeList=(\S+)/g)].map(([, list]) => list).find((list) => list !== '(null)') ?? null;
}

/**
 * Addresses of nodes that Slurm reaches by another name than their own (`NodeAddr`), as the other ranks must too. Empty when `scontrol` does not tell.
 */
export function slurmAddresses(system: System, nodes: readonly string[]): Record<string, string> {
  const { code, stdout } = system.exec(['scontrol', '--oneliner', 'show', 'node', compressNodeList(nodes)]);
  if (code !== 0) return {};
  const addresses: Record<string, string> = {};
  for (const line of stdout.split('\n')) {
    const name = /(?:^|\s)NodeName=(\S+)/.exec(line)?.[1];
    const address = /(?:^|\s)NodeAddr=(\S+)/.exec(line)?.[1];
    if (name !== undefined && address !== undefined && address !== name && nodes.includes(name)) addresses[name] = address;
  }
  return addresses;
}
