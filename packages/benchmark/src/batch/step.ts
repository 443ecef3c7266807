import { BenchError } from '@bench/core';
import { errorFacts } from '../error-facts.ts';
import { about, type Active, type BatchContext } from './batch-context.ts';
import type { JobView } from './batch-queue.ts';
import { collectPoints } from './collect-points.ts';
import { askToStop, cancelJobs, noteEnded } from './end-jobs.ts';
import type { DeploymentLook } from './look.ts';
import { engineSeen } from './engine-seen.ts';
import { phasesOf } from './phases.ts';
import { neverReady, serviceFailure } from './service-failure.ts';
import { tellProgress } from './tell-progress.ts';
import { tellUse } from './tell-use.ts';
import { STAGE_LIMITS_MS, stageOf, stageTooLong } from './stages.ts';

/** After it was asked to, a service may take so long to end before it is cancelled. */
const STOP_GRACE_MS = 90_000;

/** What is seen of the cluster at once. */
export interface Seen {
  looks: ReadonlyMap<string, DeploymentLook>;
  jobs: ReadonlyMap<string, JobView | null>;
}

/**
 * Takes in what is seen of a deployment: tells how far it is, takes what its clients have measured, begins its end when its time has come.
 * True: none of its jobs is in the queue any more, and nothing more will come.
 */
export async function step(deployment: Active, seen: Seen, context: BatchContext, signal: AbortSignal): Promise<boolean> {
  const { record } = deployment;
  deployment.look = seen.looks.get(record.id) ?? deployment.look;
  await noteEnded(deployment, seen.jobs, context);
  await tellStage(deployment, seen, context);
  await tellProgress(deployment, context);
  tellUse(deployment, context);
  noteDeath(deployment, context);
  await collectPoints(deployment, context, signal);
  if (deployment.ended.size === record.jobs.length && deployment.cancelling === null) return isSilent(deployment, context);
  if (deployment.stoppingSinceMs === null) {
    const reason = endOf(deployment, context);
    if (reason !== null) await beginEnd(deployment, reason, context);
  } else if (deployment.cancelling === null && context.io.monotonic() - deployment.stoppingSinceMs > STOP_GRACE_MS) {
    cancelSoon(deployment, 'it did not end by itself', context);
  }
  return false;
}

/** All its jobs are over: whether what their files say is all there, or so much time has passed that it will not come. */
function isSilent(deployment: Active, { io, queue }: BatchContext): boolean {
  const { record, look, settled } = deployment;
  const all = settled.size === record.orders.length && look.state('service.exit') !== null;
  if (all || neverReady(deployment)) return true;
  deployment.silentSinceMs ??= io.monotonic();
  const said = look.state('service.exit') !== null && clientsSaid(deployment);
  return said || io.monotonic() - deployment.silentSinceMs > queue.lateMs;
}

function clientsSaid({ record, look }: Active): boolean {
  return record.jobs.every(({ role, index }) => role !== 'client' || look.state(`client.${index}.exit`) !== null);
}

/** A service that nobody asked to end explains whatever its clients say. */
function noteDeath(deployment: Active, { io }: BatchContext): void {
  const { record, look, failure } = deployment;
  const exit = look.state('service.exit');
  if (failure !== null || exit === null || record.jobs[0]?.role === 'command') return;
  // One without clients ends by itself, once it is ready.
  const wanted = look.state('stop') !== null || (record.clients === 0 && look.state('service.ready') !== null);
  if (wanted && exit.reason.startsWith('stopped')) return;
  deployment.failure = errorFacts(serviceFailure(deployment, exit.reason), io);
}

/** Why a deployment is to end now; null: it goes on. Sets its `failure` where that is no good end. */
function endOf(deployment: Active, context: BatchContext): string | null {
  const { record, look, settled, stage, stageSinceMs, ended } = deployment;
  const { io, queue } = context;
  const fail = (code: `BENCH_${string}`, message: string, hint?: string): string => {
    deployment.failure = errorFacts(new BenchError({ code, message, hint }), io);
    return message;
  };
  const done = settled.size === record.orders.length;
  const exit = look.state('service.exit');
  if (done) return 'everything is measured';
  if (exit !== null) return exit.reason;
  const [first] = record.jobs;
  if (first && ended.has(first.name)) {
    deployment.silentSinceMs ??= io.monotonic();
    if (io.monotonic() - deployment.silentSinceMs <= queue.lateMs) return null;
    return fail('BENCH_JOB_ENDED', `job ${first.id} ended without a word of its script: ${ended.get(first.name) ?? ''}`);
  }
  const lost = lostClient(deployment);
  if (lost) {
    if (deployment.failure !== null) return deployment.failure.message;
    deployment.lostSinceMs ??= io.monotonic();
    if (io.monotonic() - deployment.lostSinceMs <= queue.lateMs) return null;
    const how = `client ${lost.index} (job ${lost.id}) ended without a word of its script: ${ended.get(lost.name) ?? ''}`;
    return fail('BENCH_JOB_ENDED', how, `its log: deployments/${record.id}/client-${lost.index}.log of the run directory`);
  }
  const clients = record.jobs.filter(({ role }) => role === 'client');
  if (clients.length > 0 && clients.every(({ name, index }) => ended.has(name) || look.state(`client.${index}.exit`) !== null)) {
    // Their last files may come a moment late.
    deployment.silentSinceMs ??= io.monotonic();
    const late = io.monotonic() - deployment.silentSinceMs <= queue.lateMs;
    return late && !clientsSaid(deployment) ? null : 'its clients have ended';
  }
  if (stage === null || stage.name === 'measuring') return null;
  const limitMs = STAGE_LIMITS_MS[stage.name];
  if (io.monotonic() - stageSinceMs <= limitMs) return null;
  return fail('BENCH_BATCH_DEADLINE', stageTooLong(stage, limitMs));
}

