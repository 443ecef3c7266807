import { type Arrival, meanRatePerS, prng, stagesMs } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { arrivalTimes } from './index.ts';
import { kolmogorov } from './kolmogorov.fixture.ts';

type Stages = Extract<Arrival, { kind: 'stages' }>;
const stages = (list: Stages['stages'], process: Stages['process'] = 'poisson'): Stages => ({ kind: 'stages', process, stages: list });
const timesOf = (arrival: Stages, seed = 0) => [...arrivalTimes({ arrival, seed })];

/** The rate's integral up to `ms`, by adding up small steps: another way than the one that is tested. */
function integralTo(ms: number, { stages: list }: Stages): number {
  let total = 0;
  let from = 0;
  for (const { durationMs, ratePerS, toRatePerS = ratePerS } of list) {
    const within = Math.min(durationMs, Math.max(0, ms - from));
    const steps = 2000;
    for (let i = 0; i < steps; i++)
      total += ((ratePerS + ((toRatePerS - ratePerS) * (((i + 0.5) / steps) * within)) / durationMs) * (within / steps)) / 1000;
    from += durationMs;
  }
  return total;
}

const RAMPS: [string, Stages['stages']][] = [
  ['one rate', [{ durationMs: 20_000, ratePerS: 40 }]],
  ['a ramp from nothing', [{ durationMs: 20_000, ratePerS: 0, toRatePerS: 100 }]],
  [
    'up, on, and down',
    [
      { durationMs: 8000, ratePerS: 5, toRatePerS: 80 },
      { durationMs: 6000, ratePerS: 80 },
      { durationMs: 8000, ratePerS: 80, toRatePerS: 0 },
    ],
  ],
  [
    'with a pause',
    [
      { durationMs: 5000, ratePerS: 90 },
      { durationMs: 4000, ratePerS: 0 },
      { durationMs: 5000, ratePerS: 60 },
    ],
  ],
];

describe('stages', () => {
  it.each(RAMPS)('of Poisson arrivals have the asked rate at every moment: %s', (_name, list) => {
    const arrival = stages(list);
    const end = stagesMs(list);
    const all = integralTo(end, arrival);
    expect((all * 1000) / end).toBeCloseTo(meanRatePerS(arrival) as number, 6);
    let total = 0;
    for (let seed = 1; seed <= 5; seed++) {
      const times = timesOf(arrival, seed);
      total += times.length;
      const places = times.map((t) => integralTo(t, arrival));
      // Given their number, Poisson arrivals are uniform over the rate's integral, and what is between them is exponential.
      expect(kolmogorov(places.map((p) => p / all))).toBeLessThan(1.95);
      const gaps = places.map((p, i) => p - (places[i - 1] ?? 0));
      expect(kolmogorov(gaps.map((g) => 1 - Math.exp(-g)))).toBeLessThan(1.95);
    }
    expect(Math.abs(total - 5 * all)).toBeLessThan(4 * Math.sqrt(5 * all));
  });

  it.each(RAMPS)('of a constant process send one whenever the integral has grown by one: %s', (_name, list) => {
    const arrival = stages(list, 'constant');
    const times = timesOf(arrival);
    expect(times).toHaveLength(Math.ceil(integralTo(stagesMs(list), arrival) - 1e-6));
    for (const [i, t] of times.entries()) expect(integralTo(t, arrival)).toBeCloseTo(i, 6);
  });

  it('are ascending, within their time, and of the seed alone', () => {
    const random = prng(3);
    for (let round = 0; round < 200; round++) {
      const list = Array.from({ length: random.integer(1, 6) }, () => ({
        durationMs: random.integer(1, 4000),
        ratePerS: random.next() < 0.2 ? 0 : random.next() * 60,
        ...(random.next() < 0.5 ? { toRatePerS: random.next() * 60 } : {}),
      }));
      const arrival = stages(list, round % 2 ? 'constant' : 'poisson');
      const times = timesOf(arrival, round);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(timesOf(arrival, round)).toEqual(times);
      for (const t of times) expect(t >= 0 && t <= stagesMs(list)).toBe(true);
      // A count or a duration cuts them and moves none.
      const count = random.integer(1, 20);
      expect([...arrivalTimes({ arrival, seed: round, count })]).toEqual(times.slice(0, count));
      expect([...arrivalTimes({ arrival, seed: round, durationMs: 1500 })]).toEqual(times.filter((t) => t < 1500));
    }
  });

  it('send nothing in a pause', () => {
    const [name, list] = RAMPS[3] as (typeof RAMPS)[number];
    expect(name).toBe('with a pause');
    const times = timesOf(stages(list), 9);
    expect(times.filter((t) => t > 5000 && t < 9000)).toEqual([]);
    expect(times.some((t) => t > 9000)).toBe(true);
  });
});

describe('bursts', () => {
  const arrival = { kind: 'bursts', size: 3, everyMs: 500 } as const;
  it('send so many at once, again and again, until the count or the end', () => {
    expect([...arrivalTimes({ arrival, seed: 0, count: 7 })]).toEqual([0, 0, 0, 500, 500, 500, 1000]);
    expect([...arrivalTimes({ arrival, seed: 0, durationMs: 1000 })]).toEqual([0, 0, 0, 500, 500, 500]);
    expect([...arrivalTimes({ arrival, seed: 0, durationMs: 1001 })]).toHaveLength(9);
    expect([...arrivalTimes({ arrival, seed: 0, count: 4, durationMs: 400 })]).toEqual([0, 0, 0]);
    expect(() => arrivalTimes({ arrival, seed: 0 })).toThrow('number of requests or a duration');
  });
});
