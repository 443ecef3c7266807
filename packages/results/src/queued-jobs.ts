import type { JournalEvent, JournalLine } from './journal-events.ts';

/** A job that a run put into a cluster's queue, as its journal tells. */
export interface QueuedJob {
  /** Id of its deployment. */
  deployment: string;
  /** The queue's number of it. */
  job: string;
  /** Its name in the queue and in the ledger. */
  name: string;
  role: 'service' | 'client' | 'command';
  /** Which client; null: no client. */
  client: number | null;
  /** How it ended; null: nobody has seen that yet. */
  ended: Pick<Extract<JournalEvent, { type: 'job_ended' }>, 'state' | 'reason' | 'usage' | 'costUsd'> | null;
}

/** Every job that a run submitted, in order. */
export function queuedJobs(events: readonly JournalLine[]): QueuedJob[] {
  const known = new Map<string, QueuedJob>();
  for (const event of events) {
    if (event.type === 'job_submitted') {
      const { deployment, job, name, role, client } = event;
      known.set(name, { deployment, job, name, role, client, ended: null });
    } else if (event.type === 'job_ended') {
      const { name, state, reason, usage, costUsd } = event;
      const job = known.get(name);
      if (job) job.ended = { state, reason, usage, costUsd };
    }
  }
  return [...known.values()];
}

/** Until when the jobs of a run that was left to the queue are claimed, ISO 8601; null: its process did not leave it, or it was ended since. */
export function detachedUntil(events: readonly JournalLine[]): string | null {
  const last = events.findLast(({ type }) => type === 'run_detached' || type === 'run_finished' || type === 'run_started');
  return last?.type === 'run_detached' ? last.until : null;
}
