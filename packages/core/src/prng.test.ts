import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prng, seedOf } from './prng.ts';

describe('prng', () => {
  it('gives the same sequence for the same seed, for ever: recorded workloads depend on it', () => {
    const random = prng(42);
    expect(Array.from({ length: 4 }, () => Math.floor(random.next() * 2 ** 32))).toEqual([551831576, 144025891, 322543647, 3034809370]);
  });

  it('gives different sequences for neighbouring seeds', () => {
    const firsts = new Set(Array.from({ length: 1000 }, (_, seed) => prng(seed).next()));
    expect(firsts.size).toBe(1000);
  });

  it('draws integers evenly, both ends included', () => {
    const random = prng(5);
    const counts = new Map<number, number>();
    for (let i = 0; i < 60_000; i++) {
      const n = random.integer(-2, 3);
      counts.set(n, (counts.get(n) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3]);
    // χ² with 5 degrees of freedom: 20.5 is exceeded once in a thousand seeds; this seed is fixed.
    const chi = [...counts.values()].reduce((sum, n) => sum + (n - 10_000) ** 2 / 10_000, 0);
    expect(chi).toBeLessThan(20.5);
  });

  it('stays in its ranges for any seed', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 0, max: 1000 }), (seed, min, span) => {
        const random = prng(seed);
        const n = random.integer(min, min + span);
        const x = random.next();
        return n >= min && n <= min + span && Number.isInteger(n) && x >= 0 && x < 1;
      }),
    );
  });
});

it('seedOf tells parts, their order and their borders apart', () => {
  const seeds = [seedOf('a', 'b'), seedOf('b', 'a'), seedOf('ab'), seedOf('a', 'b', 0), seedOf('a', 'b', '0')];
  expect(new Set(seeds).size).toBe(5);
  expect(seedOf('a', 'b')).toBe(seeds[0]);
  for (const seed of seeds) expect(Number.isInteger(seed) && seed >= 0 && seed <= 0xffff_ffff).toBe(true);
});
