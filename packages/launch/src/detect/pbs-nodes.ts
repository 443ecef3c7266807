import { BenchError } from '@bench/core';
import { parseHostfile } from '../nodes/hostfile.ts';
import type { JobFacts, System } from '../types.ts';
import type { FoundNodes } from './nodes.ts';
import { askQstat } from './qstat.ts';

/** Where PBS puts the node file of a job, by its whole id. */
const AUX = '/var/spool/pbs/aux';

/**
 * Nodes of a PBS job: `PBS_NODEFILE`, the server's own copy of it (`/var/spool/pbs/aux/<whole job id>`, never looked for by a part of the id), else what
 * `qstat` shows. Variables count only when the job's id came from one, too.
 * @throws BenchError `BENCH_NODES_UNKNOWN` when none of them tells.
 */
export function pbsNodes(system: System, job: JobFacts): FoundNodes {
  const { PBS_NODEFILE: nodefile, PBS_JOBID: wholeId } = system.env;
  const files = job.source === 'PBS_JOBID' ? [nodefile, wholeId && /^[\w.[\]-]+$/.test(wholeId) ? `${AUX}/${wholeId}` : undefined] : [];
  for (const path of files) {
    const text = path ? system.files(path) : null;
    if (path && text !== null) return { ...parseHostfile(text, path), hostfile: path, source: path === nodefile ? 'PBS_NODEFILE' : path };
  }
  const row = askQstat(system)?.find(({ jobId }) => jobId === job.jobId);
  if (row) return { nodes: row.nodes, slotsPerNode: null, hostfile: null, source: 'qstat' };
  throw new BenchError({
    code: 'BENCH_NODES_UNKNOWN',
    message: `the nodes of PBS job ${job.jobId} are not known: PBS_NODEFILE is ${nodefile ? `${nodefile}, which cannot be read` : 'not set'}, and qstat does not tell`,
    hint: 'set PBS_NODEFILE, or name the nodes with --hostfile',
    exitCode: 3,
  });
}
