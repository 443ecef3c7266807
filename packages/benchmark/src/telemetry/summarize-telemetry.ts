import { type EngineTelemetry, type HostTelemetry, type PointTelemetry, type TelemetrySummary, throttleReasons } from '@bench/core';
import { gpuEnergy } from './energy.ts';

/** What of a point a summary of its telemetry takes. */
export interface MeasuredWindow {
  /** First dispatch of a measured request and last end of one, milliseconds since the point's zero. */
  fromMs: number;
  toMs: number;
  intervalMs: number;
  /** How many GPUs the deployment uses; null: not known. */
  gpus: number | null;
  /** Of successful requests. Absent: not counted. */
  outputTokens?: number | undefined;
  okRequests: number;
}

/** Figures of a point's telemetry (definitions: `METRICS` of `@bench/core`), and how far they can be believed. What was not told is absent. */
export function summarizeTelemetry(
  lines: readonly PointTelemetry[],
  window: MeasuredWindow,
): { scalars: Record<string, number>; telemetry: TelemetrySummary } {
  const { fromMs, toMs, intervalMs } = window;
  const allHost = lines.filter((line) => line.kind === 'host');
  const allEngine = lines.filter((line) => line.kind === 'engine');
  const inside = <T extends { atMs: number }>(list: readonly T[]) => list.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  const host = inside(allHost);
  const engine = inside(allEngine);
  const scalars: Record<string, number> = {
    ...gpuFigures(host),
    ...cpuFigures(around(allHost, window)),
    ...engineFigures(engine),
    ...counterFigures(around(allEngine, window)),
  };
  const energy = gpuEnergy(allHost, window);
  if ('joules' in energy) {
    scalars.gpu_energy = energy.joules;
    if (window.outputTokens) scalars.energy_per_output_token = energy.joules / window.outputTokens;
    if (window.okRequests > 0) scalars.energy_per_request = energy.joules / window.okRequests;
  }
  const noEnergy = 'unknown' in energy ? energy.unknown : null;
  return { scalars, telemetry: { intervalMs, hostSamples: host.length, engineSamples: engine.length, noEnergy } };
}

/** With the last sample before the window and the first after it: counters are known between those. */
function around<T extends { atMs: number }>(list: readonly T[], { fromMs, toMs }: MeasuredWindow): T[] {
  const before = list.findLastIndex(({ atMs }) => atMs <= fromMs);
  const after = list.findIndex(({ atMs }) => atMs >= toMs);
  return list.slice(Math.max(0, before), after < 0 ? list.length : after + 1);
}

function gpuFigures(samples: readonly HostTelemetry[]): Record<string, number> {
  const told = samples.flatMap(({ gpus }) => (gpus === null || gpus.length === 0 ? [] : [gpus]));
  const each = (of: (gpu: (typeof told)[number][number]) => number | null | undefined) =>
    told.map((gpus) => gpus.map(of)).filter((values): values is number[] => values.every((v) => typeof v === 'number'));
  const sums = (values: number[][]) => values.map((list) => list.reduce((a, b) => a + b, 0));
  const means = (values: number[][]) => values.map((list) => list.reduce((a, b) => a + b, 0) / list.length);
  const utils = means(each(({ utilizationPercent }) => utilizationPercent)).map((percent) => percent / 100);
  const powers = sums(each(({ powerW }) => powerW));
  const reasons = told.flatMap((gpus) => gpus.map(throttleReasons)).filter((names) => names !== null);
  return {
    ...spread('gpu_util', utils),
    ...most('gpu_memory_max', sums(each(({ memoryUsedMiB }) => memoryUsedMiB))),
    ...spread('gpu_power', powers),
    ...mean('gpu_clock_mean', means(each(({ smClockMhz }) => smClockMhz))),
    ...most('gpu_temperature_max', each(({ temperatureC }) => temperatureC).flat()),
    ...mean(
      'gpu_throttled_ratio',
      reasons.map((names) => (names.length > 0 ? 1 : 0)),
    ),
  };
}

function cpuFigures(samples: readonly HostTelemetry[]): Record<string, number> {
  const told = samples.flatMap(({ cpu }) => (cpu === null ? [] : [cpu]));
  const share = (a: (typeof told)[number] | undefined, b: (typeof told)[number] | undefined) =>
    a && b && b.totalS > a.totalS ? [(b.busyS - a.busyS) / (b.totalS - a.totalS)] : [];
  return {
    ...mean('host_cpu_mean', share(told[0], told.at(-1))),
    ...most(
      'host_cpu_max',
      told.slice(1).flatMap((cpu, i) => share(told[i], cpu)),
    ),
  };
}

function engineFigures(samples: readonly EngineTelemetry[]): Record<string, number> {
  const of = (figure: 'running' | 'waiting' | 'kvCacheUsage') => samples.map((sample) => sample[figure]).filter((v) => v !== undefined);
  return {
    ...spread('engine_running', of('running')),
    ...spread('engine_waiting', of('waiting')),
    ...spread('kv_cache', of('kvCacheUsage')),
  };
}

type Counter = 'preemptions' | 'prefixQueries' | 'prefixHits' | 'draftTokens' | 'acceptedTokens';

function counterFigures(samples: readonly EngineTelemetry[]): Record<string, number> {
  /** Null: it is not told, or the engine began anew. */
  const grown = (counter: Counter): number | null => {
    const [first, last] = [samples[0]?.[counter], samples.at(-1)?.[counter]];
    return samples.length < 2 || first === undefined || last === undefined || last < first ? null : last - first;
  };
  const ratio = (name: string, part: number | null, whole: number | null) => (part === null || !whole ? {} : { [name]: part / whole });
  const preemptions = grown('preemptions');
  return {
    ...(preemptions === null ? {} : { engine_preemptions: preemptions }),
    ...ratio('engine_prefix_hit_ratio', grown('prefixHits'), grown('prefixQueries')),
    ...ratio('spec_acceptance_ratio', grown('acceptedTokens'), grown('draftTokens')),
  };
}

const spread = (name: string, values: readonly number[]) => ({ ...mean(`${name}_mean`, values), ...most(`${name}_max`, values) });

function mean(name: string, values: readonly number[]): Record<string, number> {
  return values.length === 0 ? {} : { [name]: values.reduce((a, b) => a + b, 0) / values.length };
}

function most(name: string, values: readonly number[]): Record<string, number> {
  return values.length === 0 ? {} : { [name]: values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY) };
}
