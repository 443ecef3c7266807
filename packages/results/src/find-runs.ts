import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { BenchError } from '@bench/core';
import { paths } from './paths.ts';
import { isRunId } from './run-id.ts';

/** Run directories directly below `root`, in the order in which they began. A missing root holds none. */
export async function findRuns(root: string): Promise<string[]> {
  const names = await readdir(root).catch(() => []);
  const found: { dir: string; began: number; written: number }[] = [];
  for (const name of names) {
    const dir = join(root, name);
    const file = await stat(paths.run(dir)).catch(() => null);
    if (file) found.push({ dir, began: (await createdAt(dir)) ?? file.birthtimeMs, written: file.birthtimeMs });
  }
  return found
    .sort((a, b) => a.began - b.began || a.written - b.written || (basename(a.dir) < basename(b.dir) ? -1 : 1))
    .map(({ dir }) => dir);
}

/** When a run began, milliseconds since the epoch; null: it does not say. The dates of its files are new in every copy. */
async function createdAt(dir: string): Promise<number | null> {
  try {
    const { createdAt: text } = JSON.parse(await readFile(paths.run(dir), 'utf8')) as { createdAt: unknown };
    const at = typeof text === 'string' ? Date.parse(text) : NaN;
    return Number.isNaN(at) ? null : at;
  } catch {
    return null;
  }
}

/**
 * The run directory that a user means by an id, an unambiguous beginning of one, a folder, or `latest`.
 * @throws BenchError `BENCH_RUN_NOT_FOUND`.
 */
export async function resolveRun(text: string, root: string): Promise<string> {
  if (await stat(paths.run(text)).catch(() => null)) return resolve(text);
  const runs = await findRuns(root);
  if (text === 'latest' && runs.length > 0) return resolve(runs.at(-1) as string);
  const hits = runs.filter((dir) => (isRunId(text) ? basename(dir) === text : /^r[a-z0-9]*$/.test(text) && basename(dir).startsWith(text)));
  if (hits.length === 1) return resolve(hits[0] as string);
  throw new BenchError({
    code: 'BENCH_RUN_NOT_FOUND',
    message:
      hits.length > 1 ? `"${text}" means ${hits.length} runs: ${hits.map((h) => basename(h)).join(', ')}` : `no run "${text}" in ${root}`,
    hint: 'bench list shows runs; --out names another folder',
    exitCode: 2,
  });
}
