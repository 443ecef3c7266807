import { prng } from '@bench/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { thisProcess } from '../ledger/holder.ts';
import { acquire } from '../rent/acquire.ts';
import type { Fault, MemoryCloud, Operation } from '../rent/testing/memory-cloud.ts';
import { sampleOffer, sampleSpec, wanted } from '../rent/testing/samples.ts';
import { untilDeath, type SimulatedProcess } from '../rent/testing/simulation.ts';
import { world, type World } from '../rent/testing/world.ts';

const FAULTS: Record<Operation, readonly Fault[]> = {
  offers: [{ kind: 'transient' }],
  create: [
    { kind: 'capacity' },
    { kind: 'quota' },
    { kind: 'rate-limit', retryAfterMs: 5000 },
    { kind: 'transient' },
    { kind: 'unknown-outcome' },
    { lostAnswer: true },
    { lostAnswer: true },
    { half: true },
  ],
  observe: [{ kind: 'transient' }, { half: true }],
  find: [{ kind: 'transient' }],
  terminate: [{ kind: 'transient' }, { lostAnswer: true }, { half: true }],
  owned: [{ kind: 'transient' }],
  account: [{ kind: 'transient' }],
};
const FATES = ['runs', 'runs', 'runs', 'fails', 'preempted', 'vanishes'] as const;

/** A schedule of faults that ends: a provider that never works again cannot be cleaned up. */
function troubled(cloud: MemoryCloud, seed: number, left: { faults: number }): void {
  const random = prng(seed);
  cloud.fault = (op) => {
    const list = FAULTS[op];
    if (left.faults <= 0 || random.next() > 0.35) return null;
    left.faults -= 1;
    return list[random.integer(0, list.length - 1)] ?? null;
  };
  cloud.fate = () => ({
    visibleMs: random.integer(0, 19) * 1000,
    startMs: random.integer(1, 90) * 1000,
    fate: FATES[random.integer(0, FATES.length - 1)] ?? 'runs',
    fateMs: random.integer(0, 120) * 1000,
  });
  cloud.offers = [1, 2, 3, 4].map((n) => sampleOffer({ id: `o${n}`, provider: cloud.factory.name, zone: n > 2 ? 'here-b' : 'here-a' }));
}

/** Machines of somebody else, and of a live process of the same user: nobody may touch them. */
async function bystanders(w: World, cloud: MemoryCloud): Promise<string[]> {
  const strangers = await w.ledger('stranger');
  const name = `bench-${strangers.owner.slice(0, 6)}-rstranger00-0`;
  await cloud.provider.create(sampleSpec({ name, owner: strangers.owner, run: 'rstranger00' }), { idempotencyKey: name });
  const live = await w.ledger('me', { ...thisProcess(), heartbeat: 'live' });
  const { name: held } = await acquire(wanted(), w.context(w.time.process(), live, { run: 'rlive000000' }));
  return [name, held];
}

/** Rents a machine, works a while, ends it. */
async function life(w: World, process: SimulatedProcess): Promise<void> {
  const ledger = await w.ledger();
  const machine = await acquire(wanted(), w.context(process, ledger));
  await process.io.sleep(50_000);
  await machine.end('done');
}

async function scenario(o: {
  seed: number;
  labels: boolean;
  dieAtStep?: number;
  stopAtMs?: number;
  faults: number;
}): Promise<{ steps: number }> {
  const w = await world(o.seed);
  try {
    const cloud = w.cloud({ capabilities: { labels: o.labels } });
    const others = await bystanders(w, cloud);
    const left = { faults: o.faults };
    troubled(cloud, o.seed, left);
    const stop = new AbortController();
    const process = w.time.process({
      signal: stop.signal,
      ...(o.dieAtStep === undefined ? {} : { dieAtStep: o.dieAtStep }),
    });
    if (o.stopAtMs !== undefined) void w.time.io.sleep(o.stopAtMs).then(() => stop.abort(new Error('stopped')));
    const outcome = await untilDeath(
      process,
      life(w, process).catch((error: unknown) => (stop.signal.aborted ? 'stopped' : Promise.reject(error))),
    );
    const ours = () => cloud.alive().filter((name) => !others.includes(name));
    // Without a crash nothing is left, but for what it says.
    const told = typeof outcome === 'object' && outcome !== null && 'exitCode' in outcome && outcome.exitCode === 6;
    const unknown = (await (await w.ledger()).entries()).some(({ state }) => state === 'unknown');
    if (!process.dead() && !told && !unknown) expect(ours()).toEqual([]);

    // At most as often as it says that something is unresolved.
    for (let times = 0; ; times++) {
      const result = await w.gc(await w.ledger());
      expect(result.alive.map(({ name }) => name)).toContain(others[1]);
      if (result.exitCode === 0) break;
      expect(times).toBeLessThan(20);
      expect(result.unresolved.every(({ hint, problem }) => hint !== '' && problem !== '')).toBe(true);
    }
    // A create that was on its way may show its machine later than promised to nobody; after the first clean gc nothing is there.
    expect(ours()).toEqual([]);
    for (const name of others) expect(cloud.alive()).toContain(name);
    expect(cloud.terminated.filter((name) => others.includes(name))).toEqual([]);
    for (const entry of await (await w.ledger()).entries())
      if (entry.run !== 'rlive000000') expect(['gone', 'refused']).toContain(entry.state);
    return { steps: process.steps() };
  } finally {
    await w.close();
  }
}

describe('nothing is left, and nothing of others is touched', () => {
  it.each([true, false])(
    'killed at every step of a life without faults (labels: %s)',
    async (labels) => {
      const { steps } = await scenario({ seed: 5, labels, faults: 0 });
      expect(steps).toBeGreaterThan(20);
      // Where there are no labels only the judgement of what is ours differs: every third step will do.
      const all = Array.from({ length: steps }, (_, dieAtStep) => dieAtStep).filter((step) => labels || step % 3 === 0);
      for (let at = 0; at < all.length; at += 8)
        await Promise.all(all.slice(at, at + 8).map((dieAtStep) => scenario({ seed: 5, labels, faults: 0, dieAtStep })));
    },
    240_000,
  );

  it('whatever fails when, killed or not', async () => {
    const step = fc.option(fc.nat(70), { nil: undefined });
    const stop = fc.option(fc.nat(300_000), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.boolean(), step, stop, fc.nat(25), async (seed, labels, dieAtStep, stopAtMs, faults) => {
        await scenario({
          seed,
          labels,
          faults,
          ...(dieAtStep === undefined ? {} : { dieAtStep }),
          ...(stopAtMs === undefined ? {} : { stopAtMs }),
        });
      }),
      { numRuns: 20 },
    );
  }, 240_000);
});
