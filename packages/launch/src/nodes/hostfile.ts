import { BenchError, requireNodeNames } from '@bench/core';
import type { System } from '../types.ts';

/** What a hostfile says. */
export interface HostfileFacts {
  /** Each node once, in the file's order. */
  nodes: string[];
  /** Slots of each node, when the file says so by `slots=`, `name:N` or by repeating names, and they are the same everywhere; else null. */
  slotsPerNode: number | null;
}

/**
 * Reads any hostfile that is in use: one name a line, as in `$PBS_NODEFILE` (a node is repeated for each of its slots), `name slots=4` as for Open MPI,
 * `name:4` as for MPICH; `#` begins a comment.
 * @throws BenchError `BENCH_HOSTFILE` for a file without nodes, or with a line that is none of these.
 */
export function parseHostfile(text: string, path: string): HostfileFacts {
  const slots = new Map<string, number>();
  let counted = false;
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.replace(/#.*/, '').trim();
    if (line === '') continue;
    const [, name, colon, rest = ''] = /^([^\s:]+)(?::(\d+))?((?:\s+\S+=\S+)*)$/.exec(line) ?? [];
    if (name === undefined) throw unreadable(path, `line ${i + 1} is not a node: "${line.slice(0, 80)}"`);
    requireNodeNames([name], `${path}:${i + 1}`);
    const given = colon ?? /(?:^|\s)slots=(\d+)/.exec(rest)?.[1];
    if (given !== undefined || slots.has(name)) counted = true;
    slots.set(name, (slots.get(name) ?? 0) + Number(given ?? 1));
  }
  if (slots.size === 0) throw unreadable(path, 'it names no node');
  const [first = 1, ...others] = slots.values();
  return { nodes: [...slots.keys()], slotsPerNode: counted && first > 0 && others.every((n) => n === first) ? first : null };
}

/** @throws BenchError `BENCH_HOSTFILE` when it is not there, or as {@link parseHostfile}. */
export function readHostfile(system: System, path: string): HostfileFacts {
  const text = system.files(path);
  if (text === null) {
    throw unreadable(path, 'it is not there, or cannot be read', 'set PBS_NODEFILE in a PBS job, or name another file with --hostfile');
  }
  return parseHostfile(text, path);
}

function unreadable(path: string, why: string, hint = 'a hostfile has one node a line'): BenchError {
  return new BenchError({ code: 'BENCH_HOSTFILE', message: `hostfile ${path}: ${why}`, hint, exitCode: 2 });
}
