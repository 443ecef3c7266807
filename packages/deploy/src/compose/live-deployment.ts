import type { Phases, Tunnel } from '@bench/core';
import type { Engine } from '@bench/recipe';
import type { Deployment, Endpoint } from '../contract.ts';
import { LogTail } from '../log-tail.ts';
import { endSession, type Observers, type Session } from './session.ts';

/** The way to an endpoint from this machine. */
export interface Connection {
  /** As the host sees it. */
  readonly endpoint: Endpoint;
  /** The same from here. */
  readonly near: { address: string; port: number };
  close(): Promise<void>;
}

/** Opens the way to a deployment's endpoint. */
export async function reach(session: Session, engine: Engine, apiKey: string | undefined): Promise<Connection> {
  const { host, record } = session;
  const tunnel: Tunnel = await host.tunnel({ port: record.port });
  const several = record.engines.length > 1;
  return {
    near: { address: tunnel.address, port: tunnel.port },
    close: () => tunnel.close(),
    endpoint: {
      address: record.address,
      port: record.port,
      scope: 'host',
      model: record.servedModel,
      api: record.api ?? 'chat',
      server: {
        ...engine.api,
        tokenizePath: engine.paths.tokenize ?? null,
        // Through the balancer it would reach one engine, and the others' caches would stay.
        resetCachePath: several ? null : (engine.paths.resetCache ?? null),
      },
      healthPaths: record.engines.map(({ healthPath }) => healthPath),
      // The balancer shows each engine's paths under one of its own.
      metricsPaths: record.engines.flatMap(({ healthPath }) => {
        const { health, metrics } = engine.paths;
        return metrics !== undefined && healthPath.endsWith(health) ? [healthPath.slice(0, -health.length) + metrics] : [];
      }),
      ...(apiKey === undefined ? {} : { apiKey }),
    },
  };
}

/** A deployment that answers. */
export function liveDeployment(state: { session: Session; observers: Observers; connection: Connection; phases: Phases }): Deployment {
  const { session, observers, connection, phases } = state;
  const { record } = session;
  let letGo: Promise<void> | null = null;
  let stopping: Promise<void> | null = null;
  const release = () => (letGo ??= Promise.all([observers.stop(), connection.close().catch(() => undefined)]).then(() => undefined));
  return {
    record,
    endpoint: connection.endpoint,
    phases,
    exited: () => observers.watch.ended?.reason ?? null,
    died: observers.watch.end.then(({ reason }) => reason),
    logs: () => linesOf(session),
    stop: () => {
      stopping ??= release()
        .then(() => endSession(session))
        .catch((error: unknown) => {
          // The next call tries again.
          stopping = null;
          throw error;
        });
      return stopping;
    },
    release,
  };
}

/** The logs that were copied here, one engine's after another's; of several, each line says whose it is. */
async function* linesOf({ record }: Session): AsyncIterable<string> {
  for (const { logPath, service } of record.engines) {
    const lines = await new LogTail(logPath).next();
    yield* record.engines.length === 1 ? lines : lines.map((line) => `${service} | ${line}`);
  }
}
