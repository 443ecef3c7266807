import { BenchError, type Host, type Io, type OutputLine } from '@bench/core';
import type { ContainerFacts } from '../contract.ts';
import { type ContainerState, endOf, PROJECT_LABEL, projectContainers } from './container-state.ts';

/** A container that must run, and does not. */
export interface ContainerEnd {
  /** In a few words: `engine-1 ended with code 3`. */
  reason: string;
  /** Which one; null: all of them, for their daemon or host is gone. */
  container: string | null;
  state: ContainerState | null;
}

export interface ContainerWatch {
  /** Null while all of them run. */
  readonly ended: ContainerEnd | null;
  /** Resolves when one ends by itself; never after `stop`. */
  readonly end: Promise<ContainerEnd>;
  stop(): Promise<void>;
}

export interface WatchOptions {
  host: Host;
  docker: ContainerFacts['docker'];
  project: string;
  /** Names of the containers that must run, with what to call them. */
  containers: ReadonlyMap<string, string>;
  io: Io;
}

const PAUSE_MS = 2000;
/** Between looks while no event comes; and after one that no look has explained yet. */
const LOOK_MS = 60_000;
const AGAIN_MS = 500;
/** Looks without an answer of the daemon, until it counts as gone: a restart of it takes a few seconds. */
const DAEMON_TRIES = 5;
/** A lost connection is no end of an engine; a host that stays away is. */
const HOST_TRIES = 150;

/** Watches containers by the daemon's events, so that it costs nothing while all is well; looks itself where those break off. */
export function watchContainers(options: WatchOptions): ContainerWatch {
  const { host, docker, project, io } = options;
  const stop = new AbortController();
  let ended: ContainerEnd | null = null;
  const loop = async (): Promise<ContainerEnd | null> => {
    for (let failures = 0; ;) {
      // Events from now on, then a look at what happened before.
      const events = host.stream(
        {
          argv: [...docker, 'events', '--filter', `label=${PROJECT_LABEL}=${project}`, '--filter', 'event=die', '--format', '{{.ID}}'],
        },
        { signal: stop.signal },
      );
      events.exit.catch(() => undefined);
      try {
        const lines = events.lines()[Symbol.asyncIterator]();
        for (let next = lines.next(), told = false; ;) {
          next.catch(() => undefined);
          const look = await lookAt(options, stop.signal, failures);
          if ('reason' in look) return look;
          failures = look.failures;
          if (failures > 0) break;
          // What the daemon tells of an end may be ahead of what it says when asked.
          const line: IteratorResult<OutputLine> | null = await within(next, told ? AGAIN_MS : LOOK_MS, io, stop.signal);
          if (line?.done) break;
          told = line !== null;
          if (line !== null) next = lines.next();
        }
      } catch {
        // The connection broke; the next look tells.
      } finally {
        await events.kill({ graceMs: 100 }).catch(() => undefined);
      }
      if (stop.signal.aborted) return null;
      await io.sleep(failures === 0 ? PAUSE_MS / 2 : PAUSE_MS, stop.signal).catch(() => undefined);
    }
  };
  const running = loop();
  const end = running.then((found) => {
    if (found === null || stop.signal.aborted) return new Promise<ContainerEnd>(() => undefined);
    ended = found;
    return found;
  });
  return {
    get ended() {
      return ended;
    },
    end,
    stop: async () => {
      stop.abort();
      await Promise.race([running, io.sleep(500)]).catch(() => undefined);
    },
  };
}

/** What `next` comes to; null when it takes longer. */
async function within<T>(next: Promise<T>, ms: number, io: Pick<Io, 'sleep'>, signal: AbortSignal): Promise<T | null> {
  const enough = new AbortController();
  const late = io.sleep(ms, AbortSignal.any([signal, enough.signal])).then(() => null);
  late.catch(() => undefined);
  try {
    return await Promise.race([next, late]);
  } finally {
    enough.abort();
  }
}

/** The end of one of them, or how many looks in a row had no answer. */
async function lookAt(options: WatchOptions, signal: AbortSignal, failures: number): Promise<ContainerEnd | { failures: number }> {
  const { host, docker, project, containers } = options;
  try {
    const states = await projectContainers(host, docker, project, signal);
    return endAmong(states, containers) ?? { failures: 0 };
  } catch (error) {
    if (signal.aborted) return { failures: 0 };
    const daemon = BenchError.is(error) && (error.code === 'BENCH_DOCKER_UNREACHABLE' || error.code === 'BENCH_DOCKER_FAILED');
    if (failures + 1 < (daemon ? DAEMON_TRIES : HOST_TRIES)) return { failures: failures + 1 };
    const reason = daemon ? `the Docker daemon of ${host.name} does not answer` : `${host.name} cannot be reached`;
    return { reason, container: null, state: null };
  }
}

/** The first of the containers that must run and does not; null: all run. */
export function endAmong(states: readonly ContainerState[], containers: ReadonlyMap<string, string>): ContainerEnd | null {
  const byName = new Map(states.map((state) => [state.name, state]));
  for (const [name, called] of containers) {
    const state = byName.get(name);
    if (!state) return { reason: `the container of ${called} is gone`, container: name, state: null };
    const end = endOf(state);
    if (end !== null) return { reason: `${called} ${end}`, container: name, state };
  }
  return null;
}