/** One of clients that send every load together, which is over and has not said how: the others would wait for it for long, and keep the GPUs. */
function lostClient({ record, look, ended }: Active): Active['record']['jobs'][number] | undefined {
  if (record.orders[0]?.load == null) return undefined;
  return record.jobs.find(({ role, name, index }) => role === 'client' && ended.has(name) && look.state(`client.${index}.exit`) === null);
}

async function beginEnd(deployment: Active, reason: string, context: BatchContext): Promise<void> {
  deployment.stoppingSinceMs = context.io.monotonic();
  // Its clients may wait in the queue for long yet. The service itself is ending, and puts its node in order.
  if (neverReady(deployment)) return cancelSoon(deployment, reason, context, { only: 'client' });
  context.on({ type: 'deployment_phase', ...about(deployment), phase: 'end' });
  if (deployment.failure !== null && deployment.look.state('service.exit') === null) return cancelSoon(deployment, reason, context);
  if (deployment.look.state('service.exit') === null && deployment.look.state('stop') === null)
    await askToStop(deployment, reason, context).catch(() => cancelSoon(deployment, reason, context));
}

/** Beside the looking at other deployments. */
function cancelSoon(deployment: Active, reason: string, context: BatchContext, o: { only?: 'client' } = {}): void {
  deployment.cancelling = cancelJobs(deployment, reason, context, o).finally(() => {
    deployment.cancelling = null;
    if (deployment.left.length === 0) return;
    // What could not be cancelled is not waited for. What nobody cancelled ends by itself.
    for (const { name, role } of deployment.record.jobs)
      if ((o.only === undefined || role === o.only) && !deployment.ended.has(name)) deployment.ended.set(name, 'not cancelled');
  });
}

async function tellStage(deployment: Active, seen: Seen, context: BatchContext): Promise<void> {
  const { record, look, machine } = deployment;
  const { io, on, writer } = context;
  const [first] = record.jobs;
  const stage = stageOf({
    record,
    look,
    service: first && seen.jobs.get(first.name),
    clients: record.jobs.filter(({ role }) => role === 'client').map(({ name }) => seen.jobs.get(name)),
  });
  const before = deployment.stage;
  deployment.stage = stage;
  if (before?.name !== stage.name) deployment.stageSinceMs = io.monotonic();
  const running = look.state('service.running');
  // A client that waits in the queue is no news of the service.
  if (running && (before === null || (before.name === 'queue' && before.job === 'service') || before.name === 'start')) {
    await writer.machine(machine, {
      name: running.node,
      kind: 'node',
      system: { hostname: running.node },
      priceUsdPerHour: first?.usdPerHour ?? null,
      priceSource: first?.usdPerHour == null ? null : 'settings',
      ...(first?.partition === undefined ? {} : { partition: first.partition }),
    });
    await writer.event({ type: 'machine_ready', machine, name: running.node });
  }
  if (stage.name === 'measuring' && !deployment.ready) {
    deployment.ready = true;
    const phases = phasesOf(look, record.submittedAtMs);
    const durationMs = phases.reduce((end, phase) => Math.max(end, phase.startMs + phase.durationMs), 0);
    await writer.event({ type: 'deployment_ready', deployment: record.id });
    await writer.deployment({
      id: record.id,
      key: record.key,
      target: record.target,
      status: 'ready',
      engine: engineSeen(deployment),
      machine,
      phases,
      error: null,
    });
    if (record.jobs[0]?.role !== 'command') on({ type: 'deployment_ready', ...about(deployment), durationMs });
  }
  if (deployment.stoppingSinceMs !== null || stage.name === 'measuring') return;
  if (before?.name !== stage.name) on({ type: 'deployment_phase', ...about(deployment), phase: stage.name });
  if (stage.text !== '' && before?.text !== stage.text)
    on({ type: 'deployment_progress', ...about(deployment), phase: stage.name, text: stage.text });
}
