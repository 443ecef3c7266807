import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, formatDuration, type Io, parseDuration, type RequestRecord } from '@bench/core';
import type { Task } from '@bench/recipe';
import { patiently } from '../patient.ts';
import { type ContainerState, endOf } from '../compose/container-state.ts';
import { lastWords } from '../compose/last-words.ts';
import { type LogPump, pumpLogs } from '../compose/pump-logs.ts';
import type { ContainerWatch } from '../compose/watch-containers.ts';
import type { MeasureOptions, OwnMeasurement } from '../contract.ts';
import { lastLines } from '../log-tail.ts';
import { readOwnResults } from '../own-results/read-own-results.ts';
import {
  fetchOutputs,
  findClients,
  type Measurement,
  removeClients,
  removeOtherClients,
  startClients,
  stopClients,
} from './client-containers.ts';
import { clientCopies } from './render-clients.ts';
import { clientContainer, clientsOf, serviceOf } from './record.ts';
import type { Session } from './session.ts';

export const LOG_NAME = 'client.log';

/** Why a client was ended before it was done. */
type Cut = 'timeout' | 'service';

/** Runs every client of a task at once, or goes on with those that were started under this id before. */
export async function measureService(
  task: Task,
  options: MeasureOptions & { session: Session; watch: ContainerWatch; password: string },
): Promise<OwnMeasurement> {
  const { session, watch, id, signal } = options;
  const { io, host, record } = session;
  const measurement: Measurement = { ...options, task, clients: clientsOf(task) };
  const { clients } = measurement;
  const begunAt = io.now();
  if (clients.length === 0) return { startedAt: new Date(begunAt).toISOString(), durationS: 0, parts: [] };
  const ask = <T>(question: () => Promise<T>) => patiently(io, signal, question);
  try {
    await ask(() => ensureBegun(measurement, options.onProgress));
    const folders = new Map(clients.map(({ name }) => [name, join(options.dir, 'clients', name)]));
    for (const folder of folders.values()) await mkdir(folder, { recursive: true });
    const containers = clients.map((client) => clientContainer(record.project, id, client));
    const logs = pumpLogs({
      host,
      docker: record.containers.docker,
      io,
      files: new Map(clients.map(({ name }, i) => [containers[i] as string, join(folders.get(name) as string, LOG_NAME)])),
    });
    const { states, cut } = await untilEnded(measurement, { watch, onProgress: options.onProgress }).finally(() =>
      settle(logs, containers, io),
    );
    await bringBack(measurement, folders, options.dir);
    const times = timesOf([...states.values()]);
    const parts = [];
    for (const [n, { name, section }] of clients.entries()) {
      const state = states.get(name);
      const folder = folders.get(name) as string;
      const words = { host, docker: record.containers.docker, container: containers[n] as string, signal };
      const lastWord = async () => (await ask(() => lastWords(words))) ?? (await lastLines(join(folder, LOG_NAME), 1))[0];
      const failure = await whyNot({ state, cut: cut.get(name), section, lastWord, io, watch });
      const own = await readOwnResults(folder, { signal }).catch((error: unknown) => {
        if (!BenchError.is(error)) throw error;
        return { metrics: {}, requests: null, problem: io.redact(error.message) };
      });
      parts.push({
        name,
        code: state && !cut.has(name) ? state.exitCode : null,
        durationS: state ? secondsBetween(state.startedAt, state.finishedAt) : 0,
        metrics: own.metrics,
        requests: own.requests && shifted(own.requests, times.first, state),
        failure: failure ?? ('problem' in own ? own.problem : null),
      });
    }
    await removeClients(measurement);
    return { startedAt: new Date(Math.min(begunAt, io.now() - times.durationS * 1000)).toISOString(), durationS: times.durationS, parts };
  } catch (error) {
    // A connection that stays lost leaves the clients running: they are found again by the measurement's id.
    if (!BenchError.is(error) || !error.retryable) await removeClients(measurement).catch(() => undefined);
    throw error;
  }
}

/** Starts them all, unless they were: by another process, or by a call whose connection was lost before it could tell. */
async function ensureBegun(measurement: Measurement, onProgress: (text: string) => void): Promise<void> {
  const { session, task, clients, signal } = measurement;
  await removeOtherClients(measurement);
  const there = await findClients(measurement);
  if (there.size === clients.length && [...there.values()].every(({ status }) => status !== 'created')) return;
  if (there.size > 0) await removeClients(measurement);
  const { image } = serviceOf(task);
  await session.project.pull(
    clients.map(({ section }) => section.image ?? image),
    onProgress,
  );
  // Tasks that share a service may have other clients than the one it was started for.
  for (const { from, to } of clientCopies(task, session.record)) await session.host.put(from, to, { signal });
  await startClients(measurement);
}

