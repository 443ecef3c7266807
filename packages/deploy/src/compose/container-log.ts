import type { Host, Io } from '@bench/core';
import type { ContainerFacts } from '../contract.ts';
import { dockerOutput } from './docker-exec.ts';

export interface LogOptions {
  host: Host;
  docker: ContainerFacts['docker'];
  /** Names or ids. */
  containers: readonly string[];
  io: Io;
  signal: AbortSignal;
  /** Goes on until all of the containers have ended. Default false: what there is. */
  follow?: boolean | undefined;
  /** Only lines after this time, as {@link LogLine.at} tells it, or Docker's own (`2026-01-02T03:04:05Z`, `10m`). */
  since?: string | undefined;
}

export interface LogLine {
  container: string;
  /** Of the daemon's clock, RFC 3339 with nanoseconds. */
  at: string;
  text: string;
}

/** A container has ended, or is gone, and all of its log was told. */
export interface LogEnd {
  container: string;
  ended: true;
}

const PAUSE_MS = 1000;
/** Looks in a row that found no daemon, after which its containers' logs count as ended. */
const SILENT_LOOKS = 10;

/**
 * All logs in one process, for an SSH server grants few sessions: each line begins with the number of its container; a number alone says
 * that this log broke off. A last line may lack its end, and gets it before it meets the lines of the others.
 * Arguments: the words before `docker`, `--`, `follow` or nothing, then since and name of each.
 */
const LOGS = String.raw`
sudo=
[ "$1" = -- ] || sudo=yes
while [ "$1" != -- ]; do shift; done
follow=$2
shift 2
run() { if [ -n "$sudo" ]; then command sudo -n docker "$@"; else command docker "$@"; fi; }
number=0
while [ $# -gt 0 ]; do
  {
    { run logs --timestamps ${'$'}{follow:+--follow} ${'$'}{1:+--since "$1"} "$2" 2>&1; echo; } | sed -u "s/^/$number /"
    echo "$number"
  } &
  number=$((number + 1))
  shift 2
done
wait
`;

/**
 * The logs of containers, line by line, stdout and stderr as they come. Followed over lost connections: no line is lost or told twice.
 * Ends when the containers have ended, are gone, or their daemon stays away; and when aborted.
 */
export async function* containerLogs(options: LogOptions): AsyncIterable<LogLine | LogEnd> {
  const { host, docker, io, signal, follow } = options;
  const last = new Map(options.containers.map((name): [string, string] => [name, '']));
  for (let silent = 0; last.size > 0 && !signal.aborted;) {
    const names = [...last.keys()];
    const told = new Map(last);
    const execution = host.stream(
      {
        script: LOGS,
        args: [
          ...docker.slice(0, -1),
          '--',
          follow ? 'follow' : '',
          ...names.flatMap((name) => [told.get(name) || (options.since ?? ''), name]),
        ],
      },
      { signal },
    );
    execution.exit.catch(() => undefined);
    try {
      for await (const { text } of execution.lines()) {
        const line = read(text, names);
        if (line === null) continue;
        if (line.text !== undefined) {
          // Docker's --since includes its instant.
          if (line.at <= (told.get(line.container) ?? '')) continue;
          last.set(line.container, line.at);
          yield { container: line.container, at: line.at, text: line.text };
        } else if (follow) {
          if (await isRunning(line.container, options)) break;
          last.delete(line.container);
          yield { container: line.container, ended: true };
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      io.logger.log('debug', `logs of ${names.join(', ')} on ${host.name} broke off: ${String(error)}`);
      silent += 1;
      if (silent > SILENT_LOOKS) return;
    } finally {
      await execution.kill({ graceMs: 100 }).catch(() => undefined);
    }
    if (!follow) return;
    if (last.size > 0) await io.sleep(PAUSE_MS, signal).catch(() => undefined);
  }
}

/** A line of a container, or the end of its log; null: docker's own word. */
function read(
  text: string,
  names: readonly string[],
): { container: string; at: string; text: string } | { container: string; at: string; text?: undefined } | null {
  const match = /^(\d+)(?: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d)) ?(.*))?$/s.exec(text);
  const container = names[Number(match?.[1])];
  if (!match || container === undefined) return null;
  if (match[2] === undefined) return { container, at: '' };
  return { container, at: match[2], text: (match[3] as string).replace(/\r$/, '') };
}

async function isRunning(container: string, options: LogOptions): Promise<boolean> {
  const { code, stdout } = await dockerOutput(
    options.host,
    options.docker,
    ['inspect', '--type', 'container', '--format', '{{.State.Running}}', container],
    { signal: options.signal, failing: true },
  );
  return code === 0 && stdout.trim() === 'true';
}
