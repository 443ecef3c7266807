import { createIo } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { providerConformance } from '../testing/conformance/index.ts';
import type { FaultHow, FaultRule } from '../testing/fake/faults.ts';
import { type FakeVast, startFakeVast } from '../testing/vast/fake-vast.ts';
import { type Misbehaviour, MISBEHAVIOURS } from '../testing/vast/misbehaviours.ts';
import { vast } from './index.ts';

const factory = vast();
const CREATE = /^PUT .*\/asks\//;
const KEY = 'planted-vast-key-0123456789abcdef';
const io = createIo({ env: { VAST_TEST_KEY: KEY } });
const settingsOf = (fake: FakeVast) => ({ base_url: fake.server.url, api_key: { from_env: 'VAST_TEST_KEY' } });
const LOST: Record<'reset' | 'malformed' | 'error', FaultHow> = {
  reset: 'reset-after',
  malformed: 'malformed',
  error: { status: 500, acted: true },
};
/** What goes wrong with any provider. */
const FAULTS: Readonly<Record<string, FaultRule>> = {
  'resets after it acted': { rate: 0.2, seed: 5, how: 'reset-after' },
  'bursts of 5xx': { rate: 0.3, seed: 3, how: { status: 502 } },
  'half of the JSON': { rate: 0.2, seed: 7, how: 'malformed' },
  'slow answers': { rate: 0.2, seed: 9, how: { delayMs: 30 } },
};
const refusal =
  (how: FaultHow) =>
  ({ fake }: { fake: FakeVast }): void =>
    void fake.server.fail({ match: CREATE, how });
const body = (error: string, msg: string) => ({ success: false, error, msg });

const suite = (workload: 'vm' | 'container', misbehave: readonly Misbehaviour[]) =>
  providerConformance({
    // The suite rents one kind at a time.
    factory: { ...factory, capabilities: { ...factory.capabilities, workloads: [workload] } },
    prepare: async () => {
      const fake = await startFakeVast({ misbehave, keys: [KEY], plenty: true });
      return { fake, io, settings: settingsOf(fake), secrets: [KEY], close: () => fake.close() };
    },
    query: { gpu: 'RTX4090', count: 1, workload },
    choose: (offers) => offers.find(({ priceUsdPerHour }) => priceUsdPerHour !== null),
    unknownId: '987654321',
    // Five pages of a list; the others read two.
    many: misbehave.length === 0 ? 120 : 30,
    misbehaviours: [...Object.keys(MISBEHAVIOURS), 'all', ...Object.keys(FAULTS)],
    hooks: {
      advance: ({ fake }, ms) => fake.server.clock.advance(ms),
      alive: ({ fake }) => fake.truth().live.map(({ name }) => name),
      loseAnswer: ({ fake }, how) => void fake.server.fail({ match: CREATE, times: 1, how: LOST[how] }),
      endlessAnswer: ({ fake }) => void fake.server.fail({ match: CREATE, times: 1, how: 'slow-body' }),
      loseRequest: ({ fake }) => void fake.server.fail({ match: CREATE, times: 1, how: 'reset-before' }),
      refuse: {
        capacity: ({ fake }) => void (fake.tricks.taken = 100),
        balance: ({ fake }) => fake.setCredit(0),
        request: refusal({ status: 400, body: body('invalid_args', 'error 400/3467: Invalid args: image') }),
        'rate-limit': refusal({ status: 429, body: 'API requests too frequent endpoint threshold=4.5' }),
      },
      breakDown: ({ fake }) => {
        const fault = fake.server.fail({ how: { status: 503, body: 'upstream connect error' } });
        return () => fault.remove();
      },
      revoke: ({ fake }) => fake.server.revoke(KEY),
      wrongSettings: ({ fake }) => {
        fake.server.revoke(KEY);
        return settingsOf(fake);
      },
      strangers: ({ fake }) => [fake.foreign('somebodys-machine'), fake.foreign('bench-zzzzzz-r123456789-0')],
      preempt: ({ fake }, ref) => fake.outbid(ref.name),
      misbehave: ({ fake }, name) => {
        const fault = FAULTS[name];
        if (fault === undefined) fake.misbehave(name === 'all' ? 'all' : [name]);
        else fake.server.fail(fault);
      },
    },
  });

/** With these a create may rightly fail, which the cases of a life that goes well cannot do with; each has a case of its own. */
const NO_MACHINE: readonly string[] = ['taken', 'error-with-machine', 'oci'] satisfies Misbehaviour[];
const AWKWARD = (Object.keys(MISBEHAVIOURS) as Misbehaviour[]).filter((name) => !NO_MACHINE.includes(name));
const suites: ['vm' | 'container', string, readonly Misbehaviour[]][] = [
  ['container', 'a fake that behaves', []],
  ['container', 'all that is awkward at once', AWKWARD],
  ['vm', 'a fake that behaves', []],
  ['vm', 'all that is awkward at once', AWKWARD],
];

describe.each(suites)('vast.ai keeps what every provider promises, with a workload of kind "%s": %s', (workload, _title, misbehave) => {
  const cases = suite(workload, misbehave);
  it.each(cases.filter(({ skipped }) => skipped === null))('$name', ({ run }) => run());
  it('has no quotas, and no key of a create', () => {
    const left = cases.flatMap(({ skipped }) => skipped ?? []);
    expect(left).toEqual(['capabilities.idempotentCreate is false', 'needs the hook refuse.quota']);
  });
});
