import { BenchError, type Io, type PointResult } from '@bench/core';
import type { DatedSelfcheck } from '@bench/loadgen/selfcheck';
import type { ExecutionGroup, PlannedDeployment } from '@bench/planner';
import { adaptivePoints } from '@bench/recipe';
import type { RunWriter } from '@bench/results';
import { bringUp, type DeploymentsContext, failureOf, isAway, isIncomplete, leaveUp, type Live, takeDown } from './deployments.ts';
import { errorFacts } from './error-facts.ts';
import type { PointRef, RunEvent } from './events.ts';
import type { LoadPlaces } from './load-places-of.ts';
import type { RunMachine } from './machine.ts';
import { type Calibrations, measureOnce } from './measure-once.ts';
import { pointLabel } from './point-label.ts';
import { pointKey, type RunState } from './run-state.ts';
import { hasServed, searchFile } from './search/adaptive-work.ts';
import { judge } from './search/judge.ts';
import { stillAnswers } from './still-answers.ts';
import { countFailed, type Tally } from './tally.ts';
import { TaskRecord } from './task-record.ts';
import type { TelemetryOptions } from './telemetry/index.ts';
import { missingPoints, type WorkPoint } from './work-list.ts';

/** What work on a machine needs of its run. */
export interface LaneContext extends DeploymentsContext {
  writer: RunWriter;
  state: RunState;
  /** Its signal ends the work: the user stops the run, or the machine went away. */
  io: Io;
  /** Only bring up, and leave up. */
  deployOnly: boolean;
  /** The last deployment of each machine stays up. */
  keep: boolean;
  /** The run's seed. */
  seed: number;
  /** Null: nothing is sampled while points are measured. */
  telemetry: TelemetryOptions | null;
  totalPoints: number;
  selfcheck?: DatedSelfcheck | undefined;
  /** There may be fewer. */
  atMost?: true | undefined;
  on: (event: RunEvent) => void;
}

/** A task on its way through one deployment after another. */
interface Job {
  record: TaskRecord;
  /** Points still to be measured in this invocation. */
  todo: WorkPoint[];
  failures: number;
}

/** What one machine's work shares. */
export interface Lane {
  machine: RunMachine;
  /** Why it takes no more groups; null: it does. */
  closed: string | null;
  /** Up on the machine: at most one, for deployments share its GPUs. */
  live: Live | null;
  places: LoadPlaces;
  /** Where a deployment is a machine of its own: the one that the next deployment will be. */
  nextMachine?: () => RunMachine;
  /** What could not be taken down on the machine, in words. Of no more account once the machine itself is gone. */
  left: string[];
  /**
   * Of a machine that can be taken away: asks, after an error that this may have caused, whether it was. Resolves with the reason, and the
   * context's signal is aborted then.
   */
  lost?: (error: unknown) => Promise<BenchError | null>;
}

/** What all lanes share. */
export interface Shared {
  context: LaneContext;
  tally: Tally;
  /** Points begun in this invocation. */
  progress: { position: number };
  /** Machines that take no more groups, with the reason. */
  lost: Map<number, string>;
}

/** An engine that dies, or goes silent, costs the point it did so in; after so many deaths the rest is not tried any more. */
const MAX_DEATHS = 2;
const SILENT = 'BENCH_ENGINE_SILENT';

/** Every deployment of a group, one after another, on the lane's machine. Never throws for a task's failure. */
export async function runGroup(group: ExecutionGroup, lane: Lane, shared: Shared): Promise<void> {
  const { context } = shared;
  for (const planned of group.deployments) {
    const records = await Promise.all(planned.tasks.map((task) => TaskRecord.open({ task, writer: context.writer, state: context.state })));
    if (context.io.signal.aborted) continue;
    if (context.deployOnly) await deployOnly(planned, records, lane, shared);
    else await runDeployment(planned, records, lane, shared);
  }
}