/** Waits until all have ended; ends those whose time is up, and all when the service is gone. */
async function untilEnded(
  measurement: Measurement,
  options: { watch: ContainerWatch; onProgress(text: string): void },
): Promise<{ states: Map<string, ContainerState>; cut: Map<string, Cut> }> {
  const { session, clients, signal } = measurement;
  const { io } = session;
  const cut = new Map<string, Cut>();
  const first = await patiently(io, signal, () => findClients(measurement));
  const passed = await sinceStart(session, [...first.values()], signal);
  const zero = io.monotonic() - passed;
  let told = -1;
  for (let pause = 50; ; pause = Math.min(pause * 1.5, 1000)) {
    const states = await patiently(io, signal, () => findClients(measurement));
    const { ended } = options.watch;
    if (ended && ended.container === null) throw new BenchError({ code: 'BENCH_HOST_LOST', message: ended.reason, exitCode: 3 });
    const running = clients.filter(({ name }) => states.get(name)?.status === 'running' || states.get(name)?.status === 'paused');
    if (running.length === 0) return { states, cut };
    if (running.length !== told) options.onProgress(`${clients.length - running.length} of ${clients.length} clients done`);
    told = running.length;
    const now = io.monotonic();
    const over = running.filter(({ section }) => ended !== null || now - zero >= parseDuration(section.timeout));
    for (const { name } of over) cut.set(name, ended ? 'service' : 'timeout');
    if (over.length > 0) {
      await patiently(io, signal, () =>
        stopClients(
          measurement,
          over.map((client) => clientContainer(session.record.project, measurement.id, client)),
        ),
      );
      continue;
    }
    const soonest = Math.min(...running.map(({ section }) => parseDuration(section.timeout))) - (now - zero);
    await io.sleep(Math.max(10, Math.min(pause, soonest)), signal);
  }
}

/** Milliseconds since the first of these containers began, by the host's clock; 0 when it is not known. */
async function sinceStart(session: Session, states: readonly ContainerState[], signal: AbortSignal): Promise<number> {
  const starts = states.map(({ startedAt }) => Date.parse(startedAt)).filter((at) => at > 0);
  const { stdout } = await patiently(session.io, signal, () =>
    session.host.exec({ argv: ['date', '+%s'] }, { signal, timeoutMs: 30_000, repeatable: true }),
  );
  const passed = Number(stdout.trim()) * 1000 - Math.min(...starts);
  return Number.isFinite(passed) ? Math.max(0, passed) : 0;
}

async function settle(logs: LogPump, containers: readonly string[], io: Io): Promise<void> {
  await Promise.race([Promise.all(containers.map((container) => logs.whole(container))), io.sleep(3000)]);
  await logs.stop();
}

/** Their files, beside their logs. A client's own file of the log's name gets another. */
async function bringBack(measurement: Measurement, folders: ReadonlyMap<string, string>, dir: string): Promise<void> {
  const incoming = join(dir, '.incoming');
  await patiently(measurement.session.io, measurement.signal, () => fetchOutputs(measurement, incoming));
  for (const [name, folder] of folders) {
    for (const file of await readdir(join(incoming, name))) {
      await rename(join(incoming, name, file), join(folder, file === LOG_NAME ? `output-${LOG_NAME}` : file));
    }
  }
  await rm(incoming, { recursive: true, force: true });
}

async function whyNot(o: {
  state: ContainerState | undefined;
  cut: Cut | undefined;
  section: Measurement['clients'][number]['section'];
  lastWord(): Promise<string | undefined>;
  io: Pick<Io, 'redact'>;
  watch: ContainerWatch;
}): Promise<string | null> {
  const { state, cut, section } = o;
  if (!state) return 'its container is gone';
  if (cut === 'timeout') return `did not end within ${formatDuration(parseDuration(section.timeout))} and was ended`;
  if (cut === 'service') return `was ended, for ${o.watch.ended?.reason ?? 'the service is gone'}`;
  if (state.status !== 'exited' && state.status !== 'dead')
    return state.error === '' ? `could not be started (${state.status})` : state.error;
  if (state.exitCode === 0 && state.error === '') return null;
  const last = await o.lastWord();
  const reason = state.error === '' ? (endOf(state) ?? '') : state.error;
  return o.io.redact(`${reason}${last === undefined ? '' : `: ${last.trim().slice(0, 300)}`}`);
}

/** First start and the time to the last end, by the daemon's clock. */
function timesOf(states: readonly ContainerState[]): { first: number; durationS: number } {
  const starts = states.map(({ startedAt }) => Date.parse(startedAt)).filter((at) => at > 0);
  const ends = states.map(({ finishedAt }) => Date.parse(finishedAt)).filter((at) => at > 0);
  const first = Math.min(...starts);
  const durationS = (Math.max(...ends) - first) / 1000;
  return { first, durationS: Number.isFinite(durationS) ? Math.max(0, durationS) : 0 };
}

const secondsBetween = (from: string, to: string) => Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000) || 0;

/** A client's rows count from its own start; moved so that all clients' count from that of the first. */
function shifted(requests: readonly RequestRecord[], first: number, state: ContainerState | undefined): RequestRecord[] {
  const by = state ? Date.parse(state.startedAt) - first : 0;
  if (!Number.isFinite(by) || by === 0) return [...requests];
  return requests.map(
    (row) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [key, key.endsWith('Ms') && typeof value === 'number' ? value + by : value]),
      ) as RequestRecord,
  );
}
