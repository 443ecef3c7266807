import { createIo } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { pacer } from './pacer.ts';

/** A clock that only goes where sleepers take it, and a little short of it. */
function clock(): { io: Parameters<typeof pacer>[1]; now: () => number } {
  let now = 0;
  const io = {
    monotonic: () => now,
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      now += Math.max(0.25, ms - 0.25);
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  };
  return { io, now: () => now };
}

describe('pacer', () => {
  it('keeps the interval for all callers together, in their order', async () => {
    const { io, now } = clock();
    const lanes = pacer({ create: { minIntervalMs: 4500 } }, io);
    const order: [number, number][] = [];
    await Promise.all(
      [0, 1, 2, 3].map(async (i) => {
        await lanes.wait('create');
        order.push([i, now()]);
      }),
    );
    expect(order.map(([i]) => i)).toEqual([0, 1, 2, 3]);
    const gaps = order.slice(1).map(([, at], i) => at - (order[i]?.[1] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(4500);
    expect(Math.max(...gaps)).toBeLessThan(4502);
  });

  it('lets so many a minute through, in any minute', async () => {
    const { io, now } = clock();
    const lanes = pacer({ search: { perMinute: 10 } }, io);
    const at: number[] = [];
    for (let i = 0; i < 35; i++) {
      await lanes.wait('search');
      at.push(now());
    }
    expect(at[9]).toBe(0);
    for (let i = 10; i < at.length; i++) expect((at[i] ?? 0) - (at[i - 10] ?? 0)).toBeGreaterThanOrEqual(60_000);
    expect(at.at(-1)).toBeLessThan(181_000);
  });

  it('paces each kind on its own, and what has no limit not at all', async () => {
    const { io, now } = clock();
    const lanes = pacer({ create: { minIntervalMs: 1000 } }, io);
    await lanes.wait('create');
    for (let i = 0; i < 100; i++) await lanes.wait('list');
    await lanes.wait('constructor');
    expect(now()).toBe(0);
  });

  it('one that gives up takes no turn, and lets nobody overtake', async () => {
    const io = createIo({ env: {} });
    const lanes = pacer({ create: { minIntervalMs: 60 } }, io);
    const controller = new AbortController();
    const order: string[] = [];
    const began = io.monotonic();
    const first = lanes.wait('create').then(() => order.push('first'));
    const second = lanes.wait('create').then(() => order.push('second'));
    const given = lanes.wait('create', controller.signal).catch((error: Error) => order.push(error.message));
    const third = lanes.wait('create').then(() => order.push('third'));
    controller.abort(new Error('gave up'));
    await Promise.all([first, second, given, third]);
    expect(order.toSorted()).toEqual(['first', 'gave up', 'second', 'third']);
    expect(order.filter((word) => word !== 'gave up')).toEqual(['first', 'second', 'third']);
    expect(io.monotonic() - began).toBeGreaterThanOrEqual(120);
    await expect(lanes.wait('create', controller.signal)).rejects.toThrow('gave up');
  });

  it('holds everyone when the server said so', async () => {
    const { io, now } = clock();
    const lanes = pacer({}, io);
    lanes.hold('create', 12_000);
    await Promise.all([lanes.wait('create'), lanes.wait('create'), lanes.wait('list')]);
    expect(now()).toBeGreaterThanOrEqual(12_000);
  });
});
