import type { HostTelemetry } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { gpuEnergy } from './energy.ts';

const at = (s: number, watts: (number | null)[] | null): HostTelemetry => ({
  kind: 'host',
  atMs: s * 1000,
  cpu: null,
  gpus:
    watts?.map((powerW, index) => ({
      index,
      powerW,
      utilizationPercent: 50,
      memoryUsedMiB: 1,
      memoryTotalMiB: 2,
      temperatureC: 40,
    })) ?? null,
});
const window = { fromMs: 0, toMs: 10_000, intervalMs: 1000, gpus: 2 };
const seconds = Array.from({ length: 13 }, (_, i) => i - 1);

describe('the energy of GPUs', () => {
  it('is the trapezoids of their power, over the window alone', () => {
    // Each ramps by 10 W a second: (100 + 200) ÷ 2 × 10 s, twice.
    const ramp = seconds.map((s) => at(s, [100 + 10 * s, 100 + 10 * s]));
    expect(gpuEnergy(ramp, window)).toEqual({ joules: 3000 });
  });

  it('is right for samples at uneven times', () => {
    const uneven = [0, 0.5, 2, 3.5, 4, 6, 7, 9, 10].map((s) => at(s, [10 * s, 0]));
    const energy = gpuEnergy(uneven, window);
    expect('joules' in energy && energy.joules).toBeCloseTo(500, 6);
  });

  it('takes the first and the last power for the ends of the window', () => {
    const inner = [1, 3, 5, 7, 9].map((s) => at(s, [60, 40]));
    expect(gpuEnergy(inner, window)).toEqual({ joules: 1000 });
  });

  it.each([
    ['there are too few samples', [1, 3, 5, 7].map((s) => at(s, [1, 1])), window, 'there are 4 samples, and it takes 5'],
    ['one GPU is missing', seconds.map((s) => at(s, s === 4 ? [1] : [1, 1])), window, 'in 1 of 11 samples a GPU did not tell its power'],
    ['one does not tell', seconds.map((s) => at(s, [1, null])), window, 'in 11 of 11 samples a GPU did not tell its power'],
    ['no tool answers', seconds.map((s) => at(s, null)), window, 'in 11 of 11 samples a GPU did not tell its power'],
    ['there is a gap', [0, 0.5, 1, 1.5, 2, 8, 9, 10].map((s) => at(s, [1, 1])), window, 'for 6.0 s there was no sample'],
    ['they end too early', [0, 0.5, 1, 1.5, 2, 3].map((s) => at(s, [1, 1])), window, 'for 7.0 s there was no sample'],
    ['they begin too late', [6, 7, 8, 9, 10].map((s) => at(s, [1, 1])), window, 'for 6.0 s there was no sample'],
    ['there is no GPU', seconds.map((s) => at(s, [])), { ...window, gpus: 0 }, 'there is no GPU'],
    [
      'it is not known which',
      seconds.map((s) => at(s, [1])),
      { ...window, gpus: null },
      'the recipe does not say which GPUs the engine uses',
    ],
  ])('is not told where %s', (_why, samples, of, unknown) => {
    expect(gpuEnergy(samples, of)).toEqual({ unknown });
  });
});
