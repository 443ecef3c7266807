import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Ledger } from '../ledger/ledger.ts';
import { submitJob } from '../rent/submit-job.ts';
import { type MemoryCloud, opened } from '../rent/testing/memory-cloud.ts';
import { sampleOffer } from '../rent/testing/samples.ts';
import { world, type World } from '../rent/testing/world.ts';

const JOB = { kind: 'batch', script: '#!/bin/bash\nsleep 60\n' } as const;
let w: World;
let queue: MemoryCloud;
let mine: Ledger;
beforeEach(async () => {
  w = await world();
  queue = w.cloud({ name: 'queue', account: 'me on here', capabilities: { workloads: ['batch'], labels: false } });
  mine = await w.ledger('me');
});
afterEach(() => w.close());

/** A job of a run that was left to the queue for a week. */
async function leftJob(run = 'r123456789'): Promise<string> {
  const [open] = opened([queue]).list;
  if (!open) throw new Error('no queue');
  const offer = sampleOffer({ provider: 'queue', workloads: ['batch'] });
  const { io } = w.time.process();
  const { name } = await submitJob({ open, ledger: mine, io, run, runDir: null, offer, workload: JOB, maxLifetimeS: 3600 });
  await mine.hold(name, { kind: 'lease', until: new Date(w.time.io.now() + 7 * 86_400_000).toISOString() });
  return name;
}

const told = ({ ended, alive, unresolved, exitCode }: Awaited<ReturnType<World['gc']>>) => ({
  ended: ended.map(({ name, reason }) => [name, reason]),
  alive: alive.map(({ name }) => name),
  unresolved: unresolved.map(({ name }) => name),
  exitCode,
});

it('a job that was left to the queue, and is over there, is claimed by no lease any more', async () => {
  queue.fate = () => ({ fate: 'vanishes', fateMs: 30_000 });
  const name = await leftJob();
  await w.time.io.sleep(600_000);
  const words = { ended: [[name, 'it has ended by itself']], alive: [], unresolved: [], exitCode: 0 };
  expect(told(await w.gc(mine, { dryRun: true }))).toEqual(words);
  expect((await mine.entry(name))?.state).toBe('created');
  expect(told(await w.gc(mine))).toEqual(words);
  expect([(await mine.entry(name))?.state, queue.terminated]).toEqual(['gone', []]);
  expect(told(await w.gc(mine))).toEqual({ ended: [], alive: [], unresolved: [], exitCode: 0 });
});

it('one that goes on there is left alone', async () => {
  const name = await leftJob();
  await w.time.io.sleep(600_000);
  expect(told(await w.gc(mine))).toEqual({ ended: [], alive: [name], unresolved: [], exitCode: 0 });
  expect(queue.alive()).toEqual([name]);
});

it.each([
  ['the queue does not answer', () => void (queue.fault = (of) => (of === 'observe' ? { kind: 'transient' } : null)), () => queue],
  ['it is another cluster that does not know it', () => undefined, () => queue.withKeyOf('me on another cluster')],
])('one that is not seen because %s is not taken for over', async (_why, break_, seen) => {
  queue.fate = () => ({ fate: 'vanishes', fateMs: 30_000 });
  const name = await leftJob();
  await w.time.io.sleep(600_000);
  break_();
  const { alive, ended } = told(await w.gc(mine, { providers: opened([seen()]) }));
  expect([alive, ended, (await mine.entry(name))?.state]).toEqual([[name], [], 'created']);
});

it('one that cannot be shown yet is not taken for over', async () => {
  queue.fate = () => ({ visibleMs: 15_000 });
  const name = await leftJob();
  expect(told(await w.gc(mine)).alive).toEqual([name]);
});

it('only those that are asked for are looked after: the others are somebody else’s errand', async () => {
  const [first, second] = [await leftJob('rfirst00000'), await leftJob('rsecond0000')];
  const only = (run: string) => ({ only: (entry: { run: string }) => entry.run === run });
  expect(told(await w.gc(mine, only('rfirst00000'))).alive).toEqual([first]);
  queue.fault = (of) => (of === 'owned' ? { kind: 'transient' } : null);
  const result = await w.gc(mine, only('rthird00000'));
  expect([told(result), result.foreign]).toEqual([{ ended: [], alive: [], unresolved: [], exitCode: 0 }, []]);
  expect(told(await w.gc(mine, only('rsecond0000')))).toMatchObject({ alive: [second], exitCode: 6 });
});