/** Fails what is left of a group that had no machine to run on, because of `error`. */
export async function failGroup(group: ExecutionGroup, error: unknown, { context, tally }: Shared): Promise<void> {
  const failure = errorFacts(error, context.io);
  for (const task of group.deployments.flatMap((planned) => planned.tasks)) {
    if (missingPoints(task, context.state).length === 0) continue;
    const record = await TaskRecord.open({ task, writer: context.writer, state: context.state });
    await record.fail(context.io.signal.aborted ? null : failure);
    if (!context.io.signal.aborted) countFailed(tally, 1, error);
  }
}

async function deployOnly(planned: PlannedDeployment, records: readonly TaskRecord[], lane: Lane, shared: Shared): Promise<void> {
  const [first] = records;
  if (first) await ensureUp(planned.key, records, lane, shared);
}

/** The machine's deployment of `key`; null, with the tasks failed, when it does not come up. */
async function ensureUp(key: string, records: readonly TaskRecord[], lane: Lane, shared: Shared): Promise<Live | null> {
  const { context, tally } = shared;
  const { io } = context;
  if (lane.live?.key === key && lane.live.deployment.exited() === null) return lane.live;
  await release(lane, shared);
  if (lane.nextMachine) {
    const [left] = lane.left;
    // The one before may still cost money: no further one is rented.
    if (left !== undefined) {
      const failure = new BenchError({ code: 'BENCH_PROVIDER_CLEANUP', message: left, details: { kind: 'cleanup' } });
      for (const record of records) await record.fail(io.signal.aborted ? null : errorFacts(failure, io));
      if (!io.signal.aborted) countFailed(tally, records.length, failure);
      return null;
    }
    lane.machine = lane.nextMachine();
  }
  const first = records[0] as TaskRecord;
  const id = `d${++context.state.deployments}-${key.slice(0, 8)}`;
  try {
    lane.live = await bringUp({ task: first.task, key, id, machine: lane.machine }, context);
    return lane.live;
  } catch (error) {
    await lane.lost?.(error);
    for (const record of records) await record.fail(io.signal.aborted ? null : errorFacts(error, io));
    if (!io.signal.aborted) countFailed(tally, records.length, error);
    if (isIncomplete(error)) lane.left.push(`${lane.machine.name}: ${errorFacts(error, io).message}`);
    closeIfAway(error, lane, shared);
    return null;
  }
}

/** On a machine that is away other groups would fail too, one after another, while those that answer are at work. */
function closeIfAway(error: unknown, lane: Lane, shared: Shared): void {
  if (!isAway(error)) return;
  lane.closed = `${lane.machine.name}: ${errorFacts(error, shared.context.io).message}`;
  shared.lost.set(lane.machine.index, lane.closed);
}

/** Takes down what is up on the lane's machine. */
export async function release(lane: Lane, { context }: Shared): Promise<void> {
  const { live } = lane;
  lane.live = null;
  if (!live) return;
  const left = await takeDown(live, context);
  if (left !== null) lane.left.push(left);
}

/** Lets go of a lane: what is up is taken down, or left up as asked. */
export async function endLane(lane: Lane, shared: Shared): Promise<void> {
  const { context, tally } = shared;
  if (context.io.signal.aborted) context.on({ type: 'stopping', reason: 'interrupted' });
  lane.left.push(...(await lane.places.close()));
  const stays = context.keep && !context.io.signal.aborted && lane.live?.deployment.exited() === null;
  if (lane.live && stays) shared.tally.kept.push(await leaveUp(lane.live, context));
  else await release(lane, shared);
  tally.leftBehind.push(...lane.left);
}

