import { expect, it } from 'vitest';
import { type JournalEvent, journalEventSchema, type JournalLine } from './journal-events.ts';
import { detachedUntil, queuedJobs } from './queued-jobs.ts';

const lines = (events: JournalEvent[]): JournalLine[] =>
  events.map((event, seq) => ({ ...journalEventSchema.parse(event), seq, at: '2026-01-01T00:00:00.000Z' }));
const submitted = (name: string, client: number | null): JournalEvent => ({
  type: 'job_submitted',
  deployment: 'd1',
  job: `7${name}`,
  name,
  role: client === null ? 'service' : 'client',
  client,
});
const usage = { elapsedS: 61, maxRssBytes: 1024, exitCode: 0, nodes: 'gpu0' };

it('a run’s jobs are those that were submitted, with how each ended', () => {
  const jobs = queuedJobs(
    lines([
      submitted('a', null),
      submitted('b', 0),
      { type: 'job_ended', deployment: 'd1', job: '7a', name: 'a', state: 'COMPLETED', reason: null, usage, costUsd: 0.5 },
      { type: 'job_ended', deployment: 'd1', job: '9', name: 'nobody’s', state: 'FAILED', reason: null, usage: null, costUsd: null },
    ]),
  );
  expect(jobs).toMatchObject([
    { name: 'a', job: '7a', role: 'service', client: null, ended: { state: 'COMPLETED', usage: { elapsedS: 61 }, costUsd: 0.5 } },
    { name: 'b', role: 'client', client: 0, ended: null },
  ]);
});

it('a run is detached until somebody takes it up again, or ends it', () => {
  const until = '2026-01-02T00:00:00.000Z';
  const left: JournalEvent[] = [
    { type: 'run_started', pid: 1, resumed: false },
    { type: 'run_detached', until },
  ];
  expect(detachedUntil([])).toBeNull();
  expect(detachedUntil(lines(left))).toBe(until);
  expect(detachedUntil(lines([...left, submitted('a', null)]))).toBe(until);
  expect(detachedUntil(lines([...left, { type: 'run_started', pid: 2, resumed: true }]))).toBeNull();
  expect(detachedUntil(lines([...left, { type: 'run_finished', status: 'done', exitCode: 0 }]))).toBeNull();
});
