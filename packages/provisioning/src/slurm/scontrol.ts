import { jobOf, type SlurmJob } from './job.ts';
import { parseTime } from './time.ts';

export const scontrolJob = (id: string): string[] => ['show', 'job', '--oneliner', id];

/** Says that the controller knows no such job: it never was, or is over for longer than `MinJobAge`. */
export const isUnknownJob = (text: string): boolean => /Invalid job id/i.test(text);

/**
 * Jobs of `scontrol show job --oneliner`: `Key=value` of no fixed order, a line a job. A name may hold anything, so nothing is looked for in it: it
 * stands before the user's id.
 */
export function parseShownJobs(text: string): SlurmJob[] {
  return text.split('\n').flatMap((line) => {
    const [, name = '', rest] = /\bJobName=(.*?) (UserId=.*)$/.exec(line) ?? [];
    const head = /^JobId=(\d+)(?: ArrayJobId=(\d+) ArrayTaskId=(\S+))?/.exec(line);
    if (head === null || rest === undefined) return [];
    const [, own = '', array, task] = head;
    const id = array === undefined || task === undefined ? own : `${array}_${/^\d+$/.test(task) ? task : `[${task}]`}`;
    const value = (key: string): string | undefined => new RegExp(`(?:^| )${key}=(\\S*)`).exec(rest)?.[1];
    return [
      jobOf(
        {
          id,
          name,
          state: value('JobState') ?? '',
          reason: value('Reason'),
          partition: value('Partition'),
          nodeList: value('NodeList'),
          submit: value('SubmitTime'),
          start: value('StartTime'),
          end: value('EndTime'),
          exit: value('ExitCode'),
          // A folder may have blanks in its name.
          stdout: / StdOut=(.*?)(?= Power=| \w+=|$)/.exec(rest)?.[1],
        },
        { source: 'scontrol', time: parseTime },
      ),
    ];
  });
}

/** `ClusterName = probe` of `scontrol show config`; null: not told. */
export function parseClusterName(text: string): string | null {
  return /^ClusterName\s*=\s*(\S+)/m.exec(text)?.[1] ?? null;
}
