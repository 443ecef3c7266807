import { join } from 'node:path';
import { messageOf } from '@bench/core';
import type { Problem, Report } from './report.ts';

/**
 * A report that also tells which files of requests are cut or cannot be read. Its figures were worked out when they were measured and are of all requests; only
 * what is drawn or listed from these files lacks the rest.
 * @throws the signal's reason when aborted.
 */
export async function withLostRequests(report: Report, signal?: AbortSignal): Promise<Report> {
  const lost: Problem[] = [];
  for (const { dir, run, tasks } of report.runs) {
    for (const { file, points } of tasks) {
      for (const { entry, result, requestsLost } of points) {
        signal?.throwIfAborted();
        if (!result || !requestsLost) continue;
        const message = await requestsLost().catch((error: unknown) => `requests could not be read: ${messageOf(error)}`);
        const row = report.rows.find(
          (of) => of.runId === run.id && of.taskKey === file.key && of.variant === file.variant && of.point === entry.point,
        );
        if (message !== null)
          lost.push({ path: join(dir, 'tasks', file.recipe, file.variant, entry.path), message, ...(row ? { row: row.id } : {}) });
      }
    }
  }
  return lost.length === 0 ? report : { ...report, problems: [...report.problems, ...lost] };
}
