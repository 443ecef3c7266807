import { type Host, type Io, messageOf } from '@bench/core';
import { localHost } from '@bench/host';
import type { Engine } from '@bench/recipe';
import type { TargetContext } from '../contract.ts';
import { followLog, type LogFollower } from '../follow-log.ts';
import { composeProject, type ComposeProject } from './compose-project.ts';
import { type ComposeRecord, downloadId } from './compose-record.ts';
import { dockerOutput } from './docker-exec.ts';
import { pullId } from './pull-images.ts';
import { type LogPump, pumpLogs } from './pump-logs.ts';
import { type ContainerWatch, watchContainers } from './watch-containers.ts';

/** A deployment that is being made, adopted or ended, on its host. */
export interface Session {
  readonly host: Host;
  readonly io: Io;
  readonly record: ComposeRecord;
  readonly project: ComposeProject;
}

export function openSession(record: ComposeRecord, context: TargetContext): Session {
  const host = context.host ?? localHost();
  const { io } = context;
  const { containers, project, hostDir: dir } = record;
  return { host, io, record, project: composeProject({ host, containers, project, dir, io, signal: context.signal }) };
}

/** The containers that must run, with what to call them. */
export function watched(record: ComposeRecord): Map<string, string> {
  const alone = record.engines.length === 1;
  return new Map([
    ...record.engines.map(({ container, service }): [string, string] => [
      container,
      alone ? record.engine.name : `${record.engine.name} (${service})`,
    ]),
    ...(record.balancer === null ? [] : [[record.balancer, 'the balancer'] as [string, string]]),
  ]);
}

/** What is kept an eye on while engines run: their containers, and their logs in files of this machine. */
export interface Observers {
  readonly watch: ContainerWatch;
  readonly logs: readonly LogFollower[];
  /** Waits, a moment at most, until the whole log of a container that ended is here. */
  settle(): Promise<void>;
  /** Waits, a moment at most, until what the engines have printed by now is here and read. */
  catchUp(): Promise<void>;
  stop(): Promise<void>;
}

const SETTLE_MS = 3000;

export function observe(session: Session, engine: Engine, context: TargetContext, options: { since?: string } = {}): Observers {
  const { host, io, record } = session;
  const { docker } = record.containers;
  const watch = watchContainers({ host, docker, project: record.project, containers: watched(record), io });
  const pump = pumpLogs({
    host,
    docker,
    io,
    files: new Map(record.engines.map(({ container, logPath }) => [container, logPath])),
    ...options,
  });
  const logs = record.engines.map(({ logPath }) => followLog(logPath, engine, context));
  return {
    watch,
    logs,
    settle: async () => {
      const container = watch.ended?.container ?? null;
      if (container !== null) await Promise.race([pump.whole(container), io.sleep(SETTLE_MS)]);
      await Promise.all(logs.map((log) => log.catchUp()));
    },
    catchUp: async () => {
      await Promise.race([untilHere(session, pump), io.sleep(SETTLE_MS)]);
      await Promise.all(logs.map((log) => log.catchUp()));
    },
    stop: async () => {
      await Promise.all([watch.stop(), pump.stop()]);
      await Promise.all(logs.map((log) => log.stop()));
    },
  };
}

/** Until the last line that the daemon has of the first engine, which tells the phases, is here. */
async function untilHere({ host, io, record }: Session, pump: LogPump): Promise<void> {
  const { container } = record.engines[0] as ComposeRecord['engines'][number];
  const { stdout, stderr } = await dockerOutput(host, record.containers.docker, ['logs', '--timestamps', '--tail', '1', container]);
  const at = /^\d{4}-\S+/.exec(stdout || stderr)?.[0] ?? '';
  for (let i = 0; i < SETTLE_MS / 50 && pump.last(container) < at; i++) await io.sleep(50);
}

/** Ends everything of the deployment on its host: what still pulls or fetches, containers, networks, volumes, files. Idempotent. */
export async function endSession(session: Session): Promise<void> {
  const { host, record, project } = session;
  for (const id of [...record.images.map((image) => pullId(record.project, image)), downloadId(record.project)]) {
    await host
      .attach(id)
      .then((process) => process?.discard())
      // Root's, where Docker is asked through sudo: it ends with its container, or when its pull is done.
      .catch((error: unknown) => session.io.logger.log('debug', `${id} on ${host.name}: ${messageOf(error)}`));
  }
  await project.down();
  await project.removeFiles({ image: record.engine.image ?? '' });
}
