import { BenchError } from '@bench/core';
import { adaptivePoints } from '@bench/recipe';
import { failureOf, type Live } from './deployments.ts';
import { refuseSilent } from './engine-death.ts';
import { errorFacts } from './error-facts.ts';
import type { PointRef } from './events.ts';
import { closeIfAway, type Lane, type Shared } from './lane-context.ts';
import { type Calibrations, measureOnce } from './measure-once.ts';
import { pointLabel } from './point-label.ts';
import { pointKey } from './run-state.ts';
import { hasServed, searchFile } from './search/adaptive-work.ts';
import { judge } from './search/judge.ts';
import type { TaskRecord } from './task-record.ts';
import { missingPoints, type WorkPoint } from './work-list.ts';

/** A task on its way through one deployment after another. */
export interface Job {
  record: TaskRecord;
  /** Points still to be measured in this invocation. */
  todo: WorkPoint[];
  failures: number;
}

/**
 * Measures one point of a task, writes it down and tells of it, as it does when that fails. A point that the user stopped, or whose machine was taken
 * away, is left to be measured again. Never throws for what the point did.
 */
export async function runPoint(
  point: WorkPoint,
  o: { job: Job; live: Live; calibrations: Calibrations; lane: Lane },
  shared: Shared,
): Promise<void> {
  const { job, live, calibrations, lane } = o;
  const { context, tally } = shared;
  const { deployment } = live;
  const { record } = job;
  const { task } = record;
  const { io, writer, on, state } = context;
  const adaptive = adaptivePoints(task);
  const { index, repeat } = point;
  const ref: PointRef = {
    recipe: task.recipe,
    variant: task.variant,
    point: index,
    repeat,
    label: point.load ? pointLabel(point.load) : task.kind === 'command' ? 'command' : 'clients',
    position: ++shared.progress.position,
    total: context.totalPoints,
    ...(context.atMost ? { atMost: context.atMost } : {}),
    ...(context.several ? { machine: lane.machine.name } : {}),
    ...(context.group === undefined ? {} : { group: context.group }),
  };
  const where = { recipe: task.recipe, variant: task.variant, key: task.key, attempt: record.attempt, point: index, repeat };
  on({ type: 'point_started', ref });
  await writer.event({ type: 'point_started', ...where });
  const place = { recipe: task.recipe, variant: task.variant, attempt: record.attempt, point: index, repeat };
  let path = '';
  try {
    const dir = await writer.pointFolder(place);
    const measured = await measureOnce({ task, point, dir, live, places: lane.places, calibrations }, context, {
      onProgress: (progress) => on({ type: 'point_progress', ref, progress }),
      onText: (text) => on({ type: 'point_text', ref, text }),
    });
    io.signal.throwIfAborted();
    path = await writer.point({ recipe: task.recipe, variant: task.variant, attempt: record.attempt, ...measured });
    // What an engine answered while it died says nothing about the engine.
    if (deployment.exited() !== null) throw new BenchError({ code: 'BENCH_ENGINE_EXITED', message: 'the engine ended' });
    await refuseSilent(measured.result, live, io);
    if (measured.result.load !== null && measured.result.counts.ok === 0 && !(adaptive && hasServed(task, state)))
      throw nothingAnswered(measured.result.errors, measured.records);
    const probe = adaptive && point.at !== undefined ? judge(adaptive, point.at, measured) : undefined;
    await writer.event({ type: 'point_finished', ...where, path, ...(probe ? { probe } : {}) });
    state.finished.set(pointKey(task.key, index, repeat), { attempt: record.attempt, path, probe });
    if (probe) job.todo = missingPoints(task, state);
    await record.point({ point: index, repeat, path, status: 'ok', error: null }, { last: job.todo.length === 0 });
    tally.measured += 1;
    on({
      type: 'point_finished',
      ref,
      result: measured.result,
      ...(probe && adaptive?.kind === 'search' ? { missed: probe.missed } : {}),
    });
    const search = job.todo.length === 0 ? searchFile(adaptive, task, state) : null;
    if (search) on({ type: 'search_finished', recipe: task.recipe, variant: task.variant, search, ...whose(ref) });
  } catch (error) {
    const lost = (await lane.lost?.(error)) ?? null;
    if (lost !== null) await writer.event({ type: 'point_void', ...where, error: errorFacts(lost, io) });
    if (io.signal.aborted) return;
    job.failures += 1;
    closeIfAway(error, lane, shared);
    if (path === '') path = await writer.failedPoint(place);
    const failure = failureOf(error, deployment, io);
    await writer.event({ type: 'point_failed', ...where, error: failure });
    await record.point({ point: index, repeat, path, status: 'failed', error: failure.message }, { last: job.todo.length === 0 });
    on({ type: 'point_failed', ref, message: failure.message });
  }
}

const whose = ({ machine, group }: PointRef) => ({
  ...(machine === undefined ? {} : { machine }),
  ...(group === undefined ? {} : { group }),
});

function nothingAnswered(errors: Record<string, number>, records: readonly { error: { message: string } | null }[]): BenchError {
  const classes = Object.entries(errors).map(([name, count]) => `${count}× ${name}`);
  const example = records.find((r) => r.error)?.error?.message;
  return new BenchError({
    code: 'BENCH_ALL_REQUESTS_FAILED',
    message: `no request succeeded (${classes.join(', ')})${example === undefined ? '' : `: ${example}`}`,
  });
}
