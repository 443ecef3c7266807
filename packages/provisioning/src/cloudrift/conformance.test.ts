import { createIo, type Io } from '@bench/core';
import { describe, expect, test } from 'vitest';
import { cloudrift } from './index.ts';
import { providerConformance } from '../testing/conformance/index.ts';
import { DEFAULT_TYPES } from '../testing/cloudrift/catalogue.ts';
import { type FakeCloudrift, startFakeCloudrift } from '../testing/cloudrift/fake-cloudrift.ts';
import type { CloudriftMisbehaviour } from '../testing/cloudrift/options.ts';

const KEY = 'rift_planted-key-1234567890';
const RENT = /instances\/rent$/;
/** The suite rents more than a hundred of one kind. */
const PLENTY = DEFAULT_TYPES.map((type) => ({ ...type, nodes: Object.fromEntries(Object.keys(type.nodes).map((dc) => [dc, 140])) }));
const STRANGERS = ['bench-zzzzzz-r000000000-0', 'training', null];

interface World {
  fake: FakeCloudrift;
  settings: unknown;
  secrets: string[];
  io: Io;
  close(): Promise<void>;
}

async function prepare(misbehave: 'all' | readonly CloudriftMisbehaviour[]): Promise<World> {
  const fake = await startFakeCloudrift({ misbehave, keys: [KEY], types: PLENTY });
  return {
    fake,
    settings: { api_key: { from_env: 'THE_KEY' }, base_url: fake.server.url },
    secrets: [KEY],
    io: createIo({ env: { THE_KEY: KEY, WRONG: 'rift_wrong-key' } }),
    close: async () => {
      await fake.close();
      expect(fake.server.errors).toEqual([]);
    },
  };
}

const suites: [string, 'all' | readonly CloudriftMisbehaviour[]][] = [
  ['a fake that behaves', []],
  ['all that is awkward at once', 'all'],
];

describe.each(suites)('CloudRift keeps the contract: %s', (_title, misbehave) => {
  const cases = providerConformance<World>({
    factory: cloudrift(),
    prepare: () => prepare(misbehave),
    unknownId: '00000000-0000-4000-8000-000000000000',
    many: misbehave.length === 0 ? 120 : 30,
    misbehaviours: ['sold out', 'boot fails', 'bursts of 5xx', 'resets', 'half of the JSON', 'slow bodies'],
    hooks: {
      advance: ({ fake }, ms) => fake.server.clock.advance(ms),
      alive: ({ fake }) => fake.truth().live.map(({ name }) => name),
      loseAnswer: ({ fake }, how) =>
        void fake.server.fail({
          match: RENT,
          times: 1,
          how: how === 'reset' ? 'reset-after' : how === 'malformed' ? 'malformed' : { status: 500, acted: true },
        }),
      endlessAnswer: ({ fake }) => void fake.server.fail({ match: RENT, times: 1, how: 'slow-body' }),
      loseRequest: ({ fake }) => void fake.server.fail({ match: RENT, times: 1, how: 'reset-before' }),
      refuse: {
        capacity: ({ fake }) => void (fake.tricks.empty = 99),
        request: ({ fake }) => void fake.server.fail({ match: RENT, how: { status: 400, body: 'invalid value for `name`' } }),
        balance: ({ fake }) => void fake.server.fail({ match: RENT, how: { status: 402, body: 'insufficient balance' } }),
        'rate-limit': ({ fake }) => void fake.server.fail({ match: RENT, how: { status: 429, body: 'slow down' } }),
      },
      breakDown: ({ fake }) => fake.server.fail({ how: { status: 503, body: 'maintenance' } }).remove,
      revoke: ({ fake }) => fake.server.revoke(fake.server.key),
      wrongSettings: ({ fake }) => ({ api_key: { from_env: 'WRONG' }, base_url: fake.server.url }),
      strangers: ({ fake }) => STRANGERS.map((name) => fake.foreign(name)),
      preempt: ({ fake }, { name }) => void fake.lose(name),
      misbehave: ({ fake }, name) => {
        if (name === 'sold out') fake.tricks.empty = 1;
        else if (name === 'boot fails') fake.tricks.bootFailed = 2;
        else if (name === 'bursts of 5xx') fake.server.fail({ rate: 0.3, seed: 3, how: { status: 502 } });
        else if (name === 'resets') fake.server.fail({ rate: 0.2, seed: 5, how: 'reset-after' });
        else if (name === 'half of the JSON') fake.server.fail({ rate: 0.2, seed: 7, how: 'malformed' });
        else fake.server.fail({ rate: 0.2, seed: 9, how: { delayMs: 30 } });
      },
    },
  });
  test.each(cases.filter(({ skipped }) => skipped === null))('$name', ({ run }) => run());
  test('has one market, no key of a create, no logs and no quotas', () => {
    const left = cases.flatMap(({ skipped }) => skipped ?? []);
    expect(left).toEqual([
      'there is one market',
      'capabilities.idempotentCreate is false',
      'capabilities.logs is false',
      'needs the hook refuse.quota',
    ]);
  });
});
