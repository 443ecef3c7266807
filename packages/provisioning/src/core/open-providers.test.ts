import { createIo, type Io } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Provider, ProviderContext, ProviderFactory } from '../contract/provider.ts';
import { DEFAULT_DEADLINES, deadlinesOf } from './deadlines.ts';
import { openProviders } from './open-providers.ts';
import { maskSecrets } from './secrets.ts';

const io = createIo({ env: { CLOUDY_KEY: 'sesame-open-99' } });

function provider(more: Partial<Provider> = {}): Provider {
  const none = async function* () {};
  return {
    check: async () => ({ items: [] }),
    offers: none,
    plan: () => [],
    create: () => Promise.reject(new Error('no')),
    observe: async () => new Map(),
    find: async () => null,
    terminate: async () => 'gone',
    owned: none,
    close: async () => undefined,
    ...more,
  };
}

function factory(name: string, more: Partial<ProviderFactory> = {}): ProviderFactory {
  return {
    contractVersion: 1,
    name,
    title: name.toUpperCase(),
    capabilities: {
      workloads: ['vm'],
      markets: ['on-demand'],
      idempotentCreate: false,
      labels: false,
      nativeTtl: false,
      shutdownEndsBilling: false,
      stopStart: false,
      livePrices: false,
      logs: false,
      visibleWithinMs: 0,
    },
    limits: {},
    settings: z.strictObject({}),
    configured: async () => null,
    open: async () => provider(),
    ...more,
  };
}

