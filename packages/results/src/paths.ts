import { join } from 'node:path';
import { BenchError } from '@bench/core';

/** Names of everything in a run directory; nothing else knows them. */
export const paths = {
  run: (dir: string) => join(dir, 'run.json'),
  notes: (dir: string) => join(dir, 'notes.json'),
  journal: (dir: string) => join(dir, 'journal.jsonl'),
  lock: (dir: string) => join(dir, 'run.lock'),
  machine: (dir: string, n: number) => join(dir, 'machines', String(n)),
  deployment: (dir: string, id: string) => join(dir, 'deployments', id),
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
