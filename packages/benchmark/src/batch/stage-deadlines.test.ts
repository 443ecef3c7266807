import { BATCH_FILES, encodeBatchState, type BatchState, type BatchStateName, createIo, type Host } from '@bench/core';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunWriter } from '@bench/results';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { active, type Active } from './batch-context.ts';
import type { BatchQueue, JobView } from './batch-queue.ts';
import { LOOK } from './look-script.ts';
import type { QueuedRecord } from './queued-record.ts';
import { NOT_LEFT } from './fetch-path.ts';
import { STAGE_LIMITS_MS } from './stages.ts';
import { newTally } from '../tally.ts';
import { stateOf } from '../run-state.ts';
import { watchDeployments } from './watch-deployments.ts';

let root = '';
let writer: RunWriter;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-stages-'));
  const asked = { recipes: [], site: 'slurm', filter: [], seed: 1, batch: { login: 'local', maxWorkers: 1, keepS: 60 } };
  const task = { recipe: 'r', variant: 'v', key: 'k', group: 0, deploymentKey: 'd', points: 1, repeats: 1 };
  writer = await RunWriter.create({ root, asked, tasks: [task], tools: {} }, createIo());
  const { recipe, variant, key } = task;
  const rest = { gpu: { name: null, count: 0 }, status: 'running', deployment: 'd1', machine: 0, error: null } as const;
  await writer.task({ schemaVersion: 1, recipe, variant, key, kind: 'inference', params: {}, ...rest, points: [] });
});
afterEach(async () => {
  await writer.close();
  await rm(root, { recursive: true, force: true });
});

const PENDING: JobView = {
  state: 'pending',
  word: 'PENDING',
  reason: 'Priority',
  startsAt: '2030-01-01T10:30:00.000Z',
  node: null,
  exitCode: null,
};
const RUNNING: JobView = { ...PENDING, state: 'running', word: 'RUNNING', reason: null, startsAt: null, node: 'gpu0' };
const JOB = { atMs: 1, jobId: '7', node: 'gpu0' };
type Files = { [Name in BatchStateName]?: BatchState<Name> };
const running: Files = { 'service.running': JOB };
const image: Files = { ...running, 'service.image': { atMs: 2, action: 'pulled', durationMs: 9 } };
const announced: Files = { ...image, 'service.announced': { atMs: 3, hosts: ['gpu0'], port: 8000 } };
const listening: Files = { ...announced, 'service.listening': { atMs: 4 } };
const ready: Files = { ...listening, 'service.ready': { atMs: 5 } };

