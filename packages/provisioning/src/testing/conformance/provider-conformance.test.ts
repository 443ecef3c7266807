import { createIo } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { providerError } from '../../contract/error.ts';
import type { Offer } from '../../contract/offer.ts';
import type { CheckItem, ProviderFactory } from '../../contract/provider.ts';
import { hurriedIo } from './hurried-io.ts';
import { type MemoCloud, memoCloud } from './memo-cloud.ts';
import { type Break, MEMO_CAPABILITIES, memoFactory } from './memo-provider.ts';
import type { ConformanceOptions } from './options.ts';
import { providerConformance } from './provider-conformance.ts';

interface World {
  settings: { key: string };
  io: ReturnType<typeof createIo>;
  secrets: string[];
  cloud: MemoCloud;
  close(): void;
}

function options(factory: ProviderFactory): ConformanceOptions<World> {
  return {
    factory,
    unknownId: 'm999999',
    misbehaviours: ['awkward'],
    prepare: () => {
      const cloud = memoCloud();
      return {
        cloud,
        settings: { key: cloud.key },
        io: { ...createIo({ env: {} }), fetch: cloud.fetch },
        secrets: [cloud.key],
        close: () => undefined,
      };
    },
    hooks: {
      advance: ({ cloud }, ms) => cloud.advance(ms),
      alive: ({ cloud }) => cloud.alive().map(({ name }) => name),
      loseAnswer: ({ cloud }, how) => void (cloud.next = how),
      endlessAnswer: ({ cloud }) => void (cloud.next = 'endless'),
      loseRequest: ({ cloud }) => void (cloud.next = 'lost'),
      refuse: Object.fromEntries(
        (['capacity', 'quota', 'balance', 'request', 'rate-limit'] as const).map((kind) => [
          kind,
          ({ cloud }: World) => void (cloud.refuse = kind),
        ]),
      ),
      breakDown: ({ cloud }) => {
        cloud.down = true;
        return () => void (cloud.down = false);
      },
      revoke: ({ cloud }) => void (cloud.key = 'another-key'),
      wrongSettings: () => ({ key: 'never-was-right' }),
      strangers: ({ cloud }) => [
        cloud.add({ name: 'database' }).id,
        cloud.add({ name: 'bench-zzzzzz-r1-0', owner: 'zzzzzzzzzzzz', run: 'r1' }).id,
      ],
      preempt: ({ cloud }, ref) => {
        for (const machine of cloud.machines) if (machine.id === ref.id) machine.preempted = true;
      },
      misbehave: ({ cloud }) => void (cloud.awkward = true),
    },
  };
}

/** The cases that a provider fails, one a line, until one of them is what was expected. */
async function failures(factory: ProviderFactory, expected: RegExp): Promise<string> {
  let failed = '';
  for (const { name, skipped, run } of providerConformance(options(factory))) {
    if (skipped === null) await run().catch((error: unknown) => (failed += `${name}: ${(error as Error).message}\n`));
    if (expected.test(failed)) break;
  }
  return failed;
}

describe('a provider that keeps the contract', () => {
  const cases = providerConformance(options(memoFactory()));
  it.each(cases.filter(({ skipped }) => skipped === null))('$name', ({ run }) => run());

  it('is tried on everything', () => {
    const skipped = cases.filter((one) => one.skipped !== null);
    expect(skipped.map(({ name }) => name)).toEqual(['create: with the same key twice makes one machine', 'logs: of a running machine']);
  });
});

describe('without the hooks of a fake', () => {
  const cloud = memoCloud();
  const io = { ...createIo({ env: {} }), fetch: cloud.fetch };
  const hurried = hurriedIo(io, (ms) => cloud.advance(ms));
  const bare: ConformanceOptions = { factory: memoFactory(), settings: { key: cloud.key }, io: hurried };

  it('most can be tried all the same, and nothing is left in the account', async () => {
    const cases = providerConformance(bare);
    expect(cases.filter(({ skipped }) => skipped === null).length).toBeGreaterThan(15);
    for (const { skipped, run } of cases) if (skipped === null) await run();
    cloud.advance(60_000);
    expect(cloud.alive()).toEqual([]);
  });

  it('and nothing is rented when that is not wanted', async () => {
    const before = cloud.machines.length;
    for (const { skipped, run } of providerConformance({ ...bare, rent: false })) if (skipped === null) await run();
    expect(cloud.machines.length).toBe(before);
  });

  it('what is not tried says what it needs', () => {
    const said = providerConformance(bare).flatMap(({ skipped }) => (skipped === null ? [] : [skipped]));
    expect(said).toContain('needs the hook loseAnswer');
    expect(said).toContain('needs the option unknownId');
  });
});

