import { join } from 'node:path';
import { BenchError } from '@bench/core';

/** Names of everything in a run directory; nothing else knows them. */
export const paths = {
  run: (dir: string) => join(dir, 'run.json'),
  notes: (dir: string) => join(dir, 'notes.json'),
  /** Held for the moment in which the notes change. */
  notesLock: (dir: string) => join(dir, 'notes.lock'),
  journal: (dir: string) => join(dir, 'journal.jsonl'),
  lock: (dir: string) => join(dir, 'run.lock'),
  machine: (dir: string, n: number) => join(dir, 'machines', String(n)),
  groupLog: (dir: string, n: number) => join(dir, 'groups', `${n}.log`),
  deployment: (dir: string, id: string) => join(dir, 'deployments', id),
  /** What a recipe's `aggregate` printed. */
  aggregateLog: (dir: string, recipe: string) => join(dir, 'aggregate', `${segment(recipe)}.log`),
  /** Host keys that were accepted for this run, as `known_hosts` of OpenSSH. */
  knownHosts: (dir: string) => join(dir, 'known_hosts'),
  task: (dir: string, recipe: string, variant: string) => join(dir, 'tasks', segment(recipe), segment(variant)),
  point: (attempt: number, point: number, repeat: number) => join('attempts', String(attempt), 'points', String(point), String(repeat)),
};

/** Recipe and variant names are made safe where they are made; a name that is not would escape the run directory. */
function segment(name: string): string {
  if (!/^[A-Za-z0-9._~+-]+$/.test(name) || name === '.' || name === '..') {
    throw new BenchError({ code: 'BENCH_UNSAFE_NAME', message: `"${name}" cannot be a folder name` });
  }
  return name;
}
