import type { HostTelemetry, PointTelemetry } from '@bench/core';
import { expect, it } from 'vitest';
import { sampledCourses } from './sampled.ts';

const gpu = (index: number, powerW: number | null) => ({
  index,
  powerW,
  utilizationPercent: 40 + 20 * index,
  memoryUsedMiB: 1,
  memoryTotalMiB: 2,
  temperatureC: 30,
});
const host = (s: number, busyS: number, gpus: HostTelemetry['gpus']): PointTelemetry => ({
  kind: 'host',
  atMs: s * 1000,
  gpus,
  cpu: { busyS, totalS: 8 * s + 100 },
});
const engine = (s: number, kvCacheUsage: number, waiting = 0): PointTelemetry => ({
  kind: 'engine',
  atMs: s * 1000,
  kvCacheUsage,
  waiting,
});

it('lays samples beside the seconds of a point, and leaves out what is before and after it', () => {
  const lines = [
    host(-0.5, 0, [gpu(0, 1), gpu(1, 1)]),
    host(0.5, 2, [gpu(0, 100), gpu(1, 50)]),
    host(2.5, 10, [gpu(0, 100), gpu(1, null)]),
    host(9, 20, null),
    engine(-1, 1),
    engine(0.2, 0.2, 3),
    engine(0.8, 0.4),
    engine(2, 0.5),
  ];
  expect(sampledCourses(lines, { bucketS: 1, count: 3 })).toEqual([
    { label: 'requests in the engine’s queue', values: [1.5, null, 0] },
    { label: 'KV cache in use, %', values: [expect.closeTo(30, 6), null, 50] },
    { label: 'GPU use, mean, %', values: [50, null, 50] },
    { label: 'GPU power, all, W', values: [150, null, null] },
    { label: 'CPU of the machine, %', values: [25, null, 50] },
  ]);
  expect(sampledCourses(lines, { bucketS: 3, count: 1 }).map(({ values }) => values)).toContainEqual([50]);
});

it('has no course of what nobody told, nor of a queue that stayed empty', () => {
  expect(sampledCourses([], { bucketS: 1, count: 3 })).toEqual([]);
  expect(sampledCourses([engine(1, 0.5), host(1, 1, [])], { bucketS: 1, count: 3 }).map(({ label }) => label)).toEqual([
    'KV cache in use, %',
  ]);
});
