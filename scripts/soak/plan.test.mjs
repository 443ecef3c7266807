import { describe, expect, it } from 'vitest';
import { numbers, planOfKills } from './plan.mjs';

const plan = (seed) => planOfKills(200, numbers(seed));

describe('the kills of a soak', () => {
  it('are the same for the same seed, and others for another one', () => {
    expect(plan(7)).toEqual(plan(7));
    expect(plan(7)).not.toEqual(plan(8));
  });

  it.each(['time', 'events'])('by %s fall once into each hundredth of a life', (by) => {
    const shares = plan(1).flatMap((kill) => (kill.by === by ? [Math.floor(kill.share * 100)] : []));
    expect(shares.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(shares).not.toEqual(shares.toSorted((a, b) => a - b));
  });
});
