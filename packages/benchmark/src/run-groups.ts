import { BenchError, type Io } from '@bench/core';
import type { Deployment, DeploymentRecord } from '@bench/deploy';
import type { Plan } from '@bench/planner';
import type { Task } from '@bench/recipe';
import type { DeploymentFile, RunWriter } from '@bench/results';
import { type ErrorFacts, errorFacts } from './error-facts.ts';
import type { RunEvent } from './events.ts';
import { measurePoint } from './measure-point.ts';
import { pointLabel } from './point-label.ts';
import type { RunSite } from './run-site.ts';
import { pointKey, type RunState } from './run-state.ts';
import { TaskRecord } from './task-record.ts';
import { missingPoints, type WorkPoint } from './work-list.ts';

export interface GroupsContext {
  plan: Plan;
  site: RunSite;
  writer: RunWriter;
  state: RunState;
  io: Io;
  /** The run's seed. */
  seed: number;
  totalPoints: number;
  on: (event: RunEvent) => void;
}

export interface Tally {
  measured: number;
  alreadyDone: number;
  failedTasks: number;
}

/** A deployment that is up, and when its start began on the monotonic clock. */
interface Live {
  deployment: Deployment;
  key: string;
  startedAt: number;
}

type Calibrations = Parameters<typeof measurePoint>[0]['calibrations'];

/** A task on its way through one deployment after another. */
interface Job {
  record: TaskRecord;
  /** Points still to be measured in this invocation. */
  todo: WorkPoint[];
  failures: number;
}

/** An engine that dies costs the point it died in; after so many deaths the rest is not tried any more. */
const MAX_DEATHS = 2;

/** Runs every group, one deployment after another. Never throws for a task's failure. */
export async function runGroups(context: GroupsContext): Promise<Tally> {
  const tally: Tally = { measured: 0, alreadyDone: context.state.finished.size, failedTasks: 0 };
  const position = { next: 1 };
  for (const group of context.plan.groups) {
    for (const planned of group.deployments) {
      const records = await Promise.all(
        planned.tasks.map((task) => TaskRecord.open({ task, writer: context.writer, state: context.state })),
      );
      if (context.io.signal.aborted) continue;
      await runDeployment(planned.key, records, context, tally, position);
    }
  }
  return tally;
}

async function runDeployment(
  key: string,
  records: readonly TaskRecord[],
  context: GroupsContext,
  tally: Tally,
  position: { next: number },
): Promise<void> {
  const { io, state } = context;
  const jobs: Job[] = records.map((record) => ({ record, todo: missingPoints(record.task, state), failures: 0 }));
  const calibrations: Calibrations = new Map();
  let lastDeath = '';
  for (let deaths = 0; ; deaths += 1) {
    const left = jobs.filter((job) => job.todo.length > 0);
    const first = left[0];
    if (!first || io.signal.aborted) return;
    if (deaths > MAX_DEATHS) {
      const failure = { code: 'BENCH_ENGINE_EXITED', message: `${lastDeath}, for the ${deaths}th time; the rest was not tried` };
      for (const job of left) await job.record.fail(failure);
      tally.failedTasks += left.length;
      return;
    }
    const live = await bringUp(first.record.task, key, context).catch(async (error: unknown) => {
      for (const job of left) await job.record.fail(io.signal.aborted ? null : errorFacts(error, io));
      if (!io.signal.aborted) tally.failedTasks += left.length;
      return null;
    });
    if (!live) return;
    try {
      for (const job of left) {
        if (io.signal.aborted || live.deployment.exited() !== null) break;
        const ended = await runTask({ job, deployment: live.deployment, calibrations, tally, position }, context);
        if (ended && job.failures > 0) tally.failedTasks += 1;
      }
    } finally {
      if (io.signal.aborted) context.on({ type: 'stopping', reason: 'interrupted' });
      lastDeath = live.deployment.exited() ?? '';
      await takeDown(live, context);
    }
  }
}