async function runDeployment(planned: PlannedDeployment, records: readonly TaskRecord[], lane: Lane, shared: Shared): Promise<void> {
  const { context, tally } = shared;
  const { io, state } = context;
  const jobs: Job[] = records.map((record) => ({ record, todo: missingPoints(record.task, state), failures: 0 }));
  const calibrations: Calibrations = new Map();
  let lastDeath: Death | null = null;
  for (let deaths = 0; ; deaths += 1) {
    const left = jobs.filter((job) => job.todo.length > 0);
    if (left.length === 0 || io.signal.aborted) return;
    if (deaths > MAX_DEATHS) {
      const { code, message } = lastDeath as Death;
      const failure = { code, message: `${message}; it was brought up ${deaths} times, and the rest was not tried` };
      for (const job of left) await job.record.fail(failure);
      tally.failedTasks += left.length;
      return;
    }
    const live = await ensureUp(
      planned.key,
      left.map((job) => job.record),
      lane,
      shared,
    );
    if (!live) return;
    for (const job of left) {
      if (io.signal.aborted || deathOf(live) !== null) break;
      const ended = await runTask({ job, live, calibrations, lane }, shared);
      if (ended && job.failures > 0) tally.failedTasks += 1;
    }
    lastDeath = deathOf(live);
    // What comes next may want the machine's GPUs; at the end of the lane it is decided what stays up.
    if (lastDeath !== null || io.signal.aborted) await release(lane, shared);
  }
}

interface Death {
  code: string;
  message: string;
}

/** Why a deployment is of no more use; null: it is. One that is silent would cost each further point the time until that is known. */
function deathOf({ deployment, silent }: Live): Death | null {
  const message = deployment.exited();
  if (message !== null) return { code: 'BENCH_ENGINE_EXITED', message };
  return silent === undefined ? null : { code: SILENT, message: silent };
}

/** Measures a task's points until they are done, the engine dies or the user stops; true when the task has ended. */
async function runTask(o: { job: Job; live: Live; calibrations: Calibrations; lane: Lane }, shared: Shared): Promise<boolean> {
  const { job, live, calibrations, lane } = o;
  const { context, tally } = shared;
  const { deployment } = live;
  const { record } = job;
  const { task } = record;
  const { io, writer, on, state } = context;
  const adaptive = adaptivePoints(task);
  await record.begin(deployment.record.id, lane.machine.index);
  while (deathOf(live) === null && !io.signal.aborted) {
    const point = job.todo.shift();
    if (!point) break;
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
      if (io.signal.aborted) break;
      job.failures += 1;
      closeIfAway(error, lane, shared);
      if (path === '') path = await writer.failedPoint(place);
      const failure = failureOf(error, deployment, io);
      await writer.event({ type: 'point_failed', ...where, error: failure });
      await record.point({ point: index, repeat, path, status: 'failed', error: failure.message }, { last: job.todo.length === 0 });
      on({ type: 'point_failed', ref, message: failure.message });
    }
  }
  if (!io.signal.aborted && job.todo.length > 0) return false;
  await record.end(io.signal.aborted ? 'interrupted' : job.failures > 0 ? 'failed' : 'done');
  return true;
}

const whose = ({ machine, group }: PointRef) => ({
  ...(machine === undefined ? {} : { machine }),
  ...(group === undefined ? {} : { group }),
});

/**
 * Requests may fail on an engine that goes on; what was measured while it went away, or its machine, is no figure of it.
 * @throws BenchError `BENCH_ENGINE_SILENT`, or that its machine does not answer
 */
async function refuseSilent({ load, counts }: PointResult, live: Live, io: Io): Promise<void> {
  const { deployment, machine } = live;
  if (load === null || counts.failed === 0 || !deployment.endpoint) return;
  const silent = await stillAnswers(deployment.endpoint, machine, io);
  if (silent === null) return;
  live.silent = `the engine does not answer any more (${silent})`;
  throw new BenchError({ code: SILENT, message: `${counts.failed} of ${counts.sent} requests failed, and ${live.silent}` });
}

function nothingAnswered(errors: Record<string, number>, records: readonly { error: { message: string } | null }[]): BenchError {
  const classes = Object.entries(errors).map(([name, count]) => `${count}× ${name}`);
  const example = records.find((r) => r.error)?.error?.message;
  return new BenchError({
    code: 'BENCH_ALL_REQUESTS_FAILED',
    message: `no request succeeded (${classes.join(', ')})${example === undefined ? '' : `: ${example}`}`,
  });
}
