import type { BenchError } from '@bench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cancelJob } from './cancel-job.ts';
import { submitJob, type SubmitJob } from './submit-job.ts';
import { type MemoryCloud, opened, PROVIDER_CALLS } from './testing/memory-cloud.ts';
import { sampleOffer } from './testing/samples.ts';
import { DEAD, world, type World } from './testing/world.ts';

const RUN = 'r123456789';
const JOB = { kind: 'batch', script: '#!/bin/bash\necho hello\n' } as const;

let w: World;
let queue: MemoryCloud;
beforeEach(async () => {
  w = await world();
  queue = w.cloud({ name: 'queue', capabilities: { workloads: ['batch'], labels: false } });
});
afterEach(() => w.close());

function job(process: ReturnType<World['time']['process']>, ledger: SubmitJob['ledger'], more: Partial<SubmitJob> = {}): SubmitJob {
  const [open] = opened([{ factory: queue.factory, provider: process.mortal(queue.provider, PROVIDER_CALLS) }]).list;
  if (!open) throw new Error('no queue');
  const offer = sampleOffer({ provider: 'queue', workloads: ['batch'] });
  return {
    open,
    ledger: process.ledger(ledger),
    io: process.io,
    run: RUN,
    runDir: null,
    offer,
    workload: JOB,
    maxLifetimeS: 3600,
    ...more,
  };
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it did not fail'),
    (error: unknown) => error as BenchError,
  );

describe('a job', () => {
  it('is in the ledger before it is in the queue, with its id afterwards, and is cancelled until it has left', async () => {
    const ledger = await w.ledger();
    const o = job(w.time.process(), ledger, {
      onIntent: async (name) => {
        expect(await ledger.entry(name)).toMatchObject({ state: 'intent', workload: 'batch', run: RUN, ref: null });
        expect(queue.made).toEqual([]);
      },
    });
    const { name, ref } = await submitJob(o);
    expect(name).toMatch(/^bench-[a-z0-9]{6}-r123456789-0$/);
    expect(await ledger.entry(name)).toMatchObject({ state: 'created', ref: { id: 'queue-0' } });
    await cancelJob({ ...o, ref, reason: 'done' });
    await cancelJob({ ...o, ref, reason: 'done' });
    expect(queue.alive()).toEqual([]);
    expect((await ledger.entry(name))?.state).toBe('gone');
  });

  it('whose answer was lost is found by its name, and not submitted again', async () => {
    const ledger = await w.ledger();
    queue.fault = (operation) => (operation === 'create' ? { lostAnswer: true } : null);
    const { name, ref } = await submitJob(job(w.time.process(), ledger));
    expect(queue.made).toEqual([name]);
    expect(await ledger.entry(name)).toMatchObject({ state: 'created', ref: { id: ref.id } });
  });

  it('that the queue refuses was never made, and is said so', async () => {
    const ledger = await w.ledger();
    queue.fault = (operation) => (operation === 'create' ? { kind: 'request' } : null);
    expect(await failure(submitJob(job(w.time.process(), ledger)))).toMatchObject({ code: 'BENCH_PROVIDER_REQUEST' });
    expect((await ledger.entries()).map(({ state }) => state)).toEqual(['refused']);
  });

  it('that exists although the call failed is cancelled', async () => {
    const ledger = await w.ledger();
    queue.fault = (operation) => (operation === 'create' ? { half: true } : null);
    expect(await failure(submitJob(job(w.time.process(), ledger)))).toMatchObject({ code: 'BENCH_PROVIDER_CAPACITY' });
    expect(queue.made).toHaveLength(1);
    expect(queue.alive()).toEqual([]);
    expect((await ledger.entries()).map(({ state }) => state)).toEqual(['gone']);
  });

  it('is cancelled when everything was told to stop while it was submitted', async () => {
    const ledger = await w.ledger();
    const stop = new AbortController();
    const create = queue.provider.create.bind(queue.provider);
    queue.provider.create = async (...args) => {
      stop.abort(new Error('stop'));
      return create(...args);
    };
    expect((await failure(submitJob(job(w.time.process(), ledger, { signal: stop.signal })))).message).toBe('stop');
    expect(queue.made).toHaveLength(1);
    expect(queue.alive()).toEqual([]);
  });

  it('of a process that was killed at any step is ended by gc; one that is left on purpose only when its lease is over', async () => {
    for (let step = 1; ; step += 1) {
      const ledger = await w.ledger(`user${step}`, DEAD);
      const process = w.time.process({ dieAtStep: step });
      const o = job(process, ledger);
      const work = submitJob(o)
        .then(({ ref }) => cancelJob({ ...o, ref, reason: 'done' }))
        .catch(() => undefined);
      await Promise.race([work, process.death]);
      const died = process.dead();
      const result = await w.gc(ledger);
      expect({ step, alive: queue.alive(), unresolved: result.unresolved }).toEqual({ step, alive: [], unresolved: [] });
      if (!died) break;
      expect(step).toBeLessThan(40);
    }
    const ledger = await w.ledger('detached', DEAD);
    const { name } = await submitJob(job(w.time.process(), ledger));
    await ledger.hold(name, { kind: 'lease', until: new Date(w.time.io.now() + 3_600_000).toISOString() });
    expect((await w.gc(ledger)).alive).toMatchObject([{ name }]);
    expect(queue.alive()).toEqual([name]);
    w.time.jump(3_700_000);
    expect((await w.gc(ledger)).ended).toMatchObject([{ name }]);
    expect(queue.alive()).toEqual([]);
  });
});
