import { type Io, messageOf } from '@bench/core';
import type { Deployment } from '@bench/deploy';
import type { DatedSelfcheck } from '@bench/loadgen/selfcheck';
import type { Task } from '@bench/recipe';
import type { RunEvent } from './events.ts';
import { engineClientPlace, type LoadPlace, openLoadPlace } from './load-places/index.ts';
import type { RunMachine } from './machine.ts';

/** Where load on one machine's deployments is sent from; each place is opened when it is first needed. */
export interface LoadPlaces {
  forTask(task: Task, deployment: Deployment): Promise<LoadPlace>;
  /** The answer is what could not be ended, in words. */
  close(): Promise<string[]>;
}

export function loadPlaces(o: {
  machine: RunMachine;
  runId: string;
  nodeImage?: string | undefined;
  selfcheck?: DatedSelfcheck | undefined;
  io: Io;
  on: (event: RunEvent) => void;
}): LoadPlaces {
  const { machine, io } = o;
  const hostDir = machine.folders.loads(o.runId);
  let own: Promise<LoadPlace> | null = null;
  const clients = new Map<string, LoadPlace>();
  const on = (text: string) => o.on({ type: 'load_place', machine: machine.name, text });
  return {
    forTask: async (task, deployment) => {
      const client = task.resolved.benchmark?.client ?? 'bench';
      if (client !== 'bench') {
        const key = `${client} ${deployment.record.id}`;
        const place =
          clients.get(key) ??
          engineClientPlace({
            io,
            host: machine.host,
            containers: machine.containers ?? null,
            hostDir,
            client,
            deployment,
            on,
          });
        clients.set(key, place);
        return place;
      }
      own ??= openLoadPlace({
        io,
        host: machine.host,
        containers: machine.containers ?? null,
        hostDir,
        ...(o.nodeImage === undefined ? {} : { nodeImage: o.nodeImage }),
        selfcheck: o.selfcheck,
        on,
        signal: io.signal,
      }).catch((error: unknown) => {
        // The next point may find the host again.
        own = null;
        throw error;
      });
      return own;
    },
    close: async () => {
      const opened = own === null ? [] : await own.then((place) => [place]).catch(() => []);
      const closed = await Promise.allSettled([...opened, ...clients.values()].map((place) => place.close()));
      return closed.flatMap((c) => (c.status === 'rejected' ? [`${machine.name}: ${io.redact(messageOf(c.reason))}`] : []));
    },
  };
}
