import { BenchError, type Io } from '@bench/core';
import type { Deployment, DeploymentRecord } from '@bench/deploy';
import type { Plan, PlannedDeployment } from '@bench/planner';
import type { Task } from '@bench/recipe';
import type { DeploymentFile, RunWriter } from '@bench/results';
import { type ErrorFacts, errorFacts } from './error-facts.ts';
import type { RunEvent } from './events.ts';
import { measurePoint } from './measure-point.ts';
import { pointLabel } from './point-label.ts';
import type { RunSite } from './run-site.ts';
import { pointKey, type RunState } from './run-state.ts';
import { TaskRecord } from './task-record.ts';
import { missingPoints } from './work-list.ts';

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

/** Runs every group, one deployment after another. Never throws for a task's failure. */
export async function runGroups(context: GroupsContext): Promise<Tally> {
  const tally: Tally = { measured: 0, alreadyDone: context.state.finished.size, failedTasks: 0 };
  const position = { next: 1 };
  for (const group of context.plan.groups) {
    for (const planned of group.deployments) {
      if (context.io.signal.aborted) return tally;
      await runDeployment(planned, context, tally, position);
    }
  }
  return tally;
}

async function runDeployment(planned: PlannedDeployment, context: GroupsContext, tally: Tally, position: { next: number }): Promise<void> {
  const { state, writer } = context;
  const records = await Promise.all(planned.tasks.map((task) => TaskRecord.open({ task, writer, state })));
  const open = records.filter((record) => missingPoints(record.task, state).length > 0);
  const first = open[0];
  if (!first) return;
  const live = await bringUp(first.task, planned.key, context).catch(async (error: unknown) => {
    for (const record of open) await record.fail(context.io.signal.aborted ? null : errorFacts(error, context.io));
    if (!context.io.signal.aborted) tally.failedTasks += open.length;
    return null;
  });
  if (!live) return;
  const { deployment } = live;
  const calibrations: Calibrations = new Map();
  try {
    for (const record of open) {
      if (context.io.signal.aborted) return;
      const failed = await runTask({ record, deployment, calibrations, tally, position }, context);
      if (failed) tally.failedTasks += 1;
    }
  } finally {
    if (context.io.signal.aborted) context.on({ type: 'stopping', reason: 'interrupted' });
    await takeDown(live, context);
  }
}

/** Measures every missing point of a task; true when one of them failed. */
async function runTask(
  o: { record: TaskRecord; deployment: Deployment; calibrations: Calibrations; tally: Tally; position: { next: number } },
  context: GroupsContext,
): Promise<boolean> {
  const { record, deployment, calibrations, tally, position } = o;
  const { task } = record;
  const { io, writer, on, state } = context;
  await record.begin(deployment.record.id);
  let failures = 0;
  for (const { point, repeat } of missingPoints(task, state)) {
    if (io.signal.aborted) break;
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
      const path = await writer.point({ recipe: task.recipe, variant: task.variant, attempt: record.attempt, ...measured });
      if (measured.result.counts.ok === 0) throw nothingAnswered(measured.result.errors, measured.records);
      await writer.event({ type: 'point_finished', ...where, path });
      state.finished.set(pointKey(task.key, point.index, repeat), { attempt: record.attempt, path });
      await record.point({ point: point.index, repeat, path, status: 'ok', error: null });
      tally.measured += 1;
      on({ type: 'point_finished', ref, result: measured.result });
    } catch (error) {
      if (io.signal.aborted) break;
      failures += 1;
      const failure = failureOf(error, deployment, io);
      await writer.event({ type: 'point_failed', ...where, error: failure });
      await record.point({ point: point.index, repeat, path: '', status: 'failed', error: failure.message });
      on({ type: 'point_failed', ref, message: failure.message });
    }
  }
  await record.end(io.signal.aborted ? 'interrupted' : failures > 0 ? 'failed' : 'done');
  return failures > 0;
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
