import type { PlannedCloudRun } from '@bench/benchmark';
import { BenchError } from '@bench/core';
import { leftOutLines, planLines } from './plan-lines.ts';
import { expect, it } from 'vitest';
import { styles } from './style.ts';

const zero = { low: 0, high: 0 };
const plan = {
  groups: [
    { group: { index: 0, deployments: [] }, offer: null, alternatives: [], refused: [], hours: null, usd: null, tasks: 1, points: 1 },
  ],
  cloud: { maxWorkers: 1, maxPriceUsdPerHour: null, maxCostUsd: null, maxLifetimeS: 3600 },
  offers: [],
  errors: [],
  refusals: [],
  machineHours: zero,
  hours: zero,
  usd: zero,
  kept: null,
  atLeast: true,
  at: 0,
  notes: ['p bills what is sent out'],
  assumptions: [],
} as unknown as PlannedCloudRun;

it('estimates nothing where nothing is for rent, or known', () => {
  const text = planLines(plan, styles(process.stderr), { offline: true }).join('\n');
  expect(text).toContain('estimate: unknown');
  expect(text).toContain('nothing is known from before');
  expect(text).not.toContain('$0');
  expect(text).toContain('not counted: p bills what is sent out');
});

it('offline tells nothing that is known from nothing that fits', () => {
  const shown = (offers: readonly string[], offline = true) => {
    const known = offers.map((at) => ({ priceSource: { at } })) as unknown as PlannedCloudRun['offers'];
    return planLines({ ...plan, offers: known }, styles(process.stderr), { offline }).join('\n');
  };
  expect(shown([])).toContain('what is for rent is not known');
  expect(shown([])).not.toContain('nothing that fits');
  const known = shown(['2026-11-03T00:00:00Z', '2026-11-02T00:00:00Z']);
  expect(known).toContain('nothing that fits was for rent when it was last looked at');
  expect(known).toContain('as they were last known, the oldest of 2026-11-02');
  expect(shown([], false)).toContain('nothing that fits is for rent');
});

it('says what a run would refuse, and shows nothing of it as chosen', () => {
  const offer = {
    provider: 'p',
    instanceType: 't',
    gpu: null,
    zone: null,
    region: 'r',
    market: 'on-demand',
    priceUsdPerHour: 40,
    priceSource: { at: '2026-11-01' },
  };
  const error = new BenchError({ code: 'BENCH_MAX_COST', message: 'too dear', hint: 'raise --max-cost\nor less' });
  const group = { ...plan.groups[0], offer, alternatives: [offer], hours: { low: 1, high: 2 }, usd: { low: 40, high: 80 } };
  const dear = { ...plan, groups: [group], refusals: [{ group: 0, error }] } as unknown as PlannedCloudRun;
  const text = planLines(dear, styles(process.stderr)).join('\n');
  expect(text).toContain('bench run would refuse this: too dear\n  hint: raise --max-cost\n  hint: or less');
  expect(text).toMatch(/^BEST +p/m);
  expect(text).not.toContain('CHOSEN');
  expect(planLines({ ...dear, refusals: [] }, styles(process.stderr)).join('\n')).toMatch(/^CHOSEN +p/m);
  const none = { ...dear, refusals: [{ group: null, error }] };
  expect(planLines(none, styles(process.stderr)).join('\n')).toMatch(/^BEST +p/m);
  const whole = planLines({ ...plan, refusals: [{ group: null, error }] }, styles(process.stderr), { offline: true }).join('\n');
  expect(whole).toContain('by what was last known, bench run would refuse this: too dear');
});

it('says what is kept up costs beside the run, and what of that is not known', () => {
  const text = (kept: PlannedCloudRun['kept']) => planLines({ ...plan, kept }, styles(process.stderr), { short: true }).join('\n');
  expect(text({ hours: 8, usd: 172, atLeast: false })).toMatch(/^kept up to 8h 00m: up to \$172\.00 more$/m);
  expect(text({ hours: 0.5, usd: 1, atLeast: true })).toMatch(
    /^kept up to 30m 00s: up to \$1\.00 more, and what is not known of its price$/m,
  );
  expect(text({ hours: 8, usd: null, atLeast: true })).toContain('kept up to 8h 00m: what that costs is not known');
  expect(text(null)).not.toContain('kept');
});

it('leaves out no reason without a word', () => {
  const reasons = Array.from({ length: 9 }, (_, n) => ({ reason: `r${n}`, count: 1 }));
  expect(leftOutLines(reasons, styles(process.stderr)).slice(5)).toEqual(['left out 1: r5', 'left out 3: 3 other reasons']);
});

it('says that a limit below the estimate may end the run before it is done', () => {
  const limited = (maxCostUsd: number) =>
    planLines({ ...plan, usd: { low: 0.03, high: 0.49 }, cloud: { ...plan.cloud, maxCostUsd } }, styles(process.stderr)).join('\n');
  expect(limited(0.07)).toContain('$0.07 for the run, which may end it before it is done');
  expect(limited(1)).toMatch(/\$1(\.00)? for the run(?!,)/);
});