/** Measures a task's points until they are done, the engine dies or the user stops; true when the task has ended. */
async function runTask(
  o: { job: Job; deployment: Deployment; calibrations: Calibrations; tally: Tally; position: { next: number } },
  context: GroupsContext,
): Promise<boolean> {
  const { job, deployment, calibrations, tally, position } = o;
  const { record } = job;
  const { task } = record;
  const { io, writer, on, state } = context;
  await record.begin(deployment.record.id);
  while (deployment.exited() === null && !io.signal.aborted) {
    const next = job.todo.shift();
    if (!next) break;
    const { point, repeat } = next;
    const ref = {
      recipe: task.recipe,
      variant: task.variant,
      point: point.index,
      repeat,
      label: pointLabel(point.load),
      position: position.next++,
      total: context.totalPoints,
    };
    const where = { recipe: task.recipe, variant: task.variant, key: task.key, attempt: record.attempt, point: point.index, repeat };
    on({ type: 'point_started', ref });
    await writer.event({ type: 'point_started', ...where });
    let path = '';
    try {
      const measured = await measurePoint({
        task,
        point,
        repeat,
        deployment,
        calibrations,
        seed: context.seed,
        io,
        onProgress: (progress) => on({ type: 'point_progress', ref, progress }),
      });
      if (io.signal.aborted) break;
      path = await writer.point({ recipe: task.recipe, variant: task.variant, attempt: record.attempt, ...measured });
      // What an engine answered while it died says nothing about the engine.
      if (deployment.exited() !== null) throw new BenchError({ code: 'BENCH_ENGINE_EXITED', message: 'the engine ended' });
      if (measured.result.counts.ok === 0) throw nothingAnswered(measured.result.errors, measured.records);
      await writer.event({ type: 'point_finished', ...where, path });
      state.finished.set(pointKey(task.key, point.index, repeat), { attempt: record.attempt, path });
      await record.point({ point: point.index, repeat, path, status: 'ok', error: null });
      tally.measured += 1;
      on({ type: 'point_finished', ref, result: measured.result });
    } catch (error) {
      if (io.signal.aborted) break;
      job.failures += 1;
      const failure = failureOf(error, deployment, io);
      await writer.event({ type: 'point_failed', ...where, error: failure });
      await record.point({ point: point.index, repeat, path, status: 'failed', error: failure.message });
      on({ type: 'point_failed', ref, message: failure.message });
    }
  }
  if (!io.signal.aborted && job.todo.length > 0) return false;
  await record.end(io.signal.aborted ? 'interrupted' : job.failures > 0 ? 'failed' : 'done');
  return true;
}

async function bringUp(task: Task, key: string, context: GroupsContext): Promise<Live> {
  const { site, writer, io, state, on } = context;
  const id = `d${++state.deployments}-${key.slice(0, 8)}`;
  const dir = await writer.deploymentDir(id);
  const { record } = site.target.plan(task, await site.facts({ id, dir }));
  const startedAt = io.monotonic();
  await writer.event({ type: 'deployment_planned', deployment: id, key, machine: 0, target: record.target, record });
  await writer.deployment(file(record, { status: 'starting', phases: [], error: null }));
  const about = { engine: record.engine.name, model: record.servedModel };
  try {
    const deployment = await site.target.start(
      { record, task },
      {
        io,
        host: site.host,
        on: async (event) => {
          if (event.type === 'started') await writer.event({ type: 'deployment_started', deployment: id, record: event.record });
          else if (event.type === 'phase') on({ type: 'deployment_phase', ...about, phase: event.phase });
          else on({ type: 'engine_log', line: event.line });
        },
      },
    );
    await writer.event({ type: 'deployment_ready', deployment: id });
    await writer.deployment(file(deployment.record, { status: 'ready', phases: deployment.phases, error: null }));
    on({ type: 'deployment_ready', ...about, durationMs: io.monotonic() - startedAt });
    return { deployment, key, startedAt };
  } catch (error) {
    const failure = errorFacts(error, io);
    await writer.event({ type: 'deployment_failed', deployment: id, error: failure });
    const phases =
      BenchError.is(error) && Array.isArray(error.details?.['phases']) ? (error.details['phases'] as DeploymentFile['phases']) : [];
    await writer.deployment(file(record, { status: 'failed', phases, error: failure }));
    if (!io.signal.aborted) on({ type: 'deployment_failed', ...about, message: failure.message, hint: failure.hint });
    throw error;
  }
}

async function takeDown({ deployment, key, startedAt }: Live, context: GroupsContext): Promise<void> {
  const { writer, io } = context;
  const before = io.monotonic();
  await deployment.stop();
  const teardown = { name: 'teardown', startMs: before - startedAt, durationMs: io.monotonic() - before };
  await writer.event({ type: 'deployment_stopped', deployment: deployment.record.id });
  await writer.deployment({
    ...file(deployment.record, { status: 'stopped', phases: [...deployment.phases, teardown], error: null }),
    key,
  });
}

function file(record: DeploymentRecord, state: Pick<DeploymentFile, 'status' | 'phases' | 'error'>): DeploymentFile {
  return { id: record.id, key: record.key, target: record.target, engine: record.engine, machine: 0, ...state };
}

function nothingAnswered(errors: Record<string, number>, records: readonly { error: { message: string } | null }[]): BenchError {
  const classes = Object.entries(errors).map(([name, count]) => `${count}× ${name}`);
  const example = records.find((r) => r.error)?.error?.message;
  return new BenchError({
    code: 'BENCH_ALL_REQUESTS_FAILED',
    message: `no request succeeded (${classes.join(', ')})${example === undefined ? '' : `: ${example}`}`,
  });
}

/** The engine's death explains every error that follows from it. */
function failureOf(error: unknown, deployment: Deployment, io: Io): ErrorFacts {
  const failure = errorFacts(error, io);
  const death = deployment.exited();
  return death === null ? failure : { ...failure, code: 'BENCH_ENGINE_EXITED', message: `${death}; the log: ${deployment.record.logPath}` };
}
