import type { EngineTelemetry, HostTelemetry, PointTelemetry } from '@bench/core';

/** What was sampled of an engine or its machine, in step with a point's series: means of the samples in a bucket; null: there were none. */
export interface Sampled {
  label: string;
  values: (number | null)[];
}

/** Courses that somebody told of, in the order in which they are drawn. A queue that stayed empty has none. */
export function sampledCourses(lines: readonly PointTelemetry[], { bucketS, count }: { bucketS: number; count: number }): Sampled[] {
  const hosts = lines.filter((line) => line.kind === 'host');
  const engines = lines.filter((line) => line.kind === 'engine');
  const course = <T extends { atMs: number }>(
    label: string,
    samples: readonly T[],
    of: (sample: T, before: T | undefined) => number | null,
  ) => {
    const buckets = Array.from({ length: count }, (): number[] => []);
    for (const [i, sample] of samples.entries()) {
      const value = of(sample, samples[i - 1]);
      if (value !== null) buckets[Math.floor(sample.atMs / 1000 / bucketS)]?.push(value);
    }
    return { label, values: buckets.map((values) => (values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length)) };
  };
  const figure = (name: 'waiting' | 'kvCacheUsage', factor: number) => (sample: EngineTelemetry) => {
    const value = sample[name];
    return value === undefined ? null : value * factor;
  };
  const waiting = course('requests in the engine’s queue', engines, figure('waiting', 1));
  return [
    ...(waiting.values.some((value) => value !== null && value > 0) ? [waiting] : []),
    course('KV cache in use, %', engines, figure('kvCacheUsage', 100)),
    course('GPU use, mean, %', hosts, (sample) => meanGpu(sample)),
    course('GPU power, all, W', hosts, (sample) => powerOf(sample)),
    course('CPU of the machine, %', hosts, busyShare),
  ].filter(({ values }) => values.some((value) => value !== null));
}

function meanGpu({ gpus }: HostTelemetry): number | null {
  const told = (gpus ?? []).flatMap(({ utilizationPercent }) => (utilizationPercent === null ? [] : [utilizationPercent]));
  return told.length === 0 || told.length !== gpus?.length ? null : told.reduce((a, b) => a + b, 0) / told.length;
}

function powerOf({ gpus }: HostTelemetry): number | null {
  const told = (gpus ?? []).flatMap(({ powerW }) => (powerW === null ? [] : [powerW]));
  return told.length === 0 || told.length !== gpus?.length ? null : told.reduce((a, b) => a + b, 0);
}

/** Since the sample before. */
function busyShare({ cpu }: HostTelemetry, before: HostTelemetry | undefined): number | null {
  const from = before?.cpu;
  return !cpu || !from || cpu.totalS <= from.totalS ? null : (100 * (cpu.busyS - from.busyS)) / (cpu.totalS - from.totalS);
}
