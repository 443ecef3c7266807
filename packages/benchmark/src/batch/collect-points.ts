import { BenchError } from '@bench/core';
import { errorFacts } from '../error-facts.ts';
import { pointKey } from '../run-state.ts';
import { type Active, type BatchContext, refOf, whereOf } from './batch-context.ts';
import { isAway, isGone, isOfHere, isUnread, notFetched } from './collect-errors.ts';
import { keepUnread } from './cluster.ts';
import { clientReason, fetchPoint } from './fetch-point.ts';
import { serviceFailure } from './service-failure.ts';
import type { QueuedOrder } from './queued-record.ts';
import { addPoint } from './task-file.ts';

/** Whether all clients are done with a load. */
function isComplete({ record, look }: Active, k: number): boolean {
  const order = record.orders[k];
  if (order?.load === null) return clientsOver(record, look);
  return Array.from({ length: record.clients }, (_, i) => i).every((i) => look.ended(i, k) !== null);
}

function clientsOver(record: Active['record'], look: Active['look']): boolean {
  if (record.jobs[0]?.role === 'command') return look.state('service.exit') !== null;
  // What there is to know of a service without clients is that it gets ready.
  if (record.clients === 0) return look.state('service.ready') !== null && look.state('service.exit') !== null;
  return Array.from({ length: record.clients }, (_, i) => i).every((i) => look.state(`client.${i}.exit`) !== null);
}

/** Takes every load that all clients are done with, and writes it as a point. What was taken before is left alone. */
export async function collectPoints(deployment: Active, context: BatchContext, signal: AbortSignal, last = false): Promise<void> {
  for (const k of deployment.record.orders.keys()) {
    if (deployment.settled.has(k) || !isComplete(deployment, k)) continue;
    await settle(deployment, k, context, { signal, last });
  }
}

/** What is left of a deployment that is over: points of which there is all are measured, the others have failed. Null: because everything was told to stop. */
export async function settleRest(
  deployment: Active,
  context: BatchContext,
  o: { interrupted: boolean; signal: AbortSignal },
): Promise<void> {
  await collectPoints(deployment, context, o.signal, true);
  if (o.interrupted) return;
  for (const k of deployment.record.orders.keys())
    if (!deployment.settled.has(k)) await settle(deployment, k, context, { signal: o.signal, last: true });
}

/** `last`: nothing will be known later that is not known now. */
async function settle(deployment: Active, k: number, context: BatchContext, o: { signal: AbortSignal; last: boolean }): Promise<void> {
  const { signal } = o;
  const { writer, io, on, state, tally } = context;
  const order = deployment.record.orders[k] as QueuedOrder;
  const { recipe, variant, key, attempt, point, repeat } = order;
  const where = whereOf(order);
  const ref = refOf(deployment, k, context);
  const place = { recipe, variant, attempt, point, repeat };
  let path = '';
  try {
    const dir = await writer.pointFolder(place);
    const measured = await fetchPoint({ deployment, k, dir, signal }, context);
    const { counts, load } = measured.result;
    if (load !== null && counts.failed > 0) {
      noteQuietDeath(deployment, io);
      if (deployment.failure) throw engineGone();
      if (!o.last && !isBelieved(deployment, k, io)) return;
    }
    path = await writer.point({ recipe, variant, attempt, ...measured });
    const { result } = measured;
    if (result.load !== null && result.counts.ok === 0) throw nothingAnswered(result.errors);
    // The journal last: what it has is never taken again.
    await addPoint(writer, order, { attempt, point, repeat, path, status: 'ok', error: null });
    await writer.event({ type: 'point_finished', ...where, path });
    state.finished.set(pointKey(key, point, repeat), { attempt, path });
    deployment.settled.add(k);
    tally.measured += 1;
    on({ type: 'point_finished', ref, result });
  } catch (error) {
    // The cluster cannot be reached: it is taken when it can.
    if (signal.aborted || isAway(error) || isGone(error)) throw error;
    // Nothing is removed there while something is left behind.
    if (isOfHere(error)) throw notFetched(`${context.runFolder}/${deployment.record.id}`, context.host, error);
    noteQuietDeath(deployment, io);
    if (!o.last && deployment.failure === null && !isBelieved(deployment, k, io)) return;
    if (isUnread(error)) await keepUnread({ host: context.host, runFolder: context.runFolder, deployment: deployment.record.id });
    if (path === '') path = await writer.failedPoint(place);
    const failure = deployment.failure ?? errorFacts(reasonOf(error, deployment), io);
    await addPoint(writer, order, { attempt, point, repeat, path, status: 'failed', error: failure.message });
    await writer.event({ type: 'point_failed', ...where, error: failure });
    deployment.settled.add(k);
    // What kept all of them from being measured is told once, by the deployment.
    const isOfAll = deployment.failure !== null && !deployment.ready;
    on({ type: 'point_failed', ref, message: isOfAll ? 'not measured: its deployment failed' : failure.message });
  }
}

/** The service says of its engine's death a moment later than requests fail of it. */
const DEATH_MS = 3000;

/** Has the service had the time to say that its engine died, since failed requests of a load were first seen? */
function isBelieved({ doubted }: Active, k: number, io: BatchContext['io']): boolean {
  const since = doubted.get(k) ?? io.monotonic();
  doubted.set(k, since);
  return io.monotonic() - since > DEATH_MS;
}

/** Clients whose engine died are soon done, and ask the service to end before it has seen that: its engine's code tells, where requests failed. */
function noteQuietDeath(deployment: Active, io: BatchContext['io']): void {
  const exit = deployment.look.state('service.exit');
  if (deployment.failure !== null || exit === null || exit.code === null || exit.code === 0) return;
  if (deployment.record.jobs[0]?.role === 'command') return;
  const message = `the engine exited with code ${exit.code}`;
  deployment.failure = errorFacts(serviceFailure(deployment, message), io);
}

/** What an engine answered while it died says nothing about the engine. */
const engineGone = () => new BenchError({ code: 'BENCH_ENGINE_EXITED', message: 'the engine ended' });

/** What the client says of itself is nearer to the cause than that its result cannot be read. */
function reasonOf(error: unknown, deployment: Active): unknown {
  const own = clientReason(deployment, 0);
  if (own === null || !BenchError.is(error) || error.code !== 'BENCH_LOAD_RESULT') return error;
  return new BenchError({ code: 'BENCH_CLIENT_FAILED', message: own, cause: error });
}

function nothingAnswered(errors: Record<string, number>): BenchError {
  const classes = Object.entries(errors).map(([name, count]) => `${count}× ${name}`);
  return new BenchError({ code: 'BENCH_ALL_REQUESTS_FAILED', message: `no request succeeded (${classes.join(', ')})` });
}
