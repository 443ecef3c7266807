import { formatBytes, formatDuration, printable, usd } from '@bench/core';
import type { QueuedJob, RunView } from '@bench/results';
import { columns } from './columns.ts';
import type { Styles } from './style.ts';

/** The jobs of a run in a queue, and how each ended, as far as anybody has looked. */
export function jobLines(
  view: Pick<RunView, 'jobs' | 'detachedUntil' | 'run'>,
  o: { style: Styles; width: number | undefined; watch: string },
): string[] {
  const { jobs, detachedUntil } = view;
  if (jobs.length === 0) return [];
  const rows = jobs.map((job) => [job.job, roleText(job), printable(stateText(job)), job.deployment, usageText(job)]);
  const table = columns(['JOB', 'WHAT', 'STATE', 'DEPLOYMENT', 'USED'], rows, o.style, { width: o.width, whole: [0, 1] });
  return ['', table.trimEnd(), ...(detachedUntil === null ? [] : [`left to the queue; how it stands now: ${o.watch}`])];
}

function roleText({ role, client }: QueuedJob): string {
  return client === null ? role : `client ${client}`;
}

function stateText({ ended }: QueuedJob): string {
  if (ended === null) return 'in the queue, as far as is known';
  return ended.reason === null || ended.reason === 'None' ? ended.state : `${ended.state} (${ended.reason})`;
}

function usageText({ ended }: QueuedJob): string {
  const { elapsedS = null, maxRssBytes = null, exitCode = null } = ended?.usage ?? {};
  return [
    elapsedS === null ? null : formatDuration(elapsedS * 1000),
    maxRssBytes === null ? null : formatBytes(maxRssBytes),
    exitCode === null ? null : `exit code ${exitCode}`,
    ended?.costUsd == null ? null : usd(ended.costUsd),
  ]
    .filter((part) => part !== null)
    .join(', ');
}
