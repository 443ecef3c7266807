import { BenchError } from '@bench/core';
import type { ExecutionGroup, PlannedDeployment } from '@bench/planner';
import { bringUp, isIncomplete, leaveUp, type Live, takeDown } from './deployments.ts';
import { deathOf, type Death } from './engine-death.ts';
import { errorFacts } from './error-facts.ts';
import { closeIfAway, type Lane, type Shared } from './lane-context.ts';
import type { Calibrations } from './measure-once.ts';
import { type Job, runPoint } from './run-point.ts';
import { countFailed } from './tally.ts';
import { TaskRecord } from './task-record.ts';
import { missingPoints } from './work-list.ts';

/** An engine that dies, or goes silent, costs the point it did so in; after so many deaths the rest is not tried any more. */
const MAX_DEATHS = 2;

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

/** Measures a task's points until they are done, the engine dies or the user stops; true when the task has ended. */
async function runTask(o: { job: Job; live: Live; calibrations: Calibrations; lane: Lane }, shared: Shared): Promise<boolean> {
  const { job, live, lane } = o;
  const { record } = job;
  const { io } = shared.context;
  await record.begin(live.deployment.record.id, lane.machine.index);
  while (deathOf(live) === null && !io.signal.aborted) {
    const point = job.todo.shift();
    if (!point) break;
    await runPoint(point, o, shared);
  }
  if (!io.signal.aborted && job.todo.length > 0) return false;
  await record.end(io.signal.aborted ? 'interrupted' : job.failures > 0 ? 'failed' : 'done');
  return true;
}
