import { BenchError, type Io, messageOf, type Phases } from '@bench/core';
import type { RentedMachine } from '@bench/provisioning';
import type { Engine } from '@bench/recipe';
import type { Deployment, Endpoint, TargetContext } from '../contract.ts';
import { followLog, type LogFollower } from '../follow-log.ts';
import { LogTail } from '../log-tail.ts';
import { removeKey } from './api-key.ts';
import type { ContainerRecord } from './container-record.ts';
import { copyLog, type LogCopy } from './copy-log.ts';

/** A log is got from a provider by two calls and some seconds: often at first, when it tells most. */
const LOG_EVERY_MS = { first: 1000, starting: 5000, running: 30_000 };
const LAST_LOG_MS = 20_000;

/** A container that was rented, and what keeps an eye on it. */
export interface RentedContainer {
  readonly record: ContainerRecord;
  readonly machine: RentedMachine;
  readonly endpoint: Endpoint;
  readonly log: LogFollower;
  /** Why it is no more; null: it is there. */
  lost(): BenchError | null;
  /** The log is looked at less often. */
  settle(): void;
  /** Gets the log as far as there is one. */
  catchUp(): Promise<void>;
  /** Lets go of it. */
  release(): Promise<void>;
  /** Ends the rental, and removes the key. Idempotent. @throws BenchError of kind `cleanup` */
  end(reason: string): Promise<void>;
}

/** Begins to look after a container whose ports are known. @throws BenchError `BENCH_NOT_READY` when its port is not. */
export function watchContainer(o: {
  record: ContainerRecord;
  machine: RentedMachine;
  engine: Engine;
  apiKey: string;
  context: TargetContext;
}): RentedContainer {
  const { machine, engine, apiKey, context } = o;
  const { io } = context;
  const { host, publicPort } = publishedPort(machine, o.record.containerPort);
  const record: ContainerRecord = { ...o.record, machine: machine.name, address: host, port: publicPort };
  let mostMs = LOG_EVERY_MS.starting;
  let nextMs = LOG_EVERY_MS.first;
  const everyMs = () => {
    const now = Math.min(nextMs, mostMs);
    nextMs *= 2;
    return now;
  };
  const copy: LogCopy = copyLog({ machine, path: record.logPath, io, everyMs });
  const log = followLog(record.logPath, engine, context);
  let lost: BenchError | null = null;
  void machine.lost.then((error) => (lost = error));
  let released: Promise<void> | null = null;
  const release = () => {
    copy.stop();
    machine.release();
    return (released ??= log.stop());
  };
  const catchUp = async () => {
    await copy.catchUp(LAST_LOG_MS);
    await log.catchUp();
  };
  return {
    record,
    machine,
    endpoint: endpointOf(record, engine, apiKey),
    log,
    lost: () => lost,
    settle: () => {
      mostMs = LOG_EVERY_MS.running;
    },
    catchUp,
    release,
    end: async (reason) => {
      copy.stop();
      await machine.end(reason);
      await removeKey(record.keyPath);
      await release();
    },
  };
}

/** Where a port of the container is reached. */
function publishedPort(machine: RentedMachine, port: number): { host: string; publicPort: number } {
  const found = machine.machine().published.find((published) => published.port === port);
  if (found !== undefined) return found;
  throw new BenchError({
    code: 'BENCH_NOT_READY',
    message: `${machine.name} runs, but its provider does not tell where port ${port} is reached`,
  });
}

function endpointOf(record: ContainerRecord, engine: Engine, apiKey: string): Endpoint {
  return {
    address: record.address,
    port: record.port,
    scope: 'public',
    model: record.servedModel,
    api: record.api ?? 'chat',
    server: { ...engine.api, tokenizePath: engine.paths.tokenize ?? null, resetCachePath: engine.paths.resetCache ?? null },
    healthPaths: [engine.paths.health],
    metricsPaths: engine.paths.metrics === undefined ? [] : [engine.paths.metrics],
    apiKey,
  };
}

/** A deployment that answers. */
export function liveContainer(container: RentedContainer, phases: Phases, io: Io): Deployment {
  const { record, machine } = container;
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    await container.catchUp().catch((error: unknown) => io.logger.log('debug', messageOf(error)));
    await container.end('its deployment was stopped');
  };
  return {
    record,
    endpoint: container.endpoint,
    phases,
    exited: () => container.lost()?.message ?? null,
    died: machine.lost.then((error) => (stopping ? new Promise<string>(() => undefined) : error.message)),
    logs: async function* () {
      yield* await new LogTail(record.logPath).next();
    },
    stop: () =>
      (stopping ??= stop().catch((error: unknown) => {
        // The next call tries again.
        stopping = null;
        throw error;
      })),
    release: () => container.release(),
  };
}
