import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, type Io, type Phases, writeAtomic } from '@bench/core';
import { providerErrorKind } from '@bench/provisioning';
import type { DeployEvent, Deployment, DeploymentRecord, TargetContext } from '@bench/deploy';
import type { Task } from '@bench/recipe';
import { type DeploymentFile, type LiveDeployment, readDeployment, runPaths, type RunWriter } from '@bench/results';
import { type ErrorFacts, errorFacts } from './error-facts.ts';
import type { RunEvent } from './events.ts';
import { discardLoad } from './load-places/index.ts';
import type { RunMachine } from './machine.ts';
import { measurementId } from './measurement-id.ts';
import type { KeptDeployment } from './run-options.ts';
import type { RunState } from './run-state.ts';

/** A deployment that is up on a machine, and when its start began on the monotonic clock. */
export interface Live {
  machine: RunMachine;
  deployment: Deployment;
  key: string;
  startedAt: number;
  /** What its start took; of one that was taken over, as the invocation that started it wrote down. */
  phases: Phases;
  /** Why it is of no more use although it has not ended: it does not answer. */
  silent?: string;
  /** What of its telemetry was said to be missing. */
  said?: Set<string>;
  /** Ends clients that the bench before left at work on it; of one that was taken over. Idempotent. */
  endClients?: () => Promise<void>;
}

export interface DeploymentsContext {
  writer: RunWriter;
  io: Io;
  on: (event: RunEvent) => void;
  /** Whether events name the machine: there are several. */
  several: boolean;
  /** Index of the execution group that events are of, where groups have machines of their own. */
  group?: number;
}

const about = (record: DeploymentRecord, machine: RunMachine, context: DeploymentsContext) => ({
  engine: record.engine.name,
  model: record.servedModel,
  ...(context.several ? { machine: machine.name } : {}),
  ...(context.group === undefined ? {} : { group: context.group }),
});

/** Deploys a task on a machine. @throws BenchError when it does not come up; it is journalled and taken down again then. */
export async function bringUp(o: { task: Task; key: string; id: string; machine: RunMachine }, context: DeploymentsContext): Promise<Live> {
  const { task, key, id, machine } = o;
  const { writer, io, on } = context;
  const dir = await writer.deploymentDir(id);
  const target = machine.targets.forTask(task);
  const facts = await machine.facts({ runId: writer.run.id, id, dir, ports: true });
  const { record } = target.plan(task, facts);
  const startedAt = io.monotonic();
  await writer.event({ type: 'deployment_planned', deployment: id, key, machine: machine.index, target: record.target, record });
  await writer.deployment(file(record, machine, { status: 'starting', phases: [], error: null }));
  const who = about(record, machine, context);
  try {
    const deployment = await target.start({ record, task }, targetContext(id, record, machine, context));
    try {
      await writer.event({ type: 'deployment_ready', deployment: id });
      await writer.deployment(file(deployment.record, machine, { status: 'ready', phases: deployment.phases, error: null }));
    } catch (error) {
      // What the run cannot write down nobody would ever end.
      await deployment.stop();
      throw error;
    }
    on({ type: 'deployment_ready', ...who, durationMs: io.monotonic() - startedAt });
    return { machine, deployment, key, startedAt, phases: deployment.phases };
  } catch (error) {
    const failure = errorFacts(error, io);
    // What could not be taken down again may still be up, and must be found by a later teardown.
    if (!isIncomplete(error)) await writer.event({ type: 'deployment_failed', deployment: id, error: failure });
    const phases =
      BenchError.is(error) && Array.isArray(error.details?.['phases']) ? (error.details['phases'] as DeploymentFile['phases']) : [];
    await writer.deployment(file(record, machine, { status: 'failed', phases, error: failure }));
    if (!io.signal.aborted) on({ type: 'deployment_failed', ...who, message: failure.message, hint: failure.hint });
    throw error;
  }
}

function targetContext(id: string, record: DeploymentRecord, machine: RunMachine, context: DeploymentsContext): TargetContext {
  const { writer, io, on } = context;
  const who = about(record, machine, context);
  return {
    io,
    host: machine.host,
    ...(machine.rentals ? { rentals: machine.rentals } : {}),
    on: async (event: DeployEvent) => {
      if (event.type === 'started') await writer.event({ type: 'deployment_started', deployment: id, record: event.record });
      else if (event.type === 'phase') on({ type: 'deployment_phase', ...who, phase: event.phase });
      else if (event.type === 'progress') on({ type: 'deployment_progress', ...who, phase: event.phase, text: event.text });
      else on({ type: 'engine_log', line: event.line });
    },
  };
}

/** Ends clients that a bench which is gone left at work on a deployment. */
export async function endClients(left: LiveDeployment, open: RunState['open'], machine: RunMachine, runId: string): Promise<void> {
  const hostDir = machine.folders.loads(runId);
  const { image } = (left.record as DeploymentRecord).engine;
  for (const { deployment, ...point } of open) {
    if (deployment !== left.deployment) continue;
    await discardLoad({
      host: machine.host,
      containers: machine.containers ?? null,
      hostDir,
      id: measurementId({ runId, deployment, ...point }),
      // A client in the engine's image may have written as root.
      ...(image === undefined ? {} : { image }),
    });
  }
}

