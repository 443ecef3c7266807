import type { Comparison } from '@bench/report';
import { expect, it } from 'vitest';
import { exitCode } from './compare.ts';

const missing = { name: 'p', why: 'this load was not measured there', failed: false };
const came = (of: { failed?: number; missing?: boolean; partial?: 'base' | 'candidate'; ungated?: boolean }, strict = false) =>
  exitCode(
    {
      gates: of.ungated ? null : { passed: 1, failed: of.failed ?? 0, undecided: 0 },
      onlyBase: of.missing ? [missing] : [],
      pairs: [{ base: { partial: of.partial === 'base' }, candidate: { partial: of.partial === 'candidate' } }] as Comparison['pairs'],
    },
    { strict },
  );

it('what the candidate did not measure passes no gate', () => {
  expect(came({})).toBe(0);
  expect(came({ missing: true })).toBe(1);
  expect(came({ partial: 'candidate' })).toBe(1);
  expect(came({ failed: 1, missing: true })).toBe(7);
  expect([came({ partial: 'base' }), came({ partial: 'base' }, true)]).toEqual([0, 8]);
  expect([came({ missing: true, ungated: true }), came({ missing: true, ungated: true }, true)]).toEqual([0, 8]);
});
