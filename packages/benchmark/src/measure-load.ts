import {
  bearer,
  BenchError,
  type Io,
  type LoadSpec,
  type PointFlag,
  type PointResult,
  type RequestRecord,
  seedOf,
  type SeriesRow,
  calibrationKey,
  type PointTelemetry,
  withinTime,
} from '@bench/core';
import { baseUrl, type Deployment, type Endpoint } from '@bench/deploy';
import type { LoadProgress, LoadResult } from '@bench/loadgen';
import type { Task } from '@bench/recipe';
import type { GapList } from '@bench/results';
import { hasLearnt, type LoadOrder, type LoadPlace, type LoadPlaceName } from './load-places/index.ts';
import type { RunMachine } from './machine.ts';
import { gpusOf, placeSamples, type Samples, startTelemetry, summarizeTelemetry, type TelemetryOptions } from './telemetry/index.ts';

export interface MeasuredLoad {
  result: PointResult;
  records: RequestRecord[];
  gaps: GapList[];
  series: SeriesRow[];
  /** Absent: nothing was sampled. */
  telemetry?: PointTelemetry[];
}

/** Drives one load against a deployment, on a cache as cold as the engine allows. */
export async function measureLoad(options: {
  task: Task;
  /** Position of the point in its task. */
  index: number;
  load: LoadSpec;
  repeat: number;
  /** Names this measurement on the host. */
  id: string;
  deployment: Deployment;
  machine: RunMachine;
  place: LoadPlace;
  /** Folder for what the place leaves. */
  dir: string;
  /** The run's seed. */
  seed: number;
  /** What points before learnt of the deployment's tokenizer, by what of a load it depends on; filled in here. */
  calibrations: Map<string, LoadResult['calibration']>;
  /** Null: nothing is sampled. */
  telemetry: TelemetryOptions | null;
  /** What of a deployment's telemetry was said to be missing. */
  said: Set<string>;
  io: Io;
  onProgress: (progress: LoadProgress) => void;
}): Promise<MeasuredLoad> {
  const { task, index, repeat, deployment, io } = options;
  const { endpoint } = deployment;
  if (!endpoint) throw new BenchError({ code: 'BENCH_NO_ENDPOINT', message: `${deployment.record.id} has no endpoint to send load to` });
  await resetCache(endpoint, options.machine, io);
  const over = new AbortController();
  void deployment.died.then((reason) => over.abort(new Error(reason)));
  const known = options.calibrations.get(calibrationKey(options.load));
  // When an engine's own client sent its first request, it does not tell: nothing could be lined up with it.
  const sampler =
    options.telemetry === null || options.place.name === 'engine-client'
      ? null
      : startTelemetry({ task, deployment, machine: options.machine, options: options.telemetry, io, said: options.said });
  const order: LoadOrder = {
    id: options.id,
    endpoint,
    // Each point and repeat draws its own prompts, so that no prefix is sent twice to a deployment.
    load: { ...options.load, seed: seedOf(options.seed, task.key, index, repeat) },
    ...(known === undefined ? {} : { calibration: known }),
    dir: options.dir,
    // A dead engine would only fail every request that is left.
    signal: AbortSignal.any([io.signal, over.signal]),
    onProgress: options.onProgress,
  };
  let samples: Samples | undefined;
  const loaded = await options.place.run(order).finally(async () => (samples = await sampler?.stop()));
  // One that was stopped before it began, and an engine's own client, know nothing that the next load could go by.
  if (hasLearnt(loaded)) options.calibrations.set(calibrationKey(options.load), loaded.calibration);
  const flags: PointFlag[] = [...loaded.summary.flags];
  if (deployment.record.engine.randomWeights === true) {
    flags.push({ code: 'random_weights', message: 'the weights are generated: timings are real, the text is noise' });
  }
  const { summary } = loaded;
  const told = samples && telemetryOf(loaded, samples, options);
  return {
    result: {
      ...summary,
      scalars: { ...summary.scalars, ...told?.scalars },
      ...(told === undefined ? {} : { telemetry: told.telemetry }),
      flags,
      point: index,
      repeat,
    },
    records: loaded.records,
    gaps: loaded.gaps,
    series: loaded.series,
    ...(told === undefined ? {} : { telemetry: told.lines }),
  };
}

const HERE: ReadonlySet<LoadPlaceName> = new Set(['here', 'tunnel']);

/** Samples in the time of a load, and what they come to; undefined: there is nothing to tell. */
function telemetryOf(
  { summary, records, zeroEpochMs }: LoadResult,
  samples: Samples,
  o: Pick<Parameters<typeof measureLoad>[0], 'telemetry' | 'place' | 'task' | 'machine'>,
) {
  const measured = records.filter((r) => r.phase === 'measured');
  const lines = placeSamples(samples, {
    zeroEpochMs: zeroEpochMs ?? Date.parse(summary.startedAt),
    client: HERE.has(o.place.name) ? 'here' : 'host',
  });
  if (lines.length === 0 || measured.length === 0 || o.telemetry === null) return undefined;
  const fromMs = measured.reduce((least, r) => Math.min(least, r.sentMs), Number.POSITIVE_INFINITY);
  return {
    lines,
    ...summarizeTelemetry(lines, {
      fromMs,
      toMs: fromMs + summary.durationS * 1000,
      intervalMs: o.telemetry.intervalMs,
      gpus: gpusOf(o.task, o.machine).count,
      outputTokens: summary.scalars.total_output_tokens,
      okRequests: summary.counts.ok,
    }),
  };
}

/** Best effort: seeds keep prompts apart also where an engine cannot be reset. */
async function resetCache(endpoint: Endpoint, machine: RunMachine, io: Io): Promise<void> {
  const path = endpoint.server.resetCachePath;
  if (path === null) return;
  const doubt = (why: string) => io.logger.log('debug', `POST ${path}: ${why}; the prefix cache was not reset`);
  try {
    const tunnel = await machine.host.tunnel({ host: endpoint.address, port: endpoint.port });
    try {
      await withinTime({ timeoutMs: 10_000, signal: io.signal }, async (signal) => {
        const response = await io.fetch(baseUrl(tunnel) + path, {
          method: 'POST',
          headers: bearer(endpoint.apiKey),
          signal,
        });
        await response.arrayBuffer();
        if (!response.ok) doubt(`answered ${response.status}`);
      });
    } finally {
      await tunnel.close();
    }
  } catch (error) {
    doubt((error as Error).message);
  }
}
