import type { BatchTiming } from './types.ts';

/**
 * A job that has less time than this, seconds, is not told of its end by Slurm, which sends a signal up to a minute early (sbatch(1), `--signal`) and
 * looks at time limits but twice a minute: in a partition of a minute the word would come before the script has begun.
 */
const TOO_SHORT_S = 180;

/**
 * How a job learns that its time is nearly up. Slurm's word is the better one, for it knows of limits that were changed meanwhile; a short job looks at
 * its own clock, which asks no other program and nothing of the controller, and is the same for every Slurm.
 * @param timeS the job's limit, seconds; undefined: not known, and taken as long
 * @returns seconds before its end: `slurmS` of Slurm's signal, `ownS` by the script's clock; 0: not so
 */
export function noticeOf(timeS: number | undefined, { noticeS }: Pick<BatchTiming, 'noticeS'>): { slurmS: number; ownS: number } {
  if (timeS === undefined) return { slurmS: noticeS, ownS: 0 };
  const s = Math.max(1, Math.min(noticeS, Math.floor(timeS / 4)));
  return timeS < TOO_SHORT_S ? { slurmS: 0, ownS: s } : { slurmS: s, ownS: 0 };
}
