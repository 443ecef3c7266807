import { BenchError, messageOf, type Phases } from '@bench/core';
import type { RentedMachine } from '@bench/provisioning';
import { type Engine, engineOf, type Task } from '@bench/recipe';
import type { Deployment, Rentals, TargetContext } from '../contract.ts';
import { lastLines } from '../log-tail.ts';
import { openPhases } from '../open-phases.ts';
import { resolveEnv } from '../resolve-env.ts';
import { smokeTestOf } from '../smoke-test-of.ts';
import { smokeTest } from '../smoke-test.ts';
import { takenDown } from '../taken-down.ts';
import { newKey, removeKey } from './api-key.ts';
import type { ContainerRecord } from './container-record.ts';
import { containerWorkload } from './container-workload.ts';
import { untilHealthy } from './health.ts';
import { liveContainer, type RentedContainer, watchContainer } from './live-container.ts';

const LINES = 20;
const LINE_LENGTH = 400;

/** Rents the container of a plan and waits until it answers, in timed phases; or ends it again and says why. */
export async function startContainer(
  planned: { record: ContainerRecord; task: Task },
  context: TargetContext,
  engines: readonly Engine[],
): Promise<Deployment> {
  const { task, record } = planned;
  const { io } = context;
  const signal = context.signal ?? io.signal;
  const { engine } = engineOf(task.resolved, engines);
  const { timer, phase } = openPhases(context);
  const startedMs = io.monotonic();
  let machine: RentedMachine | null = null;
  let container: RentedContainer | null = null;
  const phases = (): Phases => [...split(timer.phases, startedMs, machine), ...(container?.log.phases ?? [])];
  try {
    await phase('rent');
    const rentals = rentalsOf(context);
    const apiKey = await newKey(record.keyPath, io);
    const { workload, secrets } = workloadOf(record, apiKey, context);
    machine = await rentals.rent(workload, { secrets, signal });
    container = watchContainer({ record, machine, engine, apiKey, context });
    await context.on({ type: 'started', record: container.record });
    io.logger.log('warn', `${engine.name} is reached over the internet: prompts and its generated API key travel unencrypted`);
    await phase('model_load');
    await untilHealthy(container, { path: engine.paths.health, io, signal });
    const test = smokeTestOf(task);
    if (test) {
      await phase('smoke_test');
      await smokeTest(container.endpoint, test, io, signal);
    }
    timer.end();
    await container.catchUp();
    container.settle();
    return liveContainer(container, phases(), io);
  } catch (error) {
    timer.end();
    const explained = await explain({ error, record, container, phases: phases(), context, signal });
    const rented = machine;
    const takeDown = async () => {
      await (container?.end('it did not come up') ?? rented?.end('it did not come up'));
      await removeKey(record.keyPath);
    };
    throw await takenDown({ reason: explained, takeDown, io, details: { phases: phases(), machine: rented?.name ?? null } });
  }
}

export function rentalsOf({ rentals }: TargetContext): Rentals {
  if (rentals) return rentals;
  throw new BenchError({ code: 'BENCH_SITE_UNFIT', message: 'a container can be rented on site cloud, or that of a provider, only' });
}

function workloadOf(record: ContainerRecord, apiKey: string, { io }: TargetContext) {
  const passed = record.passed.flatMap((name) => {
    const value = io.secrets.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  const env = { ...(Object.fromEntries(passed) as Record<string, string>), ...resolveEnv(record.env, io) };
  const named = Object.entries(record.env).filter(([, value]) => typeof value !== 'string');
  return {
    workload: containerWorkload(record, { apiKey, env }),
    secrets: [apiKey, ...[...named.map(([name]) => name), ...record.passed].flatMap((name) => env[name] ?? [])],
  };
}

/** What was one wait here are two stretches for the machine: until it was made, and until its image was there and started. */
function split(phases: Phases, startedMs: number, machine: RentedMachine | null): Phases {
  return phases.flatMap((phase) => {
    if (phase.name !== 'rent' || machine === null) return [phase];
    const madeMs = Math.min(Math.max(machine.times.createdMs - startedMs - phase.startMs, 0), phase.durationMs);
    return [
      { ...phase, durationMs: madeMs },
      { ...phase, name: 'machine_start', startMs: phase.startMs + madeMs, durationMs: phase.durationMs - madeMs },
    ];
  });
}

async function explain(o: {
  error: unknown;
  record: ContainerRecord;
  container: RentedContainer | null;
  phases: Phases;
  context: TargetContext;
  signal: AbortSignal;
}): Promise<unknown> {
  const { error, record, container, phases, context, signal } = o;
  // What went wrong with renting says so itself.
  if (container === null || signal.aborted || (error as { name?: string }).name === 'AbortError') return error;
  await container.catchUp().catch(() => undefined);
  const { failure } = container.log;
  const known = BenchError.is(error) ? error : null;
  const reason = failure ? `${messageOf(error)}: ${failure.message}` : messageOf(error);
  const lines = await lastLines(record.logPath, LINES);
  const log = lines.map((line) => `\n  | ${line.slice(0, LINE_LENGTH)}`).join('');
  return new BenchError({
    code: known?.code ?? 'BENCH_DEPLOY_FAILED',
    message: context.io.redact(`${record.engine.name} did not come up on ${container.machine.name}: ${reason}${log}`),
    hint: failure?.hint ?? known?.hint ?? (lines.length > 0 ? `the whole log: ${record.logPath}` : undefined),
    exitCode: known?.exitCode,
    retryable: known?.retryable,
    cause: error,
    details: { phases, logPath: record.logPath },
  });
}
