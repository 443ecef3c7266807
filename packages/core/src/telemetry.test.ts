import { expect, it } from 'vitest';
import { busyCpus, parseTelemetry, throttleReasons } from './telemetry.ts';

const gpu = { index: 0, utilizationPercent: null, memoryUsedMiB: 3, memoryTotalMiB: 81_920, powerW: 70.5, temperatureC: 30 };
const sample = (atMs: number, cpuS: number | null) => ({
  atMs,
  gpus: [gpu],
  processes: cpuS === null ? null : { count: 2, cpuS, rssBytes: 4096 },
});

it('reads lines, and leaves out what is none: the last may be cut off', () => {
  const text = `${JSON.stringify(sample(1, 1))}\nnvidia-smi has failed\n{"atMs":2,"gpus":null,"processes":null}\n{"atMs":3,"gp`;
  expect(parseTelemetry(text)).toEqual([sample(1, 1), { atMs: 2, gpus: null, processes: null }]);
});

it('tells the CPUs between two samples only where both had processes', () => {
  expect(busyCpus(sample(1000, 4), sample(3000, 7))).toBe(1.5);
  expect(busyCpus(sample(1000, 4), sample(1000, 7))).toBeNull();
  expect(busyCpus(sample(1000, null), sample(3000, 7))).toBeNull();
  expect(busyCpus(sample(1000, 4), sample(3000, 3))).toBeNull();
});

it.each([
  ['0x0000000000000004', ['sw_power_cap']],
  ['0x00000000000000E8', ['hw_slowdown', 'sw_thermal_slowdown', 'hw_thermal_slowdown', 'hw_power_brake_slowdown']],
  ['0x0000000000000001', []],
  [null, null],
  [undefined, null],
])('names what holds a GPU back: %s', (clockReasons, names) => {
  expect(throttleReasons({ clockReasons })).toEqual(names);
});
