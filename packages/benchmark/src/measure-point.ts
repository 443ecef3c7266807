import { type Io, type LoadSpec, type PointFlag, type PointResult, type RequestRecord, seedOf, type SeriesRow } from '@bench/core';
import type { Deployment } from '@bench/deploy';
import { type LoadProgress, type LoadResult, runLoad } from '@bench/loadgen';
import type { LoadPoint, Task } from '@bench/recipe';
import type { GapList } from '@bench/results';

export interface MeasuredLoad {
  result: PointResult;
  records: RequestRecord[];
  gaps: GapList[];
  series: SeriesRow[];
}

/** Drives one load against a deployment, on a cache as cold as the engine allows. */
export async function measurePoint(options: {
  task: Task;
  point: LoadPoint;
  repeat: number;
  deployment: Deployment;
  /** The run's seed. */
  seed: number;
  /** What points before learnt of the deployment's tokenizer, by what of a load it depends on; filled in here. */
  calibrations: Map<string, LoadResult['calibration']>;
  io: Io;
  onProgress: (progress: LoadProgress) => void;
}): Promise<MeasuredLoad> {
  const { task, point, repeat, deployment, io } = options;
  const { endpoint } = deployment;
  const baseUrl = `http://${endpoint.address}:${endpoint.port}`;
  if (endpoint.server.resetCachePath !== null) await resetCache(baseUrl + endpoint.server.resetCachePath, io);
  const { resetCachePath: _unused, ...server } = endpoint.server;
  const over = new AbortController();
  void deployment.died.then((reason) => over.abort(new Error(reason)));
  const known = options.calibrations.get(calibrationKey(point.load));
  const loaded = await runLoad({
    baseUrl,
    model: endpoint.model,
    // Each point and repeat draws its own prompts, so that no prefix is sent twice to a deployment.
    load: { ...point.load, seed: seedOf(options.seed, task.key, point.index, repeat) },
    server,
    ...(known === undefined ? {} : { calibration: known }),
    // A dead engine would only fail every request that is left.
    signal: AbortSignal.any([io.signal, over.signal]),
    onProgress: options.onProgress,
  });
  options.calibrations.set(calibrationKey(point.load), loaded.calibration);
  const flags: PointFlag[] = [...loaded.summary.flags];
  if (deployment.record.engine.randomWeights === true) {
    flags.push({ code: 'random_weights', message: 'the weights are generated: timings are real, the text is noise' });
  }
  return {
    result: { ...loaded.summary, flags, point: point.index, repeat },
    records: loaded.records,
    gaps: loaded.gaps,
    series: loaded.series,
  };
}

function calibrationKey({ api, stream, ignoreEos, data }: LoadSpec): string {
  return JSON.stringify([api, stream, ignoreEos, data.kind]);
}

/** Best effort: seeds keep prompts apart also where an engine cannot be reset. */
async function resetCache(url: string, io: Io): Promise<void> {
  try {
    const response = await io.fetch(url, { method: 'POST', signal: AbortSignal.any([io.signal, AbortSignal.timeout(10_000)]) });
    await response.arrayBuffer();
    if (!response.ok) io.logger.log('debug', `POST ${url} answered ${response.status}; the prefix cache was not reset`);
  } catch (error) {
    io.logger.log('debug', `POST ${url}: ${(error as Error).message}; the prefix cache was not reset`);
  }
}
