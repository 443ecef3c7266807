import { createIo } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { providerConformance } from '../testing/conformance/index.ts';
import type { FaultHow, FaultRule } from '../testing/fake/faults.ts';
import { type FakeGcp, startFakeGcp } from '../testing/gcp/fake-gcp.ts';
import { GCP_MISBEHAVIOURS, type GcpMisbehaviour } from '../testing/gcp/options.ts';
import { FAKE_METRICS, FAKE_ZONES, regionOfZone } from '../testing/gcp/catalogue.ts';
import { gcp } from './index.ts';

const INSERT = /^POST .*\/instances$/;
const TOKEN = 'ya29.planted-token-0123456789';
const io = createIo({ env: { GCP_TEST_TOKEN: TOKEN } });
const settingsOf = (fake: FakeGcp) => ({ project: fake.project, base_url: fake.baseUrl, access_token: { from_env: 'GCP_TEST_TOKEN' } });
const refusal = (status: number, reason: string, message: string): FaultHow => ({
  status,
  body: { error: { code: status, message, errors: [{ message, domain: 'global', reason }] } },
});
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
const inserts =
  (how: FaultHow) =>
  ({ fake }: { fake: FakeGcp }): void =>
    void fake.server.fail({ match: INSERT, how });

const suite = (misbehave: readonly GcpMisbehaviour[]) =>
  providerConformance({
    factory: gcp(),
    prepare: async () => {
      const fake = await startFakeGcp({ misbehave, keys: [TOKEN] });
      return { fake, io, settings: settingsOf(fake), secrets: [TOKEN], close: () => fake.close() };
    },
    query: { gpu: 'L4', count: 1 },
    choose: (offers) => offers[0],
    unknownId: 'projects/bench-fake/zones/us-central1-a/instances/bench-aaaaaa-r000000000-0',
    misbehaviours: [...Object.keys(GCP_MISBEHAVIOURS), 'all', ...Object.keys(FAULTS)],
    hooks: {
      advance: ({ fake }, ms) => fake.server.clock.advance(ms),
      alive: ({ fake }) => fake.truth().live.map(({ name }) => name),
      loseAnswer: ({ fake }, how) => void fake.server.fail({ match: INSERT, times: 1, how: LOST[how] }),
      endlessAnswer: ({ fake }) => void fake.server.fail({ match: INSERT, times: 1, how: 'slow-body' }),
      loseRequest: ({ fake }) => void fake.server.fail({ match: INSERT, times: 1, how: 'reset-before' }),
      refuse: {
        capacity: ({ fake }) => {
          for (const zone of Object.keys(FAKE_ZONES)) fake.soldOut(zone);
        },
        quota: ({ fake }) => {
          for (const zone of Object.keys(FAKE_ZONES)) for (const metric of FAKE_METRICS) fake.setQuota(regionOfZone(zone), metric, 0);
        },
        balance: inserts(refusal(403, 'BILLING_DISABLED', 'This API method requires billing to be enabled.')),
        request: inserts(refusal(400, 'invalid', "Invalid value for field 'resource.name'.")),
        'rate-limit': inserts(refusal(403, 'rateLimitExceeded', 'Rate Limit Exceeded')),
      },
      breakDown: ({ fake }) => {
        const fault = fake.server.fail({ how: { status: 503, body: 'upstream connect error' } });
        return () => fault.remove();
      },
      revoke: ({ fake }) => fake.server.revoke(TOKEN),
      wrongSettings: ({ fake }) => {
        fake.server.revoke(TOKEN);
        return settingsOf(fake);
      },
      strangers: ({ fake }) => {
        fake.foreign('somebodys-machine');
        fake.foreign('bench-zzzzzz-r123456789-0', { 'bench-managed': 'true', 'bench-owner': 'zzzzzzzzzz', 'bench-run': 'r123456789' });
        return fake.truth().live.map(({ id }) => id);
      },
      preempt: ({ fake }, ref) => fake.preempt(ref.name),
      misbehave: ({ fake }, name) => {
        const fault = FAULTS[name];
        if (fault === undefined) fake.misbehave(name === 'all' ? 'all' : [name]);
        else fake.server.fail(fault);
      },
    },
  });

/** With these a machine may rightly never come up, which the cases of a life that goes well cannot do with; each has a case of its own. */
const NO_MACHINE: readonly string[] = ['stockout', 'flex-expiry'] satisfies GcpMisbehaviour[];
const suites: [string, readonly GcpMisbehaviour[]][] = [
  ['a fake that behaves', []],
  ['all that is awkward at once', (Object.keys(GCP_MISBEHAVIOURS) as GcpMisbehaviour[]).filter((name) => !NO_MACHINE.includes(name))],
];

describe.each(suites)('Google Cloud keeps what every provider promises: %s', (_title, misbehave) => {
  const cases = suite(misbehave);
  it.each(cases.filter(({ skipped }) => skipped === null))('$name', ({ run }) => run());
  it('has none of what the other cases need', () => {
    expect(cases.flatMap(({ skipped }) => skipped ?? [])).toEqual([]);
  });
});
