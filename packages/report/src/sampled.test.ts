import type { EngineFigures, GpuSample, HostTelemetry, PointTelemetry } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { sampledCourses } from './sampled.ts';

const gpu = (index: number, powerW: number | null, more: Partial<GpuSample> = {}): GpuSample => ({
  index,
  powerW,
  utilizationPercent: 40 + 20 * index,
  memoryUsedMiB: 51_200,
  memoryTotalMiB: 81_920,
  temperatureC: 30,
  ...more,
});
const host = (s: number, busyS: number, gpus: HostTelemetry['gpus']): PointTelemetry => ({
  kind: 'host',
  atMs: s * 1000,
  gpus,
  cpu: { busyS, totalS: 8 * s + 100 },
});
const engine = (s: number, figures: EngineFigures): PointTelemetry => ({ kind: 'engine', atMs: s * 1000, ...figures });

describe('what was sampled', () => {
  it('lies beside the seconds of a point, without what is before and after it', () => {
    const lines = [
      host(-0.5, 0, [gpu(0, 1), gpu(1, 1)]),
      host(0.5, 2, [gpu(0, 100), gpu(1, 50)]),
      host(2.5, 10, [gpu(0, 100), gpu(1, null)]),
      host(9, 20, null),
      engine(-1, { kvCacheUsage: 1 }),
      engine(0.2, { kvCacheUsage: 0.2, waiting: 3 }),
      engine(0.8, { kvCacheUsage: 0.4, waiting: 0 }),
      engine(2, { kvCacheUsage: 0.5, waiting: 0 }),
    ];
    expect(sampledCourses(lines, { bucketS: 1, count: 3 }).courses).toEqual([
      { label: 'requests in the engine’s queue', unit: null, of: 'engine', values: [1.5, null, 0] },
      { label: 'KV cache in use', unit: '%', of: 'engine', values: [expect.closeTo(30, 6), null, 50] },
      { label: 'GPU use, mean', unit: '%', of: 'GPU', values: [50, null, 50] },
      { label: 'GPU power, all', unit: 'W', of: 'GPU', values: [150, null, null] },
      { label: 'GPU temperature, the hottest', unit: '°C', of: 'GPU', values: [30, null, 30] },
      { label: 'GPU memory, all', unit: 'GiB', of: 'GPU', values: [100, null, 100] },
      { label: 'CPU of the machine', unit: '%', of: 'CPU', values: [25, null, 50] },
    ]);
    expect(sampledCourses(lines, { bucketS: 3, count: 1 }).courses.map(({ values }) => values)).toContainEqual([50]);
  });

  it('of sums since the engine’s start is what was added, and nothing where the engine began again', () => {
    const lines = [
      engine(0, { preemptions: 10, prefixQueries: 100, prefixHits: 10, promptTokens: 0 }),
      engine(1, { preemptions: 14, prefixQueries: 200, prefixHits: 60, promptTokens: 500 }),
      engine(2, { preemptions: 0, prefixQueries: 0, prefixHits: 0, promptTokens: 0 }),
      engine(3, { preemptions: 2, prefixQueries: 0, prefixHits: 0, promptTokens: 100 }),
    ];
    expect(sampledCourses(lines, { bucketS: 1, count: 4 }).courses).toEqual([
      { label: 'requests that lost their place, per second', unit: null, of: 'engine', values: [null, 4, null, 2] },
      { label: 'prompt tokens found in the prefix cache', unit: '%', of: 'engine', values: [null, 50, null, null] },
      { label: 'prompt tokens per second, by the engine', unit: null, of: 'engine', values: [null, 500, null, 100] },
    ]);
  });

  it('tells of what stayed level as one figure, of held-back clocks only where there were any, and of what was not sampled', () => {
    const lines = [0, 1, 2, 3].map((s) =>
      host(s, s, [gpu(0, 100 + 50 * s, { smClockMhz: 1980 - s, clockReasons: s === 2 ? '0x0000000000000004' : '0x0000000000000000' })]),
    );
    const { courses, levels, missing } = sampledCourses(lines, { bucketS: 1, count: 4 });
    expect(courses.map(({ label }) => label)).toEqual(['GPU power, all', 'GPUs whose clocks are held back']);
    expect(courses[1]?.values).toEqual([0, 0, 1, 0]);
    expect(levels).toEqual([
      { label: 'GPU use, mean', unit: '%', value: 40 },
      { label: 'GPU clock, mean', unit: 'MHz', value: 1978.5 },
      { label: 'GPU temperature, the hottest', unit: '°C', value: 30 },
      { label: 'GPU memory, all', unit: 'GiB', value: 50 },
      { label: 'CPU of the machine', unit: '%', value: 12.5 },
    ]);
    expect(missing).toEqual(['the engine']);
  });

  it('is nothing where nobody told, and no course for a queue that stayed empty', () => {
    expect(sampledCourses([], { bucketS: 1, count: 3 })).toEqual({ courses: [], levels: [], missing: ['the engine', 'the machine'] });
    const quiet = sampledCourses([engine(1, { kvCacheUsage: 0.5, waiting: 0 }), host(1, 1, [])], { bucketS: 1, count: 3 });
    expect(quiet.courses.map(({ label }) => label)).toEqual(['KV cache in use']);
  });
});
