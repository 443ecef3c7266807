import { mean } from './mean.ts';
import {
  type EngineFigures,
  type EngineTelemetry,
  type GpuSample,
  type HostTelemetry,
  type PointTelemetry,
  throttleReasons,
} from '@bench/core';

/** What was sampled of an engine or its machine, in step with a point's series: means of the samples in a bucket; null: there were none. */
export interface Sampled {
  label: string;
  /** Of its values; null: they are counts. */
  unit: string | null;
  of: 'engine' | 'GPU' | 'CPU';
  values: (number | null)[];
}

/** A figure that somebody told of and that stayed as it was. */
export interface Level extends Pick<Sampled, 'label' | 'unit'> {
  value: number;
}

export interface SampledCourses {
  /** In the order in which they are drawn. */
  courses: Sampled[];
  /** Not worth a curve: it is a level line. */
  levels: Level[];
  /** Nothing was sampled of these: `the engine`, `the machine`. */
  missing: string[];
}

/** A figure whose greatest and least differ by less than this share of the greatest is level. */
const LEVEL = 0.01;

/** Everything that was sampled in the time of a point: what moved as courses, what did not as levels. What stayed at zero (a queue, lost places, held-back clocks) is left out. */
export function sampledCourses(lines: readonly PointTelemetry[], { bucketS, count }: { bucketS: number; count: number }): SampledCourses {
  const inside = ({ atMs }: { atMs: number }) => atMs >= 0 && atMs < count * bucketS * 1000;
  const hosts = lines.filter((line) => line.kind === 'host');
  const engines = lines.filter((line) => line.kind === 'engine');
  const course = <T extends { atMs: number }>(
    samples: readonly T[],
    what: Omit<Sampled, 'values'>,
    of: (sample: T, before: T | undefined) => number | null,
  ): Sampled => {
    const buckets = Array.from({ length: count }, (): number[] => []);
    for (const [i, sample] of samples.entries()) {
      const value = of(sample, samples[i - 1]);
      if (value !== null) buckets[Math.floor(sample.atMs / 1000 / bucketS)]?.push(value);
    }
    return { ...what, values: buckets.map((values) => (values.length === 0 ? null : mean(values))) };
  };
  const engine = (
    label: string,
    unit: string | null,
    of: (sample: EngineTelemetry, before: EngineTelemetry | undefined) => number | null,
  ) => course(engines, { label, unit, of: 'engine' }, of);
  const gpu = (
    label: string,
    unit: string | null,
    together: (values: readonly number[]) => number,
    of: (gpu: GpuSample) => number | null,
  ) => course(hosts, { label, unit, of: 'GPU' }, ({ gpus }) => ofAll(gpus, together, of));
  const told = [
    engine('requests that the engine works on', null, figure('running', 1)),
    engine('requests in the engine’s queue', null, figure('waiting', 1)),
    engine('KV cache in use', '%', figure('kvCacheUsage', 100)),
    engine('requests that lost their place, per second', null, rate('preemptions')),
    engine('prompt tokens found in the prefix cache', '%', ratio('prefixHits', 'prefixQueries')),
    engine('draft tokens accepted', '%', ratio('acceptedTokens', 'draftTokens')),
    engine('prompt tokens per second, by the engine', null, rate('promptTokens')),
    engine('output tokens per second, by the engine', null, rate('generationTokens')),
    gpu('GPU use, mean', '%', mean, (each) => each.utilizationPercent),
    gpu('GPU power, all', 'W', sum, (each) => each.powerW),
    gpu('GPU clock, mean', 'MHz', mean, (each) => each.smClockMhz ?? null),
    gpu('GPU memory clock, mean', 'MHz', mean, (each) => each.memoryClockMhz ?? null),
    gpu('GPUs whose clocks are held back', null, sum, heldBack),
    gpu(
      'GPU temperature, the hottest',
      '°C',
      (values) => Math.max(...values),
      (each) => each.temperatureC,
    ),
    gpu('GPU memory, all', 'GiB', sum, (each) => (each.memoryUsedMiB === null ? null : each.memoryUsedMiB / 1024)),
    course(hosts, { label: 'CPU of the machine', unit: '%', of: 'CPU' }, busyShare),
  ].filter(({ values }) => values.some((value) => value !== null && value !== 0));
  return {
    courses: told.filter(({ values }) => !isLevel(values)),
    levels: told.filter(({ values }) => isLevel(values)).map(({ label, unit, values }) => ({ label, unit, value: mean(known(values)) })),
    missing: [...(engines.some(inside) ? [] : ['the engine']), ...(hosts.some(inside) ? [] : ['the machine'])],
  };
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

/** Two values may be equal by chance. */
function isLevel(values: readonly (number | null)[]): boolean {
  const all = known(values);
  return all.length > 2 && Math.max(...all) - Math.min(...all) <= LEVEL * Math.max(...all.map(Math.abs));
}

type Figure = keyof EngineFigures;

const figure = (name: Figure, factor: number) => (sample: EngineTelemetry) => {
  const value = sample[name];
  return value === undefined ? null : value * factor;
};

/** Of a sum since the engine's start, what was added a second since the sample before. Null: there is none, or the engine began again. */
const rate = (name: Figure) => (sample: EngineTelemetry, before: EngineTelemetry | undefined) => {
  const added = addedOf(name, sample, before);
  const s = before ? (sample.atMs - before.atMs) / 1000 : 0;
  return added === null || s <= 0 ? null : added / s;
};

/** Of two such sums the share of the first, in per cent. */
const ratio = (part: Figure, whole: Figure) => (sample: EngineTelemetry, before: EngineTelemetry | undefined) => {
  const [a, b] = [addedOf(part, sample, before), addedOf(whole, sample, before)];
  return a === null || !b ? null : (100 * a) / b;
};

function addedOf(name: Figure, sample: EngineTelemetry, before: EngineTelemetry | undefined): number | null {
  const [now, then] = [sample[name], before?.[name]];
  return now === undefined || then === undefined || now < then ? null : now - then;
}

/** Of all GPUs together; null where one did not tell. */
function ofAll(
  gpus: HostTelemetry['gpus'],
  together: (values: readonly number[]) => number,
  of: (gpu: GpuSample) => number | null,
): number | null {
  const told = known((gpus ?? []).map(of));
  return told.length === 0 || told.length !== gpus?.length ? null : together(told);
}

function heldBack(gpu: GpuSample): number | null {
  const reasons = throttleReasons(gpu);
  return reasons && (reasons.length > 0 ? 1 : 0);
}

/** Since the sample before. */
function busyShare({ cpu }: HostTelemetry, before: HostTelemetry | undefined): number | null {
  const from = before?.cpu;
  return !cpu || !from || cpu.totalS <= from.totalS ? null : (100 * (cpu.busyS - from.busyS)) / (cpu.totalS - from.totalS);
}
