import { sameShortName } from '@bench/core';
import { parseHostfile } from '../nodes/hostfile.ts';
import type { System } from '../types.ts';
import type { FoundJob } from './found-job.ts';
import { askQstat, pbsJobId, type QstatRow } from './qstat.ts';

/**
 * The PBS job one is in: `PBS_JOBID`, believed when this machine is in `PBS_NODEFILE`, or when there is no such file and `qstat` does not
 * know better; else the one running job of this user that has this machine, asked from `qstat`. A variable that came along from elsewhere (by SSH,
 * `sudo`, a saved environment) is found out so.
 */
export function pbsJob(system: System): FoundJob {
  const { PBS_JOBID: id, PBS_NODEFILE: nodefile } = system.env;
  const named = id ? pbsJobId(id) : null;
  const listed = nodefile ? system.files(nodefile) : null;
  if (named !== null && listed !== null && nodesOf(listed).some((node) => sameShortName(node, system.hostname))) {
    return { job: { jobId: named, source: 'PBS_JOBID' }, notes: [] };
  }
  const rows = askQstat(system);
  const here = rows?.filter(({ nodes }) => nodes.some((node) => sameShortName(node, system.hostname))) ?? [];
  if (named !== null) {
    if (here.some(({ jobId }) => jobId === named)) return { job: { jobId: named, source: 'PBS_JOBID' }, notes: [] };
    if (listed === null && rows === null) {
      return {
        job: { jobId: named, source: 'PBS_JOBID' },
        notes: [`PBS_JOBID is taken at its word: neither PBS_NODEFILE nor qstat can be asked`],
      };
    }
  }
  const doubt = named === null ? [] : [`PBS_JOBID says ${named}, which does not have this machine (${system.hostname}): not used`];
  return onlyOne(here, doubt);
}

function nodesOf(text: string): string[] {
  try {
    return parseHostfile(text, 'PBS_NODEFILE').nodes;
  } catch {
    return [];
  }
}

function onlyOne(rows: QstatRow[], notes: string[]): FoundJob {
  const [row] = rows;
  if (row && rows.length === 1) return { job: { jobId: row.jobId, source: 'qstat' }, notes };
  if (!row) return { job: null, notes };
  return {
    job: null,
    notes: [...notes, `jobs ${rows.map(({ jobId }) => jobId).join(', ')} all have this machine: set PBS_JOBID to the one to use`],
  };
}
