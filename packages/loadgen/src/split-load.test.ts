import { type Arrival, loadSpecSchema, type LoadSpecInput, prng } from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import { closedOrdinals, openArrivals, workerDeal } from './deal.ts';
import { arrivalTimes, runLoad, splitLoad } from './index.ts';
import { startTestServer, type TestServer } from './testing/index.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const length = (n: number) => ({ min: n, max: n });
const load = (over: Partial<LoadSpecInput>) =>
  loadSpecSchema.parse({ data: { kind: 'random', inputTokens: length(30), outputTokens: length(4) }, ...over });

const ARRIVALS: Arrival[] = [
  { kind: 'closed' },
  { kind: 'constant', ratePerS: 50 },
  { kind: 'poisson', ratePerS: 80 },
  { kind: 'gamma', ratePerS: 40, burstiness: 0.3 },
  {
    kind: 'stages',
    process: 'poisson',
    stages: [
      { durationMs: 2000, ratePerS: 10, toRatePerS: 100 },
      { durationMs: 5000, ratePerS: 100 },
    ],
  },
  { kind: 'bursts', size: 7, everyMs: 250 },
];

/** What `workers` threads of the client that was given `share` send: measured requests with their times, slots, warm-up requests. */
function sends(share: ReturnType<typeof load>, workers: number) {
  const out = { requests: [] as [ordinal: number, atMs: number | null][], slots: 0, warmup: [] as number[] };
  for (let worker = 0; worker < workers; worker++) {
    const deal = workerDeal(share, workers, worker);
    const open = openArrivals({ load: share, trace: null, workers, worker });
    if (open) out.requests.push(...open.ordinals.map((o, i): [number, number] => [o, open.times[i] as number]));
    else if (deal.slots && share.maxConcurrency !== null)
      out.requests.push(
        ...[...closedOrdinals(share.numPrompts as number, share.maxConcurrency, deal.slots)].map((o): [number, null] => [o, null]),
      );
    out.slots += deal.slots ? deal.slots.to - deal.slots.from : 0;
    out.warmup.push(...closedOrdinals(share.warmupRequests, deal.warmupSlots, deal.warmup));
  }
  return out;
}

describe('splitLoad', () => {
  it.each(ARRIVALS)('deals every request once, at its time, for any number of clients and threads: $kind', (arrival) => {
    const random = prng(7);
    for (let round = 0; round < 150; round++) {
      const cap = arrival.kind !== 'closed' && random.next() < 0.5 ? null : random.integer(1, 24);
      const whole = load({
        arrival,
        maxConcurrency: cap,
        numPrompts: random.integer(1, 120),
        warmupRequests: random.integer(0, 30),
        seed: random.integer(0, 1000),
      });
      const n = random.integer(1, 9);
      const parts = splitLoad(whole, n).map((part) => sends(loadSpecSchema.parse(part), random.integer(1, 3)));
      const requests = parts.flatMap((part) => part.requests).sort(([a], [b]) => a - b);
      const times =
        arrival.kind === 'closed' || arrival.kind === 'trace'
          ? null
          : arrivalTimes({ arrival, seed: whole.seed, count: whole.numPrompts, durationMs: undefined });
      expect(requests).toEqual(Array.from({ length: whole.numPrompts as number }, (_, i) => [i, times ? times[i] : null]));
      expect(parts.flatMap((part) => part.warmup).sort((a, b) => a - b)).toEqual(Array.from({ length: whole.warmupRequests }, (_, i) => i));
      if (cap !== null) {
        expect(parts.reduce((sum, part) => sum + part.slots, 0)).toBe(cap);
        // More clients than slots: the last have nothing to do.
        for (const [client, part] of parts.entries()) if (client >= cap) expect(part.requests).toEqual([]);
        // Nobody has a request without a slot to send it in.
        for (const part of parts) if (part.slots === 0) expect(part.requests).toEqual([]);
      }
    }
  });

  it.each(ARRIVALS.slice(1))('deals a schedule that ends by time too: $kind', (arrival) => {
    const whole = load({ arrival, maxConcurrency: null, durationMs: 3000, seed: 3 });
    const all = arrivalTimes({ arrival: arrival as never, seed: 3, durationMs: 3000 });
    const dealt = splitLoad(whole, 4).flatMap((part) => sends(part, 2).requests.map(([, at]) => at as number));
    expect(Float64Array.from(dealt).sort()).toEqual(all);
  });

  it('is the load itself for one client, and refuses what cannot be dealt', () => {
    const whole = load({ maxConcurrency: 3, numPrompts: 9 });
    expect(splitLoad(whole, 1)).toEqual([whole]);
    expect(() => splitLoad(whole, 0)).toThrow(expect.objectContaining({ code: 'BENCH_LOAD' }) as Error);
    expect(() => splitLoad(whole, 1.5)).toThrow(expect.objectContaining({ code: 'BENCH_LOAD' }) as Error);
    expect(() => splitLoad(splitLoad(whole, 2)[1] as typeof whole, 2)).toThrow(expect.objectContaining({ code: 'BENCH_LOAD' }) as Error);
    expect(loadSpecSchema.safeParse({ ...whole, share: { client: 2, of: 2 } }).success).toBe(false);
  });
});

describe('clients that send their shares', () => {
  async function prompts(server: TestServer) {
    return new Map(server.truth().map((t) => [t.id, t.prompt]));
  }
  const serve = async () => {
    const server = await startTestServer({ keepPrompts: true, ttftMs: 5, gapMs: 1 });
    cleanups.push(() => server.close());
    return server;
  };

  it.each([
    { arrival: { kind: 'closed' as const }, maxConcurrency: 5, numPrompts: 23, warmupRequests: 4 },
    { arrival: { kind: 'poisson' as const, ratePerS: 100 }, maxConcurrency: null, numPrompts: 20, warmupRequests: 2 },
    { arrival: { kind: 'constant' as const, ratePerS: 100 }, maxConcurrency: 2, numPrompts: 12, warmupRequests: 0 },
  ])('send together what one would: the same prompts under the same indices, no prompt twice: $arrival.kind', async (over) => {
    const whole = load({ ...over, seed: 77 });
    const [alone, together] = [await serve(), await serve()];
    const one = await runLoad({ baseUrl: alone.url, model: 'test', load: whole });
    const parts = await Promise.all(
      splitLoad(whole, 3).map((part) => runLoad({ baseUrl: together.url, model: 'test', load: part, calibration: one.calibration })),
    );
    const probes = alone.truth().length - one.records.length;
    const expected = new Map([...(await prompts(alone))].slice(probes));
    const sent = await prompts(together);
    expect(together.truth()).toHaveLength(one.records.length);
    expect(sent).toEqual(expected);
    expect(new Set([...sent.values()].map((p) => JSON.stringify(p))).size).toBe(sent.size);
    expect(parts.flatMap((part) => part.records.map((r) => r.index)).sort((a, b) => a - b)).toEqual(one.records.map((r) => r.index));
    const scheduled = (result: typeof one) =>
      result.records.filter((r) => r.phase === 'measured').map((r): [number, number] => [r.index, r.intendedMs]);
    if (over.arrival.kind !== 'closed')
      expect(new Map(parts.flatMap(scheduled))).toEqual(new Map(scheduled(one).map(([i, t]) => [i, expect.closeTo(t, 3) as number])));
  });
});