function without<T extends object>(value: T, key: keyof T): Partial<T> {
  const copy: Partial<T> = { ...value };
  delete copy[key];
  return copy;
}

const offersChanged =
  (change: (offer: Offer) => Offer): Break =>
  (inner) => ({
    offers: async function* (query, o) {
      for await (const offer of inner.offers(query, o)) yield change(offer);
    },
  });

/** What is broken; the case that must see it. */
const BROKEN: Record<string, [RegExp, ProviderFactory]> = {
  'a price of 0': [
    /offers: each is complete.*priceUsdPerHour/,
    memoFactory(offersChanged((offer) => ({ ...offer, priceUsdPerHour: offer.priceUsdPerHour ?? 0 }))),
  ],
  'a price that is no number': [
    /offers: each is complete.*NaN/,
    memoFactory(offersChanged((offer) => ({ ...offer, priceUsdPerHour: Number.NaN }))),
  ],
  'a field that is missing': [
    /offers: each is complete.*cudaVersion/,
    memoFactory(offersChanged((offer) => without(offer, 'cudaVersion') as Offer)),
  ],
  'two offers with one id': [/offers: each is complete.*one id/, memoFactory(offersChanged((offer) => ({ ...offer, id: 'same' })))],
  'the wrong market': [
    /offers: each satisfies/,
    memoFactory((inner) => ({ offers: (query, o) => inner.offers({ ...query, markets: ['on-demand', 'spot'] }, o) })),
  ],
  'every region': [
    /offers: each satisfies/,
    memoFactory((inner) => ({ offers: (query, o) => inner.offers({ ...query, regions: [] }, o) })),
  ],
  'offers that cannot be aborted': [/offers: an abort/, memoFactory((inner) => ({ offers: (query) => inner.offers(query) }))],
  'a plan that asks the server': [
    /plan: the same.*sends requests/,
    memoFactory((inner, { call }) => ({
      plan: (spec) => {
        void call({ kind: 'list', method: 'GET', path: '/machines', repeatable: true });
        return inner.plan(spec);
      },
    })),
  ],
  'a plan with something random': [
    /plan: the same.*another one/,
    memoFactory((inner) => {
      let n = 0;
      return { plan: (spec) => inner.plan(spec).map((step) => ({ ...step, description: `step ${n++}` })) };
    }),
  ],
  'a plan that shows a secret': [
    /plan: the same.*shows a secret/,
    memoFactory(() => ({
      plan: (spec) => [{ kind: 'http', description: 'create', method: 'POST', url: 'http://memo.test/machines', body: spec.workload }],
    })),
  ],
  'a plan that says something else': [
    /plan: says what create.*another body/,
    memoFactory((inner) => ({ plan: (spec) => inner.plan({ ...spec, expiresAt: '2020-01-01T00:00:00.000Z' }) })),
  ],
  'a plan that needs an offer of its own': [
    /plan: an offer that nobody made.*no data/,
    memoFactory((inner) => ({
      plan: (spec) => {
        if (spec.offer.data === null) throw new Error('no data');
        return inner.plan(spec);
      },
    })),
  ],
  'a plan that says nothing': [/plan: says what create/, memoFactory(() => ({ plan: () => [] }))],
  'a create that waits': [
    /life: created.*at once/,
    memoFactory((inner, { context }) => ({
      create: async (spec, o) => {
        const machine = await inner.create(spec, o);
        await context.sleep(60_000);
        return machine;
      },
    })),
  ],
  'an address that is not final': [
    /life: created.*final/,
    memoFactory((inner, { list, machineOf, context }) => ({
      observe: async (refs) => {
        const all = await list();
        const at = Math.floor(context.monotonic());
        return new Map(
          refs.map(({ id }) => {
            const seen = all.find((one) => one.id === id);
            if (seen === undefined) return [id, null];
            return [id, machineOf({ ...seen, state: 'RUNNING', host: '192.0.2.1', port: 1 + (at % 60_000) })];
          }),
        );
      },
      terminate: inner.terminate,
    })),
  ],
  'a run that is not known': [
    /life: created.*run/,
    memoFactory((inner) => ({ create: async (spec, o) => ({ ...(await inner.create(spec, o)), run: null }) })),
  ],
  'a terminate that says gone too early': [
    /terminate: twice.*owned\(\) lists/,
    memoFactory((inner) => ({ terminate: async (ref) => (await inner.terminate(ref), 'gone') })),
  ],
  'a terminate that does nothing': [/life: created/, memoFactory(() => ({ terminate: async () => 'gone' }))],
  'a terminate that fails for what is gone': [
    /terminate, observe: of something that never was/,
    memoFactory((_inner, { call }) => ({
      terminate: async (ref) => {
        await call({ kind: 'end', method: 'DELETE', path: `/machines/${ref.id}`, repeatable: true });
        return 'accepted';
      },
    })),
  ],
  'a terminate of more than was asked': [
    /stranger's.*something else/,
    memoFactory((inner, { list }) => ({
      terminate: async (ref, o) => {
        for (const other of await list()) if (other.name.startsWith('bench-')) await inner.terminate({ ...ref, id: other.id }, o);
        return inner.terminate(ref, o);
      },
    })),
  ],
  'find by the beginning of a name': [
    /find: by the whole name.*takes/,
    memoFactory((_inner, { list, machineOf }) => ({
      find: async (name) => {
        const seen = (await list()).find((one) => one.name.startsWith(name));
        return seen === undefined ? null : machineOf(seen);
      },
    })),
  ],
  'an outage that reads as gone': [
    /outage: .*observe/,
    memoFactory((inner) => ({ observe: (refs, o) => inner.observe(refs, o).catch(() => new Map(refs.map(({ id }) => [id, null]))) })),
  ],
  'an outage that reads as never made': [
    /outage: .*find/,
    memoFactory((inner) => ({ find: (name, o) => inner.find(name, o).catch(() => null) })),
  ],
  'an outage that reads as ended': [
    /outage: .*terminate/,
    memoFactory((inner) => ({ terminate: (ref, o) => inner.terminate(ref, o).catch(() => 'gone' as const) })),
  ],
  'an outage that reads as nothing there': [
    /outage: .*owned/,
    memoFactory((inner) => ({
      owned: async function* (filter) {
        try {
          yield* inner.owned(filter);
        } catch {
          // as if there were none
        }
      },
    })),
  ],
  "everybody's machines": [
    /owned: by owner/,
    memoFactory((inner) => ({ owned: (filter) => inner.owned(filter.run === undefined ? {} : { run: filter.run }) })),
  ],
  'machines that bench did not make': [
    /stranger's/,
    memoFactory((_inner, { list, machineOf }) => ({
      owned: async function* ({ owner }) {
        for (const seen of await list()) if (owner === undefined || seen.owner === owner) yield machineOf(seen);
      },
    })),
  ],
  'the first page only': [
    /lists are read to their end/,
    memoFactory((_inner, { call, machineOf }) => ({
      owned: async function* ({ owner }) {
        const page = (await call({ kind: 'list', method: 'GET', path: '/machines?from=0', repeatable: true })).json() as {
          machines: Parameters<typeof machineOf>[0][];
        };
        for (const seen of page.machines) if (owner === undefined || seen.owner === owner) yield machineOf(seen);
      },
    })),
  ],
  'more machines than were asked for': [
    /observe: many.*not asked for/,
    memoFactory((inner, { list, machineOf }) => ({
      observe: async (refs) =>
        new Map([...(await inner.observe(refs)), ...(await list()).map((seen) => [seen.id, machineOf(seen)] as const), ['m0', null]]),
    })),
  ],
  'a create that is sent again': [
    /lost \(reset\)/,
    memoFactory((_inner, { call, machineOf }) => ({
      create: async (spec, { signal }) => {
        const body = {
          name: spec.name,
          owner: spec.owner,
          run: spec.run,
          expires: spec.expiresAt,
          kind: spec.workload.kind,
          market: spec.market,
        };
        return machineOf(
          (await call({ kind: 'create', method: 'POST', path: '/machines', body, repeatable: true, signal })).json() as Parameters<
            typeof machineOf
          >[0],
        );
      },
    })),
  ],
  'a lost answer that is taken for a refusal': [
    /lost \(error\)/,
    memoFactory((inner) => ({
      create: (spec, o) =>
        inner.create(spec, o).catch(() => {
          throw providerError({ kind: 'capacity', provider: 'memo', op: 'create', message: 'no' });
        }),
    })),
  ],
  'an answer that is not JSON and taken for a fault that passes': [
    /lost \(malformed\)/,
    memoFactory((inner) => ({
      create: (spec, o) =>
        inner.create(spec, o).catch((cause: unknown) => {
          if (!/not JSON/.test((cause as Error).message)) throw cause;
          throw providerError({ kind: 'transient', provider: 'memo', op: 'create', message: 'no JSON' });
        }),
    })),
  ],
  'an error of its own making': [
    /refused \(capacity\)/,
    memoFactory((inner) => ({
      create: (spec, o) =>
        inner.create(spec, o).catch((error: unknown) => {
          throw new Error(`failed: ${(error as Error).message}`);
        }),
    })),
  ],
  'a create that cannot be aborted': [
    /aborted before it began/,
    memoFactory((inner) => ({ create: (spec, o) => inner.create(spec, { idempotencyKey: o.idempotencyKey }) })),
  ],
  'an abort that is called a refusal': [
    /aborted at every await/,
    memoFactory((inner) => ({
      create: (spec, o) =>
        inner.create(spec, o).catch((error: unknown) => {
          throw o.signal?.aborted === true ? providerError({ kind: 'request', provider: 'memo', op: 'create', message: 'stopped' }) : error;
        }),
    })),
  ],
  'a claim to make one machine of two creates': [
    /same key twice/,
    memoFactory(undefined, { capabilities: { ...MEMO_CAPABILITIES, idempotentCreate: true } }),
  ],
  'a claim to have logs': [/factory: .*logs/, memoFactory(undefined, { capabilities: { ...MEMO_CAPABILITIES, logs: true } })],
  'a stopped machine that reads as gone': [
    /stop, start/,
    memoFactory((inner) => ({
      observe: async (refs) =>
        new Map([...(await inner.observe(refs))].map(([id, machine]) => [id, machine?.state === 'stopped' ? null : machine])),
    })),
  ],
  'a preemption that is not told': [
    /preempted: /,
    memoFactory((inner) => ({
      observe: async (refs) =>
        new Map([...(await inner.observe(refs))].map(([id, machine]) => [id, machine === null ? null : { ...machine, preempted: false }])),
    })),
  ],
  'a check that always likes what it sees': [
    /check: wrong credentials/,
    memoFactory(() => ({ check: async () => ({ items: [{ name: 'credentials', state: 'ok', text: 'fine' }] }) })),
  ],
  'a check that throws': [
    /check: credentials that were revoked/,
    memoFactory((inner) => ({
      check: async () => {
        await inner.find('x');
        return { items: [{ name: 'credentials', state: 'ok', text: 'fine' }] };
      },
    })),
  ],
  'a check without a fix': [
    /check: wrong credentials.*what to do/,
    memoFactory((inner) => ({
      check: async () => ({ items: (await inner.check()).items.map((item) => without(item, 'fix') as CheckItem) }),
    })),
  ],
  'settings that take anything': [/settings: an unknown key/, memoFactory(undefined, { settings: z.looseObject({ key: z.string() }) })],
  'an open that connects': [
    /factory: .*sent a request/,
    memoFactory(undefined, {
      open: async (settings, context) => {
        await context.http({ kind: 'account', method: 'GET', url: 'http://memo.test/account', repeatable: true, accept: () => true });
        return memoFactory().open(settings, context);
      },
    }),
  ],
  'a close that fails the second time': [
    /close: may be called twice/,
    memoFactory(() => {
      let closed = false;
      return {
        close: async () => {
          if (closed) throw new Error('closed');
          closed = true;
        },
      };
    }),
  ],
  'a secret in an offer': [
    /a secret stands in what offers\(\) gave/,
    memoFactory((inner, { key }) => ({
      offers: async function* (query, o) {
        for await (const offer of inner.offers(query, o)) yield { ...offer, data: { key } };
      },
    })),
  ],
  'a secret in an error': [
    /a secret stands in an error of find\(\)/,
    memoFactory((inner, { key }) => ({
      find: (name, o) =>
        inner.find(name, o).catch(() => {
          throw providerError({ kind: 'auth', provider: 'memo', op: 'find', message: `the key ${key} is refused` });
        }),
    })),
  ],
  'a secret in a log': [
    /a secret stands in a log line/,
    memoFactory(undefined, {
      open: async (settings, context) => {
        const quiet = { ...context, secrets: { ...context.secrets, mask: () => undefined } };
        context.logger.log('info', `opened with ${(settings as { key: string }).key}`);
        return memoFactory().open(settings, quiet);
      },
    }),
  ],
};

describe('the suite sees', () => {
  it.each(Object.entries(BROKEN))('%s', async (_what, [expected, factory]) => {
    expect(await failures(factory, expected)).toMatch(expected);
  });
});
