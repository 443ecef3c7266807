import { groupBy, messageOf } from '@bench/core';
import { errorFacts } from '../error-facts.ts';
import { pointKey } from '../run-state.ts';
import { countFailed } from '../tally.ts';
import { about, type Active, type BatchContext } from './batch-context.ts';
import { settleRest } from './collect-points.ts';
import { fetchLogs } from './fetch-logs.ts';
import { engineSeen } from './engine-seen.ts';
import { phasesOf } from './phases.ts';
import type { QueuedOrder } from './queued-record.ts';
import { endTask } from './task-file.ts';

/** Brings back what a deployment left that is over, and writes down how it and its tasks ended. */
export async function finishDeployment(
  deployment: Active,
  context: BatchContext,
  o: { interrupted: boolean; signal: AbortSignal },
): Promise<void> {
  const { record, machine, look, failure } = deployment;
  const { writer, on, tally } = context;
  await settleRest(deployment, context, o);
  await fetchLogs(deployment, context, o.signal);
  const failed = failure !== null && !deployment.ready;
  if (deployment.left.length > 0) {
    tally.leftBehind.push(...deployment.left);
  } else if (failed) await writer.event({ type: 'deployment_failed', deployment: record.id, error: failure });
  else await writer.event({ type: 'deployment_stopped', deployment: record.id });
  await writer.deployment({
    id: record.id,
    key: record.key,
    target: record.target,
    status: failed ? 'failed' : 'stopped',
    engine: engineSeen(deployment),
    machine,
    phases: phasesOf(look, record.submittedAtMs),
    error: failure,
  });
  if (failed && !o.interrupted) on({ type: 'deployment_failed', ...about(deployment), message: failure.message, hint: failure.hint });
  else on({ type: 'deployment_ended', ...about(deployment) });
  await endTasks(deployment, context, o.interrupted);
}

/** Each task of it: done when all its points in this deployment are measured. */
async function endTasks(
  { record, failure }: Pick<Active, 'record' | 'failure'>,
  context: BatchContext,
  interrupted: boolean,
): Promise<void> {
  const { writer, state, tally } = context;
  for (const orders of groupBy(record.orders, ({ key }) => key).values()) {
    const [first] = orders as [QueuedOrder];
    const missing = orders.some(({ key, point, repeat }) => !state.finished.has(pointKey(key, point, repeat)));
    const status = !missing ? 'done' : interrupted ? 'interrupted' : 'failed';
    await endTask(writer, first, { status, error: status === 'failed' ? failure : null });
    if (status === 'failed') countFailed(tally, 1, null);
  }
}

/** The same of one that could not be submitted: nothing of it is in the queue. */
export async function failSubmission(
  o: { id: string; orders: readonly QueuedOrder[]; error: unknown; planned: boolean },
  context: Pick<BatchContext, 'writer' | 'io' | 'tally' | 'on'>,
): Promise<void> {
  const { writer, io, tally } = context;
  const interrupted = io.signal.aborted;
  const failure = errorFacts(o.error, io);
  if (o.planned) await writer.event({ type: 'deployment_failed', deployment: o.id, error: failure });
  const tasks = new Map(o.orders.map((order) => [order.key, order]));
  for (const order of tasks.values())
    await endTask(writer, order, { status: interrupted ? 'interrupted' : 'failed', error: interrupted ? null : failure }).catch(
      (error: unknown) => io.logger.log('warn', io.redact(messageOf(error))),
    );
  if (!interrupted) countFailed(tally, tasks.size, o.error);
}
