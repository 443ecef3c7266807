import { readdirSync, readFileSync } from 'node:fs';

/** What this machine allows this process, as far as Linux's `/proc` tells; null: not known, and not checked. */
export interface MachineLimits {
  /** Files that may be open at once, sockets among them: the soft limit, which Node has raised to the hard one at its start. */
  openFiles: number | null;
  /** Files that are open. */
  open: number | null;
  /** Local ports for connections to one address and port. */
  ports: number | null;
}

/** Reads `/proc/self/limits` and `/proc/self/fd`, proc(5), and `net.ipv4.ip_local_port_range`, ip(7), which IPv6 goes by too. */
export function machineLimits(): MachineLimits {
  const limit = /^Max open files\s+(\d+)/m.exec(read('/proc/self/limits'))?.[1];
  const range = /^(\d+)\s+(\d+)/.exec(read('/proc/sys/net/ipv4/ip_local_port_range'));
  return {
    openFiles: limit === undefined ? null : Number(limit),
    open: count('/proc/self/fd'),
    ports: range ? Number(range[2]) - Number(range[1]) + 1 : null,
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function count(folder: string): number | null {
  try {
    return readdirSync(folder).length;
  } catch {
    return null;
  }
}
