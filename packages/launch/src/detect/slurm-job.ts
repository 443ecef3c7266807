import { expandNodeList, sameShortName } from '@bench/core';
import type { System } from '../types.ts';
import type { FoundJob } from './found-job.ts';

/**
 * The Slurm job one is in: `SLURM_JOB_ID`, `SLURM_JOBID`, else the one running job of this user that has this machine (a shell that came
 * by SSH), asked from `squeue`, then from `sacct`.
 */
export function slurmJob(system: System): FoundJob {
  for (const variable of ['SLURM_JOB_ID', 'SLURM_JOBID']) {
    const id = system.env[variable];
    if (id && /^\d+$/.test(id)) return { job: { jobId: id, source: variable }, notes: [] };
  }
  const squeue = system.exec(['squeue', '--noheader', `--user=${system.user}`, '--states=RUNNING', '--format=%A|%N']);
  if (squeue.code === 0) return onlyOne(here(squeue.stdout, system), 'squeue');
  const sacct = system.exec([
    'sacct',
    '--noheader',
    '--allocations',
    '--parsable2',
    `--user=${system.user}`,
    '--state=RUNNING',
    '--format=JobIDRaw,NodeList',
  ]);
  return sacct.code === 0 ? onlyOne(here(sacct.stdout, system), 'sacct') : { job: null, notes: [] };
}

/** Rows `id|nodes` that have this machine. */
function here(text: string, system: System): string[] {
  return text.split('\n').flatMap((row) => {
    const [, id, list] = /^\s*(\d+)\|(\S+)\s*$/.exec(row) ?? [];
    return id !== undefined && list !== undefined && nodesOf(list).some((node) => sameShortName(node, system.hostname)) ? [id] : [];
  });
}

/** A list from a table, which may be cut off or say `(null)`; nothing then. */
function nodesOf(list: string): string[] {
  try {
    return expandNodeList(list);
  } catch {
    return [];
  }
}

function onlyOne(ids: string[], source: string): FoundJob {
  const [first, ...others] = new Set(ids);
  if (first === undefined) return { job: null, notes: [] };
  if (others.length === 0) return { job: { jobId: first, source }, notes: [] };
  return { job: null, notes: [`jobs ${[first, ...others].join(', ')} all have this machine: set SLURM_JOB_ID to the one to use`] };
}