/** A deployment that stays as it is, watched until it is given up: when, by which reason, and what was cancelled. */
async function givenUp(service: JobView, client: JobView, files: Files) {
  let nowMs = 0;
  const io = {
    ...createIo({ logger: { log: () => undefined } }),
    monotonic: () => nowMs,
    sleep: (ms: number) => {
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const cancelled = new Map<string, string>();
  const text = Object.entries(files).map(
    ([name, state]) => `@ d1/${BATCH_FILES.state(name as BatchStateName)}\n${encodeBatchState(name as 'stop', state as never)}\n`,
  );
  const host = {
    name: 'login1',
    kind: 'ssh',
    exec: ({ script = '' }: { script?: string }) =>
      Promise.resolve({
        // A folder of results that is looked for is not there.
        code: script.includes('@begin') ? 0 : NOT_LEFT,
        stdout: script === LOOK ? `\n@begin\n@ d1/\n${text.join('')}@end\n` : '\n@begin\n',
        stderr: '',
      }),
    get: () => Promise.reject(new Error('no such file')),
    write: () => Promise.resolve(),
  } as unknown as Host;
  const end = (view: JobView, name: string): JobView => (cancelled.has(name) ? { ...view, state: 'ended', word: 'CANCELLED' } : view);
  const queue: BatchQueue = {
    pollMs: 60_000,
    lateMs: 1000,
    submit: () => Promise.reject(new Error('nothing is submitted')),
    jobs: (refs) => Promise.resolve(new Map(refs.map(({ name }) => [name, end(name === 'service' ? service : client, name)]))),
    cancel: ({ name }, reason) => Promise.resolve(void cancelled.set(name, reason)),
    over: () => Promise.resolve(),
    usage: () => Promise.resolve(null),
    hold: () => Promise.resolve(),
    leave: () => Promise.resolve(),
    sweep: () => Promise.resolve([]),
  };
  const load = { arrival: { kind: 'closed' }, maxConcurrency: 1 } as never;
  const record = {
    id: 'd1',
    key: 'k',
    target: 'batch',
    runFolder: '/far/run',
    engine: { name: 'vllm' },
    servedModel: 'm',
    clients: 1,
    clientNames: [],
    orders: [{ recipe: 'r', variant: 'v', key: 'k', attempt: 1, point: 0, repeat: 0, load }],
    jobs: [
      { name: 'service', id: '7', role: 'service', index: 0, usdPerHour: null },
      { name: 'client', id: '8', role: 'client', index: 0, usdPerHour: null },
    ],
    submittedAtMs: 0,
  } as unknown as QueuedRecord;
  const deployment: Active = active({ record, machine: 0, settled: [], ended: [], nowMs });
  const state = stateOf([]);
  const reasons: string[] = [];
  let sinceMs: number | null = null;
  await watchDeployments(
    { deployments: [deployment] },
    {
      writer,
      io,
      host,
      queue,
      deployments: 1,
      state,
      tally: newTally(),
      runFolder: '/far/run',
      totalPoints: 1,
      progress: { position: 0 },
      on: (event) => {
        if (event.type === 'deployment_failed') reasons.push(event.message);
        if (event.type === 'deployment_failed') sinceMs ??= nowMs;
      },
    },
  );
  return { reasons, code: deployment.failure?.code, cancelled: [...cancelled], afterMs: sinceMs ?? 0 };
}

it.each([
  ['queue', PENDING, {}, 'the service: after 10080 minutes waits in the queue (Priority, starts about 2030-01-01 10:30 UTC)'],
  ['start', RUNNING, {}, 'the service: after 10 minutes its job has begun, and its script has not said so'],
  ['image', RUNNING, running, 'the service: after 180 minutes its image is made ready'],
  ['launch', RUNNING, image, 'the service: after 30 minutes the engine listens at no port yet (pulled)'],
  ['launch', RUNNING, announced, 'the service: after 30 minutes the engine listens at no port yet'],
  ['model_load', RUNNING, listening, 'the service: after 120 minutes the engine is not healthy yet'],
  ['smoke_test', RUNNING, { ...ready, 'client.0.running': JOB }, 'the service: after 15 minutes the first answer has not come'],
] as const)('the stage %s has a deadline, and a reason of its own', async (stage, service, files, reason) => {
  const { reasons, code, cancelled, afterMs } = await givenUp(service, stage === 'smoke_test' ? RUNNING : PENDING, files);
  expect([reasons, code]).toEqual([[reason], 'BENCH_BATCH_DEADLINE']);
  expect(new Map(cancelled)).toEqual(
    new Map([
      ['client', reason],
      ['service', reason],
    ]),
  );
  // By the clock that the run has: a look later at the most, and its end.
  expect(afterMs).toBeGreaterThan(STAGE_LIMITS_MS[stage]);
  expect(afterMs).toBeLessThan(STAGE_LIMITS_MS[stage] + 10 * 60_000);
});

it('clients that the queue keeps waiting while their service is up have the queue’s deadline', async () => {
  const { reasons } = await givenUp(RUNNING, PENDING, ready);
  expect(reasons).toEqual(['a client: after 10080 minutes waits in the queue (Priority, starts about 2030-01-01 10:30 UTC)']);
});
