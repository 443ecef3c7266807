import { createConnection } from 'node:net';
import { type Host, type Io, parseDuration } from '@bench/core';
import type { ContainerFacts } from '../contract.ts';
import { LogTail } from '../log-tail.ts';
import { httpReadiness, type Readiness } from '../readiness.ts';
import type { ServiceRecord, serviceOf } from './record.ts';

type Asked = NonNullable<ReturnType<typeof serviceOf>['ready']>;

export interface ReadyOptions {
  host: Host;
  record: ServiceRecord;
  io: Io;
  /** The way to the published port from here; null: it has none. */
  near: { address: string; port: number } | null;
}

/** When the service is ready, as the recipe says. */
export function serviceReadiness(asked: Asked, options: ReadyOptions): Readiness {
  const timeoutMs = parseDuration(asked.timeout);
  if ('log' in asked) {
    const log = new LogTail(options.record.logPath);
    return {
      name: `the line "${asked.log}" in the log`,
      timeoutMs,
      check: async () => ((await log.next()).some((line) => line.includes(asked.log)) ? null : 'it was not printed'),
    };
  }
  const intervalMs = parseDuration(asked.interval);
  if ('http' in asked) {
    const { near, io } = options;
    const http = httpReadiness(`http://${near?.address ?? '127.0.0.1'}:${near?.port ?? 0}${asked.http}`, {
      timeoutMs,
      io,
      name: `http ${asked.http}`,
    });
    return { ...http, intervalMs };
  }
  const port = asked.tcp === true ? options.record.servicePort : asked.tcp;
  return { name: `port ${port ?? 0}`, timeoutMs, intervalMs, check: (signal) => listens(port ?? 0, options, signal) };
}

/**
 * Docker answers on a published port before the container listens, so a connection proves nothing; the container's own table of
 * sockets does. Where it cannot be read (an image without `cat`, a Docker in a virtual machine), a connection that stays open must do.
 */
async function listens(port: number, options: ReadyOptions, signal: AbortSignal): Promise<string | null> {
  const { host, record, near } = options;
  const table = await socketTable(host, record.containers.docker, record.container, signal);
  if (table !== null) return listeningPorts(table).has(port) ? null : `nothing listens on port ${port} in the container`;
  if (near === null || port !== record.servicePort)
    return `it cannot be seen whether port ${port} of this image listens; use ready: {http: …} or {log: …}`;
  return (await staysOpen(near, signal)) ? null : `port ${port} does not answer`;
}

const TABLE = String.raw`
name=$1
shift
"$@" exec "$name" cat /proc/net/tcp /proc/net/tcp6 2>/dev/null </dev/null && exit 0
pid=$("$@" inspect --type container --format '{{.State.Pid}}' "$name" 2>/dev/null) || exit 1
case $pid in '' | 0 | *[!0-9]*) exit 1 ;; esac
grep -q -- "$("$@" inspect --type container --format '{{.Id}}' "$name" 2>/dev/null)" "/proc/$pid/cgroup" 2>/dev/null || exit 1
cat "/proc/$pid/net/tcp" "/proc/$pid/net/tcp6" 2>/dev/null
`;

async function socketTable(host: Host, docker: ContainerFacts['docker'], container: string, signal: AbortSignal): Promise<string | null> {
  const { code, stdout } = await host.exec(
    { script: TABLE, args: [container, ...docker] },
    { signal, timeoutMs: 30_000, repeatable: true },
  );
  return code === 0 || stdout.includes('local_address') ? stdout : null;
}

/** Ports in state LISTEN (0A) of a `/proc/net/tcp`, for any address. */
export function listeningPorts(table: string): Set<number> {
  return new Set(
    [...table.matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} 0A /gim)].map(([, hex]) =>
      Number.parseInt(hex as string, 16),
    ),
  );
}

/** True when a connection is not closed again within a second. */
function staysOpen(to: { address: string; port: number }, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: to.address, port: to.port, signal });
    const done = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.setTimeout(1000, () => done(!socket.connecting));
    socket.once('data', () => done(true));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });
}