describe('openProviders', () => {
  it('opens what can be opened, with what its settings say and the Io', async () => {
    const got: { settings?: unknown; context?: ProviderContext } = {};
    const cloudy = factory('cloudy', {
      settings: z.strictObject({ zone: z.string().default('here'), key: z.string() }),
      open: async (settings, context) => {
        Object.assign(got, { settings, context });
        return provider();
      },
    });
    const open = await openProviders({ factories: [cloudy, factory('other')], settings: { cloudy: { key: 'k' } }, io });
    expect(got.settings).toEqual({ zone: 'here', key: 'k' });
    expect(got.context?.secrets.get('CLOUDY_KEY')).toBe('sesame-open-99');
    expect(got.context?.redact('a sesame-open-99')).toBe('a ***');
    await got.context?.pace('anything');
    expect(open.list.map((one) => one.factory.name)).toEqual(['cloudy', 'other']);
    expect(open.get('other')).toBe(open.list[1]);
    expect(open.closed).toEqual([]);
    await open.close();
  });

  it('names what is wrong in the settings by its path, and goes on', async () => {
    const vast = factory('vast', { settings: z.strictObject({ limits: z.strictObject({ bid: z.number() }), vm: z.boolean() }) });
    const open = await openProviders({ factories: [vast, factory('ok')], settings: { vast: { limits: { bid: 'much' }, vm: 1 } }, io });
    expect(open.list.map((one) => one.factory.name)).toEqual(['ok']);
    expect(open.closed[0]?.reason).toMatch(/^settings of VAST:\n {2}providers\.vast\.limits\.bid: .*\n {2}providers\.vast\.vm: /);
    expect(open.closed[0]?.error).toMatchObject({ code: 'BENCH_PROVIDER_SETTINGS', exitCode: 2 });
    expect(() => open.get('vast')).toThrow(expect.objectContaining({ code: 'BENCH_PROVIDER_UNKNOWN', exitCode: 2 }));
  });

  it('takes one that nobody set up as closed, not as broken', async () => {
    const byo = factory('byo', { settings: z.strictObject({ hosts: z.array(z.string()) }) });
    const gcp = factory('gcp', {
      configured: async () => ({ reason: 'no credentials were found', hint: 'gcloud auth application-default login' }),
    });
    const open = await openProviders({ factories: [byo, gcp], settings: {}, io });
    expect(open.closed).toMatchObject([
      { name: 'byo', title: 'BYO', hint: 'add a section providers.byo to the settings file', error: null },
      { name: 'gcp', title: 'GCP', reason: 'no credentials were found', hint: 'gcloud auth application-default login', error: null },
    ]);
    expect(() => open.get('gcp')).toThrow(/provider "gcp" is not open: no credentials were found/);
    expect(() => open.get('gcp')).toThrow(expect.objectContaining({ exitCode: 4, hint: 'gcloud auth application-default login' }));
    expect(() => open.get('aws')).toThrow(/there is no provider "aws"; no provider is open/);
  });

  it.each<[string, unknown, RegExp]>([
    [
      'another version',
      { ...factory('odd'), contractVersion: 2 },
      /is made for version 2 of the provider contract; this bench has version 1/,
    ],
    ['no version', { ...factory('odd'), contractVersion: undefined }, /nothing known/],
    ['nothing', null, /no provider factory/],
    ['a text', 'odd', /no provider factory/],
    ['a bad name', factory('Odd One'), /no proper name/],
    ['no schema', { ...factory('odd'), settings: {} }, /no proper settings/],
    ['no open', { ...factory('odd'), open: undefined, limits: null }, /no proper limits, open/],
    [
      'half a provider',
      factory('odd', { open: async () => ({ close: async () => undefined }) as unknown as Provider }),
      /lacks check, offers, plan/,
    ],
    ['nothing opened', factory('odd', { open: async () => null as unknown as Provider }), /lacks check/],
    ['a throw', factory('odd', { open: () => Promise.reject(new TypeError('oops sesame-open-99')) }), /cannot be opened: oops \*\*\*$/],
    [
      'a throw at once',
      factory('odd', {
        configured: () => {
          throw new Error('oops');
        },
      }),
      /cannot be opened: oops/,
    ],
    [
      'a schema that throws',
      factory('odd', { settings: { '~standard': { version: 1, vendor: 'x', validate: () => Promise.reject(new Error('deep')) } } }),
      /deep/,
    ],
  ])('refuses %s and opens the rest', async (_what, odd, message) => {
    io.secrets.get('CLOUDY_KEY');
    const open = await openProviders({ factories: [odd as ProviderFactory, factory('ok')], settings: {}, io });
    expect(open.list.map((one) => one.factory.name)).toEqual(['ok']);
    expect(open.closed).toHaveLength(1);
    expect(open.closed[0]?.reason).toMatch(message);
    expect(open.closed[0]?.error).toMatchObject({ code: 'BENCH_PROVIDER_BROKEN', exitCode: 3 });
  });

  it('keeps the error of a provider that has one', async () => {
    const open = await openProviders({
      factories: [
        factory('a', { open: async (_s, context) => context.http({ kind: 'x', method: 'GET', url: 'no', repeatable: true }) as never }),
      ],
      settings: {},
      io,
    });
    expect(open.closed[0]?.error?.code).toBe('BENCH_PROVIDER_REQUEST');
  });

  it('takes the first of two that have the same name', async () => {
    const first = factory('same');
    const open = await openProviders({ factories: [first, factory('same', { title: 'Second' })], settings: {}, io });
    expect(open.list.map((one) => one.factory)).toEqual([first]);
    expect(open.closed).toMatchObject([
      { name: 'same', title: 'Second', reason: expect.stringMatching(/two providers of the name "same"/) as string },
    ]);
    expect(open.get('same').factory).toBe(first);
  });

  it('opens only what is asked for', async () => {
    let opened = '';
    const factories = ['a', 'b'].map((name) => factory(name, { open: async () => ((opened += name), provider()) }));
    await openProviders({ factories, settings: {}, io, only: ['b'] });
    expect(opened).toBe('b');
  });

  it('closes all, once, whatever one of them says', async () => {
    const closed: string[] = [];
    const warned: string[] = [];
    const loud: Io = { ...io, logger: { log: (level, text) => void warned.push(`${level} ${text}`) } };
    const closes = (name: string, fails = false): ProviderFactory =>
      factory(name, {
        open: async () =>
          provider({
            close: async () => {
              closed.push(name);
              if (fails) throw new Error('stuck');
            },
          }),
      });
    const open = await openProviders({ factories: [closes('a', true), closes('b')], settings: {}, io: loud });
    await Promise.all([open.close(), open.close()]);
    expect([closed, warned]).toEqual([['a', 'b'], ['warn a did not close: stuck']]);
  });

  it('gives nothing after an abort', async () => {
    const controller = new AbortController();
    let closed = false;
    const slow = factory('slow', {
      open: async () => {
        controller.abort(new Error('enough'));
        return provider({ close: async () => void (closed = true) });
      },
    });
    await expect(openProviders({ factories: [slow], settings: {}, io: { ...io, signal: controller.signal } })).rejects.toThrow('enough');
    expect(closed).toBe(true);
  });
});

it('deadlines: the own ones first; a market that queues waits longer', () => {
  expect(deadlinesOf(factory('a'), 'spot')).toEqual(DEFAULT_DEADLINES);
  expect(deadlinesOf(factory('a'), 'flex').pendingMs).toBe(7_200_000);
  expect(deadlinesOf(factory('a', { deadlines: { sshMs: 1, pendingMs: 5 } }), 'flex')).toEqual({
    ...DEFAULT_DEADLINES,
    sshMs: 1,
    pendingMs: 5,
  });
});

it('secrets are masked wherever they stand, and what is named like one', () => {
  const masked = maskSecrets({ body: { env: { A: 'x-sesame-open-99', HF_TOKEN: 'abc' }, 'sesame-open-99': ['sesame%2Dopen', 1, null] } }, [
    'sesame-open-99',
  ]);
  expect(masked).toEqual({ body: { env: { A: 'x-***', HF_TOKEN: '***' }, '***': ['sesame%2Dopen', 1, null] } });
});
