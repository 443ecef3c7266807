import { BenchError } from '@bench/core';
import type { LoadProgress, LoadResult } from '@bench/loadgen';
import type { Task } from '@bench/recipe';
import type { Live } from './deployments.ts';
import type { LaneContext } from './lane-context.ts';
import type { LoadPlaces } from './load-places-of.ts';
import { measurementId } from './measurement-id.ts';
import { measureLoad, type MeasuredLoad } from './measure-load.ts';
import { ownPoint } from './own-point.ts';

import type { WorkPoint } from './work-list.ts';

export type Calibrations = Map<string, LoadResult['calibration']>;

/** Measures one repeat of one point: by bench's load, or by the recipe's own clients or command. */
export async function measureOnce(
  o: { task: Task; point: WorkPoint; dir: string; live: Live; places: LoadPlaces; calibrations: Calibrations },
  context: LaneContext,
  to: { onProgress: (progress: LoadProgress) => void; onText: (text: string) => void },
): Promise<MeasuredLoad> {
  const { task, point, dir, live, places, calibrations } = o;
  const { deployment, machine } = live;
  const { io, writer, seed, telemetry } = context;
  const id = measurementId({
    runId: writer.run.id,
    deployment: deployment.record.id,
    key: task.key,
    point: point.index,
    repeat: point.repeat,
  });
  if (point.load !== null) {
    const place = await places.forTask(task, deployment);
    const { index, repeat, load } = point;
    return measureLoad({
      task,
      index,
      repeat,
      load,
      id,
      deployment,
      machine,
      place,
      dir,
      seed,
      calibrations,
      telemetry,
      said: (live.said ??= new Set()),
      io,
      onProgress: to.onProgress,
    });
  }
  if (!deployment.measure)
    throw new BenchError({ code: 'BENCH_NO_MEASURE', message: `${deployment.record.id} has nothing that measures it` });
  const over = new AbortController();
  void deployment.died.then((reason) => over.abort(new Error(reason)));
  const own = await deployment.measure(task, {
    id,
    runId: writer.run.id,
    dir,
    signal: AbortSignal.any([io.signal, over.signal]),
    onProgress: to.onText,
  });
  const failures = own.parts.filter((part) => part.failure !== null);
  if (failures.length > 0) {
    throw new BenchError({
      code: 'BENCH_CLIENT_FAILED',
      message: failures.map((part) => `${part.name}: ${part.failure}`).join('\n'),
      hint: 'its log is in the run directory, beside where the point would be',
    });
  }
  const result = ownPoint(own, { point: point.index, repeat: point.repeat });
  return { result, records: own.parts.flatMap((part) => part.requests ?? []), gaps: [], series: [] };
}
