import { type EngineTelemetry, type HostTelemetry, metric } from '@bench/core';
import { expect, it } from 'vitest';
import { summarizeTelemetry } from './summarize-telemetry.ts';

const window = { fromMs: 0, toMs: 6000, intervalMs: 1000, gpus: 2, outputTokens: 400, okRequests: 4 };
const gpu = (index: number, watts: number, more: object = {}) => ({
  index,
  utilizationPercent: index === 0 ? 100 : 50,
  memoryUsedMiB: 1000 * (index + 1),
  memoryTotalMiB: 80_000,
  powerW: watts,
  temperatureC: 40 + index,
  ...more,
});
const host = (s: number, busyS: number, gpus: HostTelemetry['gpus']): HostTelemetry => ({
  kind: 'host',
  atMs: s * 1000,
  gpus,
  // Two cores.
  cpu: { busyS, totalS: 100 + 2 * s },
});
const engine = (s: number, figures: Partial<EngineTelemetry>): EngineTelemetry => ({ kind: 'engine', atMs: s * 1000, ...figures });

const HOT = { smClockMhz: 1500, memoryClockMhz: 2600, clockReasons: '0x0000000000000004' };
const COOL = { smClockMhz: 1900, memoryClockMhz: 2600, clockReasons: '0x0000000000000000' };
const HOSTS = [-1, 0, 1, 2, 3, 4, 5, 6, 7].map((s) =>
  host(s, s === 7 ? 7 : Math.max(0, s), [gpu(0, 300, s < 3 ? HOT : COOL), gpu(1, 100, COOL)]),
);
const ENGINES = [
  engine(-2, { running: 90, waiting: 90, preemptions: 0, prefixQueries: 0, prefixHits: 0 }),
  engine(-1, { running: 90, waiting: 90, preemptions: 1, prefixQueries: 100, prefixHits: 100 }),
  engine(1, { running: 2, waiting: 0, kvCacheUsage: 0.2, preemptions: 1, prefixQueries: 150, prefixHits: 110 }),
  engine(3, { running: 4, waiting: 6, kvCacheUsage: 0.6, preemptions: 3, prefixQueries: 250, prefixHits: 120 }),
  engine(7, { running: 0, waiting: 0, kvCacheUsage: 0, preemptions: 4, prefixQueries: 300, prefixHits: 150 }),
  engine(8, { running: 0, waiting: 0, kvCacheUsage: 0, preemptions: 9, prefixQueries: 900, prefixHits: 150 }),
];

it('sums up the measured window: levels within it, counters between the samples around it', () => {
  const { scalars, telemetry } = summarizeTelemetry([...HOSTS, ...ENGINES], window);
  expect(telemetry).toEqual({ intervalMs: 1000, hostSamples: 7, engineSamples: 2, noEnergy: null });
  expect(scalars).toEqual({
    gpu_util_mean: 0.75,
    gpu_util_max: 0.75,
    gpu_memory_max: 3000,
    gpu_power_mean: 400,
    gpu_power_max: 400,
    gpu_clock_mean: expect.closeTo((3 * 1700 + 4 * 1900) / 7, 6),
    gpu_temperature_max: 41,
    gpu_throttled_ratio: expect.closeTo(3 / 14, 6),
    host_cpu_mean: 0.5,
    host_cpu_max: 0.5,
    engine_running_mean: 3,
    engine_running_max: 4,
    engine_waiting_mean: 3,
    engine_waiting_max: 6,
    kv_cache_mean: 0.4,
    kv_cache_max: 0.6,
    engine_preemptions: 3,
    engine_prefix_hit_ratio: 0.25,
    gpu_energy: 2400,
    energy_per_output_token: 6,
    energy_per_request: 600,
  });
  for (const name of Object.keys(scalars)) expect(metric(name)?.kind, name).toBe('scalar');
});

it('says nothing of what was not told, and why there is no energy', () => {
  expect(summarizeTelemetry([engine(1, { running: 1 })], { ...window, gpus: 0 })).toEqual({
    scalars: { engine_running_mean: 1, engine_running_max: 1 },
    telemetry: { intervalMs: 1000, hostSamples: 0, engineSamples: 1, noEnergy: 'there is no GPU' },
  });
  const silent = HOSTS.map((line) => ({ ...line, cpu: null, gpus: null }));
  expect(summarizeTelemetry(silent, window).scalars).toEqual({});
});

it('tells no counter of an engine that began anew in between', () => {
  const lines = [engine(-1, { preemptions: 5 }), engine(7, { preemptions: 0 })];
  expect(summarizeTelemetry(lines, window).scalars).toEqual({});
});

it('energy a token and a request need tokens and requests', () => {
  const { scalars } = summarizeTelemetry(HOSTS, { ...window, outputTokens: 0, okRequests: 0 });
  expect(scalars.gpu_energy).toBe(2400);
  expect(Object.keys(scalars).filter((name) => name.startsWith('energy'))).toEqual([]);
});
