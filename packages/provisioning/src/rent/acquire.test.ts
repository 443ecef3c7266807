import { BenchError } from '@bench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { thisProcess } from '../ledger/holder.ts';
import { acquire } from './acquire.ts';
import { adoptRented } from './adopt-rented.ts';
import { sampleOffer, wanted } from './testing/samples.ts';
import { world, type World } from './testing/world.ts';
import type { RentEvent } from './types.ts';

describe('acquire', () => {
  let w: World;
  beforeEach(async () => {
    w = await world();
  });
  afterEach(() => w.close());
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => expect.unreachable('it did not fail'),
      (error: unknown) => error as BenchError,
    );
  const start = async (more = {}) => {
    const ledger = await w.ledger();
    const context = w.context(w.time.process(), ledger, more);
    return { ledger, context };
  };

  it('rents, tells what it does, and ends until the provider says gone', async () => {
    const cloud = w.cloud();
    const { ledger, context } = await start();
    const machine = await acquire(wanted(), context);
    expect(machine.connection).toEqual({ host: '127.0.0.1', port: 22, user: 'bench' });
    expect(machine.times.intentMs).toBeLessThanOrEqual(machine.times.createdMs);
    expect(machine.times.createdMs).toBeLessThan(machine.times.runningMs);
    expect(await ledger.entry(machine.name)).toMatchObject({ state: 'created', ref: { id: 'memory-0' }, priceUsdPerHour: 4 });
    await Promise.all([machine.end('done'), machine.end('done')]);
    await machine.end('again');
    expect(cloud.alive()).toEqual([]);
    expect((await ledger.entry(machine.name))?.state).toBe('gone');
    const types = w.events.map(({ type }) => type);
    expect(types.filter((type, at) => type !== types[at - 1])).toEqual(['offers', 'renting', 'state', 'running', 'ending', 'gone']);
  });

  it.each([
    ['offer', ['b1', 'c1', 'd1']],
    ['zone', ['c1', 'd1']],
    ['region', ['d1']],
  ] as const)('a capacity error of scope %s rules out just that', async (scope, then) => {
    const cloud = w.cloud();
    const place = (id: string, region: string, zone: string, priceUsdPerHour: number) =>
      sampleOffer({ id, region, zone, priceUsdPerHour, provider: 'memory' });
    cloud.offers = [place('d1', 'y', 'y-a', 4), place('c1', 'x', 'x-b', 3), place('b1', 'x', 'x-a', 2), place('a1', 'x', 'x-a', 1)];
    const { context } = await start();
    const { provider } = cloud;
    const asked: string[] = [];
    const create = provider.create.bind(provider);
    context.providers.list[0]!.provider.create = async (spec, options) => {
      asked.push(spec.offer.id);
      if (spec.offer.id !== 'a1') return await create(spec, options);
      const { providerError } = await import('../contract/error.ts');
      throw providerError({ kind: 'capacity', scope, provider: 'memory', op: 'create', message: 'sold out' });
    };
    const machine = await acquire(wanted(), context);
    expect(asked).toEqual(['a1', then[0]]);
    await machine.end('done');
  });

  it('revoked credentials and an empty account rule out the provider, and the next one is asked', async () => {
    const dear = w.cloud({ name: 'dear' });
    const cheap = w.cloud({ name: 'cheap' });
    cheap.offers = [1, 2, 3].map((n) => sampleOffer({ id: `c${n}`, provider: 'cheap', priceUsdPerHour: n }));
    dear.offers = [sampleOffer({ id: 'd', provider: 'dear', priceUsdPerHour: 9 })];
    for (const kind of ['auth', 'balance'] as const) {
      let calls = 0;
      cheap.fault = (op) => (op === 'create' && ++calls > 0 ? { kind } : null);
      const { context } = await start();
      const machine = await acquire(wanted(), context);
      expect(machine.offer.provider).toBe('dear');
      expect(calls).toBe(1);
      await machine.end('done');
    }
  });

  it('a wrong request ends it at once', async () => {
    const cloud = w.cloud();
    cloud.offers = [1, 2].map((n) => sampleOffer({ id: `o${n}` }));
    cloud.fault = (op) => (op === 'create' ? { kind: 'request' } : null);
    const { ledger, context } = await start();
    expect(await failure(acquire(wanted(), context))).toMatchObject({ code: 'BENCH_PROVIDER_REQUEST', exitCode: 2 });
    expect((await ledger.entries()).map(({ state }) => state)).toEqual(['refused']);
  });

  it('asks before each offer whether it may be rented, and sends nothing where it may not', async () => {
    const cloud = w.cloud();
    cloud.offers = [1, 2, 3].map((n) => sampleOffer({ id: `o${n}`, priceUsdPerHour: n }));
    cloud.fault = (op) => (op === 'create' ? { kind: 'capacity' } : null);
    const asked: string[] = [];
    const { ledger, context } = await start({
      admit: ({ id }: { id: string }) => {
        asked.push(id);
        if (id === 'o2') throw new BenchError({ code: 'BENCH_MAX_COST', message: 'too much' });
      },
    });
    expect(await failure(acquire(wanted(), context))).toMatchObject({ code: 'BENCH_MAX_COST' });
    expect(asked).toEqual(['o1', 'o2']);
    expect((await ledger.entries()).map(({ offer }) => offer.id)).toEqual(['o1']);
  });

  it('waits out a rate limit with the same name', async () => {
    const cloud = w.cloud();
    let left = 3;
    cloud.fault = (op) => (op === 'create' && left-- > 0 ? { kind: 'rate-limit', retryAfterMs: 20_000 } : null);
    const { ledger, context } = await start();
    const machine = await acquire(wanted(), context);
    expect(await ledger.entries()).toHaveLength(1);
    expect(w.time.io.monotonic()).toBeGreaterThan(60_000);
    await machine.end('done');
  });

  it('goes on with the machine of a create whose answer was lost, however late it shows', async () => {
    const cloud = w.cloud();
    cloud.fate = () => ({ visibleMs: 19_000 });
    let lost = false;
    cloud.fault = (op) => (op === 'create' && !lost && (lost = true) ? { lostAnswer: true } : null);
    const { ledger, context } = await start();
    const events: RentEvent[] = [];
    const machine = await acquire(wanted(), { ...context, on: (event) => void events.push(event) });
    expect(cloud.made).toEqual([machine.name]);
    expect(await ledger.entries()).toMatchObject([{ state: 'created', name: machine.name }]);
    // Whoever counts what it costs does not know since when it is there.
    expect(events.find(({ type }) => type === 'state')).toMatchObject({ answerLost: true });
    await machine.end('done');
    expect(cloud.alive()).toEqual([]);
  });

  it('a create that was lost for certain stays unknown in the ledger, and the next candidate is taken', async () => {
    const cloud = w.cloud();
    cloud.offers = [1, 2].map((n) => sampleOffer({ id: `o${n}` }));
    let lost = false;
    cloud.fault = (op) => (op === 'create' && !lost && (lost = true) ? { kind: 'unknown-outcome' } : null);
    const { ledger, context } = await start();
    const machine = await acquire(wanted(), context);
    expect((await ledger.entries()).map(({ state }) => state)).toEqual(['unknown', 'created']);
    await machine.end('done');
    expect(await w.gc(ledger)).toMatchObject({ ended: [], unresolved: [], exitCode: 0 });
    expect((await ledger.entries()).map(({ state }) => state)).toEqual(['refused', 'gone']);
  });

  it('with an idempotent create the same one is asked for again', async () => {
    const cloud = w.cloud({ capabilities: { idempotentCreate: true } });
    let lost = false;
    cloud.fault = (op) => (op === 'create' && !lost && (lost = true) ? { kind: 'unknown-outcome' } : null);
    const { ledger, context } = await start();
    const machine = await acquire(wanted(), context);
    expect((await ledger.entries()).map(({ state }) => state)).toEqual(['created']);
    await machine.end('done');
  });

  it.each(['fails', 'preempted', 'vanishes'] as const)(
    'a machine that %s while it starts is ended, and the next one rented',
    async (fate) => {
      const cloud = w.cloud();
      cloud.offers = [1, 2].map((n) => sampleOffer({ id: `o${n}` }));
      cloud.fate = (spec) => (spec.offer.id === 'o1' ? { fate } : {});
      const { ledger, context } = await start();
      const machine = await acquire(wanted(), context);
      expect(machine.offer.id).toBe('o2');
      expect(cloud.alive()).toEqual([machine.name]);
      expect((await ledger.entries()).map(({ state }) => state)).toEqual(['gone', 'created']);
      await machine.end('done');
    },
  );

  it.each(['fails', 'vanishes'] as const)('after three machines that cost money and %s no further one is rented', async (fate) => {
    const cloud = w.cloud();
    cloud.offers = [1, 2, 3, 4, 5].map((n) => sampleOffer({ id: `o${n}` }));
    cloud.fate = () => ({ fate });
    const { ledger, context } = await start();
    const error = await failure(acquire(wanted(), context));
    const names = (await ledger.entries()).map(({ name }) => name);
    expect(error).toMatchObject({ code: 'BENCH_NO_MACHINE', exitCode: 4, details: { paid: names } });
    expect(error.message).toContain(`3 machines were made and cost money, and none became ready (${names.join(', ')})`);
    expect([cloud.made, cloud.alive()]).toEqual([names, []]);
  });

  it('what was refused costs nothing: all offers are tried', async () => {
    const cloud = w.cloud();
    cloud.offers = [1, 2, 3, 4, 5].map((n) => sampleOffer({ id: `o${n}` }));
    let calls = 0;
    cloud.fault = (op) => (op === 'create' && ++calls < 5 ? { kind: 'capacity' } : null);
    const { context } = await start();
    const machine = await acquire(wanted(), context);
    expect(machine.offer.id).toBe('o5');
    await machine.end('done');
  });

  it('a machine that an error names is ended', async () => {
    const cloud = w.cloud();
    cloud.offers = [1, 2].map((n) => sampleOffer({ id: `o${n}` }));
    cloud.fate = () => ({ visibleMs: 15_000 });
    let calls = 0;
    cloud.fault = (op) => (op === 'create' && ++calls === 1 ? { half: true } : null);
    const { context } = await start();
    const machine = await acquire(wanted(), context);
    expect(cloud.alive()).toEqual([machine.name]);
    expect(cloud.made).toHaveLength(2);
    await machine.end('done');
  });

  it('a machine that never becomes ready is ended when its time is up', async () => {
    const cloud = w.cloud({ deadlines: { provisioningMs: 600_000 } });
    cloud.fate = () => ({ startMs: 10 * 3_600_000 });
    cloud.offers = [sampleOffer()];
    const { context } = await start();
    const error = await failure(acquire(wanted(), context));
    expect(error).toMatchObject({ code: 'BENCH_NO_MACHINE', exitCode: 4 });
    expect(error.message).toContain('after 10m 00s it is still PENDING');
    expect(cloud.alive()).toEqual([]);
  });

  it('a machine that costs more than it was offered for, and more than the limit, is ended', async () => {
    const cloud = w.cloud();
    const { context } = await start();
    const observe = cloud.provider.observe.bind(cloud.provider);
    context.providers.list[0]!.provider.observe = async (refs) => {
      const seen = await observe(refs);
      for (const machine of seen.values()) if (machine) machine.priceUsdPerHour = 40;
      return seen;
    };
    const error = await failure(acquire(wanted({ maxPriceUsdPerHour: 5 }), context));
    expect(error.message).toContain('costs 40 $/h, more than the limit of 5 $/h');
    expect(cloud.alive()).toEqual([]);
  });

  it('what a machine itself costs is told, and written into the ledger, whenever it changes', async () => {
    const cloud = w.cloud();
    const { ledger, context } = await start();
    const observe = cloud.provider.observe.bind(cloud.provider);
    let price = 5;
    context.providers.list[0]!.provider.observe = async (refs) => {
      const seen = await observe(refs);
      for (const machine of seen.values()) if (machine) machine.priceUsdPerHour = price;
      return seen;
    };
    const machine = await acquire(wanted(), context);
    const told = () => w.events.flatMap((event) => (event.type === 'price' ? [event.priceUsdPerHour] : []));
    expect(told()).toEqual([5]);
    price = 6;
    await w.time.io.sleep(200_000);
    expect(told()).toEqual([5, 6]);
    expect((await ledger.entry(machine.name))?.priceUsdPerHour).toBe(6);
    machine.release();
    price = 7;
    const later = await w.ledger('me', { ...thisProcess(), heartbeat: 'later' });
    const adopted = await adoptRented(machine.name, w.context(w.time.process(), later, { providers: context.providers }));
    expect(told()).toEqual([5, 6, 7]);
    await adopted?.end('done');
    expect((await ledger.entry(machine.name))?.priceUsdPerHour).toBe(7);
  });

  it('ends one that was seen and failed without waiting as long as a new one may be invisible', async () => {
    const cloud = w.cloud({ capabilities: { visibleWithinMs: 600_000 } });
    cloud.offers = [sampleOffer()];
    cloud.fate = () => ({ fate: 'fails' });
    const { context } = await start();
    expect(await failure(acquire(wanted(), context))).toMatchObject({ code: 'BENCH_NO_MACHINE' });
    expect(cloud.alive()).toEqual([]);
    expect(w.time.io.monotonic()).toBeLessThan(300_000);
  });

  it('a container that was made and ended says so, a create that came to nothing too', async () => {
    for (const [kind, words] of [
      ['failed', 'ended: exited: no such option'],
      ['capacity', 'was not made: exited: no such option'],
    ] as const) {
      const cloud = w.cloud({ name: kind });
      cloud.fate = () => ({ fate: 'fails' });
      const { context } = await start();
      const open = context.providers.get(kind);
      const { observe } = open.provider;
      open.provider.observe = async (refs) => {
        const seen = await observe.call(open.provider, refs);
        for (const machine of seen.values())
          if (machine?.failure) machine.failure = { code: 'exited', message: 'no such option', kind, scope: 'offer' };
        return seen;
      };
      expect((await failure(acquire(wanted({ providers: [kind] }), context))).message).toContain(words);
    }
  });

  it('what cannot be ended stops failover: exit code 6 with id, provider and command; gc ends it later', async () => {
    const cloud = w.cloud();
    cloud.offers = [1, 2].map((n) => sampleOffer({ id: `o${n}` }));
    cloud.fate = () => ({ fate: 'fails' });
    cloud.fault = (op) => (op === 'terminate' ? { half: true } : null);
    const { ledger, context } = await start();
    const error = await failure(acquire(wanted(), context));
    expect(error).toMatchObject({ code: 'BENCH_PROVIDER_CLEANUP', exitCode: 6 });
    expect(error.message).toContain('(id memory-0)');
    expect(error.hint).toContain('bench gc');
    expect(cloud.made).toHaveLength(1);
    cloud.fault = () => null;
    expect(await w.gc(ledger)).toMatchObject({ ended: [{ id: 'memory-0' }], exitCode: 0 });
    expect(cloud.alive()).toEqual([]);
  });

  it('credentials that are revoked in the middle: exit code 6 with the command, and gc ends it when they are back', async () => {
    const cloud = w.cloud();
    const { ledger, context } = await start();
    const machine = await acquire(wanted(), context);
    cloud.fault = () => ({ kind: 'auth' });
    const error = await failure(machine.end('done'));
    expect(error).toMatchObject({ code: 'BENCH_PROVIDER_CLEANUP', exitCode: 6 });
    expect(error.message).toMatch(/machine bench-\S+-0 \(id memory-0\) could not be ended and may cost money: memory: auth of the test/);
    expect(error.hint).toBe(`renew the key; then run: bench gc — or end memory-0 in the console of ${cloud.factory.title}`);
    const without = await w.gc(ledger);
    expect(without.exitCode).toBe(6);
    expect(without.unresolved.map(({ id, hint }) => [id, hint])).toContainEqual(['memory-0', expect.stringContaining('renew the key')]);
    cloud.fault = () => null;
    expect(await w.gc(ledger)).toMatchObject({ exitCode: 0 });
    expect(cloud.alive()).toEqual([]);
  });

  it('a provider that is down for ten minutes in the middle is waited for', async () => {
    const cloud = w.cloud();
    const { context } = await start();
    const from = 20_000;
    cloud.fault = () => (w.time.io.monotonic() > from && w.time.io.monotonic() < from + 600_000 ? { kind: 'transient' } : null);
    const machine = await acquire(wanted(), context);
    expect(w.time.io.monotonic()).toBeGreaterThan(from + 600_000);
    expect(cloud.made).toEqual([machine.name]);
    await machine.end('done');
    expect(cloud.alive()).toEqual([]);
  });

  it('a provider that is down for ten minutes at create, after it acted', async () => {
    const cloud = w.cloud();
    const { context } = await start();
    let downUntil = 0;
    cloud.fault = (op) => {
      if (op === 'create' && downUntil === 0) {
        downUntil = w.time.io.monotonic() + 600_000;
        return { lostAnswer: true };
      }
      return w.time.io.monotonic() < downUntil ? { kind: 'transient' } : null;
    };
    const machine = await acquire(wanted(), context);
    expect(cloud.made).toEqual([machine.name]);
    await machine.end('done');
    expect(cloud.alive()).toEqual([]);
  });

  it.each([3_600_000, -3_600_000])('a clock that jumps by %i ms changes nothing', async (jump) => {
    const cloud = w.cloud();
    const { ledger, context } = await start({ on: (event: { type: string }) => event.type === 'state' && w.time.jump(jump) });
    const machine = await acquire(wanted(), context);
    const others = await w.ledger('me', { ...thisProcess(), heartbeat: 'other' });
    const held = await acquire(wanted(), w.context(w.time.process(), others));
    w.time.jump(jump);
    const result = await w.gc(ledger);
    expect(result.alive.map(({ name }) => name)).toEqual([held.name]);
    expect(result.ended.map(({ name }) => name)).toEqual([machine.name]);
    expect(cloud.alive()).toEqual([held.name]);
    await held.end('done');
  });

  it('without any offer that fits it says why', async () => {
    w.cloud().offers = [sampleOffer(), sampleOffer({ id: 'o2', priceUsdPerHour: null })];
    const { ledger, context } = await start();
    const error = await failure(acquire(wanted({ maxPriceUsdPerHour: 3 }), context));
    expect(error).toMatchObject({ code: 'BENCH_NO_OFFER', exitCode: 4 });
    expect(error.message).toContain('it costs 4 $/h');
    expect(error.message).toContain('its price is not known');
    expect(await ledger.entries()).toEqual([]);
  });

  it('a provider whose offers fail is told and does not stop the others', async () => {
    const broken = w.cloud({ name: 'broken' });
    broken.fault = () => ({ kind: 'transient' });
    w.cloud({ name: 'whole' });
    const { context } = await start();
    const machine = await acquire(wanted(), context);
    expect(machine.offer.provider).toBe('whole');
    expect(w.events).toContainEqual(expect.objectContaining({ type: 'offers', provider: 'broken', error: expect.any(BenchError) }));
    await machine.end('done');
  });

  it.each(['before create', 'during create', 'while it starts'])('stopped %s, it ends what it made before it throws', async (when) => {
    const cloud = w.cloud();
    cloud.fate = () => ({ visibleMs: 15_000 });
    const stop = new AbortController();
    cloud.fault = (op) => {
      if ((op === 'create' && when === 'during create') || (op === 'observe' && when === 'while it starts'))
        stop.abort(new Error('stopped'));
      return null;
    };
    const { ledger, context } = await start({
      signal: stop.signal,
      on: () => when === 'before create' && stop.abort(new Error('stopped')),
    });
    await expect(acquire(wanted(), context)).rejects.toThrow('stopped');
    expect(cloud.alive()).toEqual([]);
    for (const { state } of await ledger.entries()) expect(['gone', 'refused']).toContain(state);
  });

  it('tells when a machine is taken away', async () => {
    const cloud = w.cloud();
    cloud.fate = () => ({ fate: 'preempted', fateMs: 500_000 });
    const { context } = await start();
    const machine = await acquire(wanted(), context);
    expect(await machine.lost).toMatchObject({ code: 'BENCH_PROVIDER_PREEMPTED' });
    await machine.end('it was taken away');
    expect(cloud.alive()).toEqual([]);
  });

  it('tells at once whether one is gone that somebody has reason to suspect', async () => {
    const cloud = w.cloud();
    cloud.fate = () => ({ fate: 'preempted', fateMs: 70_000 });
    const { context } = await start();
    const { io } = context;
    const machine = await acquire(wanted(), context);
    expect(await machine.suspect(1)).toBeNull();
    // Taken after it was acquired, and before it is looked at next by itself.
    await io.sleep(10_500);
    const from = io.monotonic();
    expect(await machine.suspect(60_000)).toMatchObject({ code: 'BENCH_PROVIDER_PREEMPTED' });
    expect(io.monotonic() - from).toBeLessThan(1000);
    expect(await machine.lost).toMatchObject({ code: 'BENCH_PROVIDER_PREEMPTED' });
    await machine.end('it was taken away');
  });

  it('is adopted by a later process, and not while another one has it', async () => {
    const cloud = w.cloud();
    const { context } = await start();
    const { name } = await acquire(wanted(), context);
    const later = await w.ledger('me', { ...thisProcess(), heartbeat: 'later' });
    const adopted = await adoptRented(name, w.context(w.time.process(), later));
    expect(adopted?.name).toBe(name);
    await expect(adoptRented(name, context)).rejects.toMatchObject({ code: 'BENCH_MACHINE_BUSY' });
    await adopted?.end('done');
    expect(await adoptRented(name, context)).toBeNull();
    expect(cloud.alive()).toEqual([]);
  });

  it('what is kept is left alone until then, and no longer', async () => {
    const cloud = w.cloud();
    const { ledger, context } = await start();
    const machine = await acquire(wanted(), context);
    await machine.keep(new Date(w.time.io.now() + 3_600_000));
    machine.release();
    expect(await w.gc(ledger)).toMatchObject({
      ended: [],
      alive: [{ name: machine.name, by: expect.stringContaining('its lease until') }],
    });
    w.time.jump(2 * 3_600_000);
    expect(await w.gc(ledger)).toMatchObject({ ended: [{ name: machine.name }] });
    expect(cloud.alive()).toEqual([]);
  });
});
