import type { JournalLine, LiveDeployment } from '@bench/results';
import { queuedJobs } from '@bench/results';
import { type Active, active } from './batch-context.ts';
import { readQueuedRecord } from './queued-record.ts';

/** Deployments of a journal that may be in the queue, as a process takes them up that did not submit them. */
export function knownDeployments(events: readonly JournalLine[], live: readonly LiveDeployment[], nowMs: number): Active[] {
  const jobs = queuedJobs(events);
  return live.flatMap(({ deployment, machine, record }) => {
    const read = readQueuedRecord(record);
    if (read === null) return [];
    const ended = jobs.flatMap(({ deployment: of, name, ended: how }): [string, string][] =>
      of === deployment && how !== null ? [[name, how.state]] : [],
    );
    // What was submitted after the record was last written is in the journal too.
    const late = jobs
      .filter((job) => job.deployment === deployment && !read.jobs.some(({ name }) => name === job.name))
      .map(({ name, job: id, role, client }) => ({ name, id, role, index: client ?? 0, usdPerHour: null }));
    const whole = { ...read, jobs: [...read.jobs, ...late] };
    return [active({ record: whole, machine, settled: settledOrders(whole.orders, events), ended, nowMs })];
  });
}

/** Absolute folder of the run on its cluster, as it was when it was last submitted; null: nothing of it ever was. */
export function runFolderOf(events: readonly JournalLine[]): string | null {
  const folders = events.flatMap((event) => (event.type === 'deployment_planned' ? (readQueuedRecord(event.record)?.runFolder ?? []) : []));
  return folders.at(-1) ?? null;
}

/** Those orders that were measured or have failed: by whom does not matter. */
function settledOrders(orders: Active['record']['orders'], events: readonly JournalLine[]): number[] {
  const settled = new Set(
    events.flatMap((event) =>
      event.type === 'point_finished' || event.type === 'point_failed'
        ? [`${event.key}/${event.point}/${event.repeat}/${event.attempt}`]
        : [],
    ),
  );
  return [...orders.keys()].filter((k) => {
    const order = orders[k];
    return order !== undefined && settled.has(`${order.key}/${order.point}/${order.repeat}/${order.attempt}`);
  });
}
