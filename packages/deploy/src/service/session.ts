import { type Host, type Io, messageOf } from '@bench/core';
import { localHost } from '@bench/host';
import { composeProject, type ComposeProject } from '../compose/compose-project.ts';
import { pullId } from '../compose/pull-images.ts';
import { pumpLogs } from '../compose/pump-logs.ts';
import { type ContainerWatch, watchContainers } from '../compose/watch-containers.ts';
import type { TargetContext } from '../contract.ts';
import { type ServiceRecord, serviceText } from './record.ts';

/** A service that is being made, adopted, measured or ended, on its host. */
export interface Session {
  readonly host: Host;
  readonly io: Io;
  readonly record: ServiceRecord;
  readonly project: ComposeProject;
  readonly on: TargetContext['on'];
}

export function openSession(record: ServiceRecord, context: TargetContext): Session {
  const host = context.host ?? localHost();
  const { io } = context;
  const { containers, project, hostDir: dir } = record;
  return { host, io, record, on: context.on, project: composeProject({ host, containers, project, dir, io, signal: context.signal }) };
}

export const prepareId = (project: string) => `${project}-prepare`;

/** Keeps an eye on the service's container, and copies its log here. */
export interface Observers {
  readonly watch: ContainerWatch;
  /** Waits, a moment at most, until the log of a container that ended is here. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

const SETTLE_MS = 3000;

export function observe(session: Session, options: { since?: string } = {}): Observers {
  const { host, io, record } = session;
  const { docker } = record.containers;
  const watch = watchContainers({
    host,
    docker,
    project: record.project,
    containers: new Map([[record.container, serviceText(record)]]),
    io,
  });
  const log = pumpLogs({ host, docker, io, files: new Map([[record.container, record.logPath]]), ...options });
  return {
    watch,
    settle: async () => {
      if (watch.ended?.container) await Promise.race([log.whole(record.container), io.sleep(SETTLE_MS)]);
    },
    stop: async () => {
      await Promise.all([watch.stop(), log.stop()]);
    },
  };
}

/** Ends everything of the service on its host: what still pulls or prepares, containers, network, volumes, files. Idempotent. */
export async function endSession(session: Session, images: readonly string[]): Promise<void> {
  const { host, record, project, io } = session;
  for (const id of [...images.map((image) => pullId(record.project, image)), prepareId(record.project)]) {
    await host
      .attach(id)
      .then((process) => process?.discard())
      .catch((error: unknown) => io.logger.log('warn', `${id} on ${host.name}: ${messageOf(error)}`));
  }
  await project.down();
  await project.removeFiles({ image: record.engine.image ?? '' });
}
