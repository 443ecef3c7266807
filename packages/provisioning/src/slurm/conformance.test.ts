import { createIo } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { providerConformance } from '../testing/conformance/index.ts';
import { fakeSlurm, type FakeSlurm } from '../testing/slurm/fake-slurm.ts';
import { SLURM_MISBEHAVIOURS, type SlurmFault, type SlurmFaultHow, type SlurmMisbehaviour } from '../testing/slurm/options.ts';
import { slurm } from './index.ts';

const SBATCH = /^sbatch --parsable/;
const LOST: Record<'reset' | 'malformed' | 'error', SlurmFaultHow> = {
  reset: 'lost-after',
  malformed: 'cut',
  error: 'socket-timeout-after',
};
const FAULTS: Readonly<Record<string, SlurmFault>> = {
  'lost connections': { rate: 0.2, seed: 5, how: 'lost-after' },
  'answers that are cut off': { rate: 0.2, seed: 7, how: 'cut' },
  'a controller that is often away': { rate: 0.3, seed: 3, how: 'unreachable' },
  'a busy controller': { rate: 0.2, seed: 9, how: 'socket-timeout-after' },
};
const refusal =
  (why: string) =>
  ({ fake }: { fake: FakeSlurm }): void =>
    void fake.fail({ match: SBATCH, how: { code: 1, stderr: `sbatch: error: Batch job submission failed: ${why}` } });

const isTrick = (name: string): name is SlurmMisbehaviour => Object.hasOwn(SLURM_MISBEHAVIOURS, name);

const suite = (misbehave: readonly SlurmMisbehaviour[]) =>
  providerConformance({
    factory: slurm(),
    prepare: () => {
      const fake = fakeSlurm({ misbehave });
      return {
        fake,
        io: { ...createIo({ env: {} }), connect: fake.connect },
        settings: { login: 'ada@login1', prices_usd_per_gpu_hour: { gpu: 2 } },
        close: () => undefined,
      };
    },
    unknownId: '987654321',
    misbehaviours: [...Object.keys(SLURM_MISBEHAVIOURS), 'all', ...Object.keys(FAULTS)],
    hooks: {
      advance: ({ fake }, ms) => fake.clock.advance(ms),
      alive: ({ fake }) => fake.alive(),
      loseAnswer: ({ fake }, how) => void fake.fail({ match: SBATCH, times: 1, how: LOST[how] }),
      endlessAnswer: ({ fake }) => void fake.fail({ match: SBATCH, times: 1, how: 'endless' }),
      loseRequest: ({ fake }) => void fake.fail({ match: SBATCH, times: 1, how: 'lost-before' }),
      refuse: {
        capacity: refusal('Requested node configuration is not available'),
        quota: refusal("Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"),
        request: refusal('Invalid account or account/partition combination specified'),
        'rate-limit': refusal('Resource temporarily unavailable'),
      },
      breakDown: ({ fake }) => fake.fail({ how: 'unreachable' }),
      revoke: ({ fake }) => void fake.fail({ how: 'denied' }),
      wrongSettings: ({ fake }) => {
        fake.fail({ how: 'denied' });
        return { login: 'ada@login1' };
      },
      strangers: ({ fake }) => [
        fake.foreign('somebodys-job'),
        fake.foreign('bench-zzzzzz-r123456789-0'),
        fake.foreign('bench-zzzzzz-r123456789-1', 'bob'),
      ],
      preempt: ({ fake }, ref) => fake.end(ref.name, { state: 'PREEMPTED' }),
      misbehave: ({ fake }, name) => {
        const fault = FAULTS[name];
        if (fault !== undefined) fake.fail(fault);
        else if (name === 'all') fake.misbehave('all');
        else if (isTrick(name)) fake.misbehave([name]);
      },
    },
  });

/** Under these a call may rightly fail, which the cases of a life that goes well cannot do with; each has a case of its own. */
const FAILING: readonly string[] = ['socket-timeouts', 'unreachable'] satisfies SlurmMisbehaviour[];
const AWKWARD = (Object.keys(SLURM_MISBEHAVIOURS) as SlurmMisbehaviour[]).filter((name) => !FAILING.includes(name));
const suites: [string, readonly SlurmMisbehaviour[]][] = [
  ['a fake that behaves', []],
  ['without accounting', ['accounting-disabled']],
  ['all that is awkward at once', AWKWARD.filter((name) => name !== 'accounting-disabled')],
];

describe.each(suites)('Slurm keeps what every provider promises: %s', (_title, misbehave) => {
  const cases = suite(misbehave);
  it.each(cases.filter(({ skipped }) => skipped === null))('$name', ({ run }) => run());
  it('has one market, no money and no secret keys', () => {
    expect(cases.flatMap(({ skipped }) => skipped ?? [])).toMatchInlineSnapshot(`
      [
        "there is one market",
        "capabilities.idempotentCreate is false",
        "capabilities.stopStart is false",
        "needs the hook refuse.balance",
      ]
    `);
  });
});