/** Takes over what an earlier invocation left up, or ends what is left of it and answers null. */
export async function adopt(left: LiveDeployment, machine: RunMachine, context: DeploymentsContext): Promise<Live | null> {
  const record = left.record as DeploymentRecord;
  const target = machine.targets.byName(left.target);
  const deployment = await target.adopt(record, targetContext(left.deployment, record, machine, context));
  if (deployment) {
    const before = await readDeployment(context.writer.dir, left.deployment).catch(() => null);
    const phases = before?.phases ?? deployment.phases;
    const end = Math.max(0, ...phases.map((phase) => phase.startMs + phase.durationMs));
    // Phases are counted from the start; what was between is not known.
    return { machine, deployment, key: record.key, startedAt: context.io.monotonic() - end, phases };
  }
  await context.writer.event({ type: 'deployment_stopped', deployment: left.deployment });
  return null;
}

/** Ends a deployment. The answer is what could not be ended, in words, or null. */
export async function takeDown(live: Live, context: DeploymentsContext): Promise<string | null> {
  const { deployment, key, startedAt, machine, phases } = live;
  const { writer, io } = context;
  const before = io.monotonic();
  try {
    // Whatever becomes of the clients, the engine goes.
    await (live.endClients?.() ?? Promise.resolve()).finally(() => deployment.stop());
  } catch (error) {
    const failure = errorFacts(error, io);
    await writer.deployment(file(deployment.record, machine, { status: 'ready', phases, error: failure }));
    return `${machine.name}: ${failure.message}`;
  }
  await forgetKey(deployment, writer);
  const teardown = { name: 'teardown', startMs: before - startedAt, durationMs: io.monotonic() - before };
  await writer.event({ type: 'deployment_stopped', deployment: deployment.record.id });
  await writer.deployment({
    ...file(deployment.record, machine, { status: 'stopped', phases: [...phases, teardown], error: null }),
    key,
  });
  return null;
}

/** Writes down that a deployment ended with its machine. */
export async function abandon({ deployment, machine, phases }: Live, { writer }: DeploymentsContext): Promise<void> {
  await forgetKey(deployment, writer);
  await writer.event({ type: 'deployment_stopped', deployment: deployment.record.id });
  await writer.deployment(file(deployment.record, machine, { status: 'stopped', phases, error: null }));
}

async function forgetKey({ endpoint, record }: Deployment, writer: RunWriter): Promise<void> {
  if (endpoint !== null) await rm(apiKeyFile(writer, record.id), { force: true });
}

const apiKeyFile = (writer: RunWriter, id: string) => join(runPaths.deployment(writer.dir, id), 'api-key');

/** Leaves a deployment up; `bench teardown` ends it. Its API key is kept for its user, in a file of the run directory. */
export async function leaveUp({ deployment, machine }: Live, context: DeploymentsContext): Promise<KeptDeployment> {
  const { record, endpoint } = deployment;
  const keyFile = endpoint?.apiKey === undefined ? null : apiKeyFile(context.writer, record.id);
  if (keyFile !== null && endpoint?.apiKey !== undefined) await writeAtomic(keyFile, endpoint.apiKey, 0o600);
  await deployment.release();
  await context.writer.event({ type: 'deployment_kept', deployment: record.id });
  const seen = endpoint && {
    address: endpoint.address,
    port: endpoint.port,
    scope: endpoint.scope,
    model: endpoint.model,
    api: endpoint.api,
  };
  return { deployment: record.id, machine: machine.name, engine: record.engine.name, endpoint: seen, apiKeyFile: keyFile };
}

/** An error that says that something may still be up. */
export function isIncomplete(error: unknown): boolean {
  return BenchError.is(error) && (error.code === 'BENCH_CLEANUP_INCOMPLETE' || providerErrorKind(error) === 'cleanup');
}

/** An error that says that the machine cannot be reached any more. */
export function isAway(error: unknown): boolean {
  return BenchError.is(error) && (error.code.startsWith('BENCH_SSH_') || error.code === 'BENCH_HOST_LOST');
}

/** The engine's death explains every error that follows from it. */
export function failureOf(error: unknown, deployment: Deployment, io: Io): ErrorFacts {
  const failure = errorFacts(error, io);
  const death = deployment.exited();
  return death === null ? failure : { ...failure, code: 'BENCH_ENGINE_EXITED', message: `${death}; the log: ${deployment.record.logPath}` };
}

function file(record: DeploymentRecord, machine: RunMachine, state: Pick<DeploymentFile, 'status' | 'phases' | 'error'>): DeploymentFile {
  return { id: record.id, key: record.key, target: record.target, engine: record.engine, machine: machine.index, ...state };
}
