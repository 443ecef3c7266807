import { isNodeName } from '@bench/core';
import type { System } from '../types.ts';

/** A running job as `qstat` shows it. */
export interface QstatRow {
  jobId: string;
  /** Each node once, in order. */
  nodes: string[];
}

/** `12.server` → `12`; members of arrays keep their index: `12[3]`. */
export const pbsJobId = (id: string) => id.split('.')[0] ?? id;

const TRIES = 5;
const PAUSE_MS = 2_000;
/** A server that is busy or restarts: the next try may do. */
const BUSY = /cannot connect|communication failure|connection refused|timed out|timeout|end of file/i;

/**
 * This user's running jobs: `qstat -n -1 -w -r -u USER`, tried five times, two seconds apart, while the server does not answer. Null: there is no
 * qstat, or it never answered.
 */
export function askQstat(system: System): QstatRow[] | null {
  for (let i = 1; ; i++) {
    const { code, stdout, stderr } = system.exec(['qstat', '-n', '-1', '-w', '-r', '-u', system.user]);
    if (code === 0) return stdout.split('\n').flatMap(rowOf);
    if (i === TRIES || !BUSY.test(stderr)) return null;
    system.pause?.(PAUSE_MS);
  }
}

/** `12.server user queue name 4211 2 128 -- 01:00 R 00:10 n1/0*64+n2/0*64`: state R in the third column from the end. */
function rowOf(line: string): QstatRow[] {
  const words = line.trim().split(/\s+/);
  const [id = '', places = '', state = ''] = [words[0], words.at(-1), words.at(-3)];
  if (!/^\d+(\[\d+\])?(\.|$)/.test(id) || state !== 'R') return [];
  const nodes = places.split('+').map((place) => place.split('/')[0] ?? '');
  return nodes.every(isNodeName) ? [{ jobId: pbsJobId(id), nodes: [...new Set(nodes)] }] : [];
}
