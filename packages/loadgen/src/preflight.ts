import { BenchError, type LoadSpec } from '@bench/core';
import { clientSlots } from './deal.ts';
import type { MachineLimits } from './machine-limits.ts';

/** Files that a worker has open beside its connections, with room for those that the rest of the process opens. */
const FILES_PER_WORKER = 16;
const FILES_BESIDE = 32;
/** From this share of a limit on it is told of: connections that are being closed still count. */
const NEAR = 0.8;

export interface PreflightOptions {
  load: LoadSpec;
  workers: number;
  /** Addresses and ports that connections go to. Default 1. */
  destinations?: number | undefined;
  /** Addresses that they come from, as the load names them. Default: 0, the system's choice. */
  sources?: number | undefined;
  limits: MachineLimits;
}

/**
 * Whether the machine allows the connections that a load will need at once, before any of it is sent. An open loop without a cap has as many as the
 * server leaves open, which nobody knows: of bursts it is one burst at least, of others nothing is checked.
 * @returns limits that are only near, in words.
 * @throws BenchError `BENCH_LOAD_LIMITS` for one that is too low.
 */
export function preflight({ load, workers, destinations = 1, sources = 0, limits }: PreflightOptions): string[] {
  const { openFiles, open, ports } = limits;
  const sockets = connectionsOf(load);
  const files = sockets + (open ?? 0) + workers * FILES_PER_WORKER + FILES_BESIDE;
  const near: string[] = [];
  if (openFiles !== null && files > NEAR * openFiles) {
    const message = `${sockets} connections need about ${files} open files, and this process may have ${openFiles}`;
    const hint = `raise the hard limit where bench is started: ulimit -Hn ${roundUp(files)} as root, nofile in /etc/security/limits.conf, LimitNOFILE= of a systemd unit, --ulimit nofile=${roundUp(files)} of docker run; or send less at once`;
    if (files > openFiles) throw new BenchError({ code: 'BENCH_LOAD_LIMITS', message, hint });
    near.push(`${message}: ${hint}`);
  }
  // A port of an address that a socket is bound to serves one connection, wherever that goes; one that the system chooses serves one to each destination.
  const sharing = sources > 0 ? sources : destinations;
  const needed = Math.ceil(sockets / sharing);
  if (ports !== null && needed > NEAR * ports) {
    const way = sources > 0 ? 'from' : 'to';
    const need =
      sharing === 1 ? `${way} one address need as many local ports` : `${way} ${sharing} addresses need ${needed} local ports for each`;
    const message = `${sockets} connections ${need}, and this machine has ${ports}`;
    const hint =
      'widen the range: sysctl -w net.ipv4.ip_local_port_range="1024 65535" as root; or send less at once, from more addresses of this machine, or from several machines';
    if (needed > ports) throw new BenchError({ code: 'BENCH_LOAD_LIMITS', message, hint });
    near.push(`${message}: ${hint}`);
  }
  return near;
}

/** Connections that this client will have open at once, at least. */
function connectionsOf(load: LoadSpec): number {
  const { arrival, maxConcurrency: cap, share } = load;
  if (cap === null) return arrival.kind === 'bursts' ? Math.ceil(arrival.size / (share?.of ?? 1)) : 0;
  const { from, to } = clientSlots(load, cap);
  // There are no more than requests.
  return Math.min(to - from, load.numPrompts ?? Number.POSITIVE_INFINITY);
}

/** To what one would type. */
function roundUp(files: number): number {
  return 2 ** Math.ceil(Math.log2(files));
}
