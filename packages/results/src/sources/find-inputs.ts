import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { BenchError } from '@bench/core';
import { findRuns, resolveRun } from '../find-runs.ts';
import { readRunFile } from '../read-run-file.ts';
import { isRunId } from '../run-id.ts';

/** A file that may hold results. */
export interface FileInput {
  /** As the user reaches it. */
  path: string;
  /** Its path below the folder that was named; null: the file itself was named. */
  below: string | null;
}

export interface RunInput {
  dir: string;
  /** Which of the paths led to it, from 0. */
  named: number;
}

/** What paths lead to, each once, in the order of the paths and then of names; keys are real paths. */
export interface Inputs {
  runs: Map<string, RunInput>;
  /** Folders of deplodock runs: their list of tasks. */
  lists: Map<string, FileInput>;
  files: Map<string, FileInput>;
  /** Folders that were named, as they were. */
  folders: string[];
  /** What could not be opened. */
  failures: { path: string; error: unknown }[];
}

interface Walk {
  inputs: Inputs;
  /** The path that is looked at, from 0. */
  named: number;
  /** Folder of run directories. */
  out: string;
  signal: AbortSignal;
  seen: Set<string>;
}

/** How deep folders are looked into. */
const DEPTH = 6;
/** Endings of files that are looked into when a folder is named. */
const LOOKED_AT = new Set(['', '.txt', '.log', '.out', '.json', '.jsonl', '.ndjson']);
const LISTS = ['tasks.json', 'manifest.json'];
const RECIPES = ['recipe.yaml', 'recipe.yml'];

const byName = new Intl.Collator('en', { numeric: true }).compare;

/** What the paths of a report mean: files, folders, and runs by id or `latest`. */
export async function findInputs(paths: readonly string[], options: { out: string; signal: AbortSignal }): Promise<Inputs> {
  const inputs: Inputs = { runs: new Map(), lists: new Map(), files: new Map(), folders: [], failures: [] };
  const walk: Walk = { inputs, ...options, named: 0, seen: new Set() };
  for (const [i, path] of paths.entries()) {
    options.signal.throwIfAborted();
    walk.named = i;
    try {
      await named(path, walk);
    } catch (error) {
      options.signal.throwIfAborted();
      inputs.failures.push({ path, error });
    }
  }
  return inputs;
}

async function named(path: string, walk: Walk): Promise<void> {
  const found = path === 'latest' ? null : await stat(path).catch(() => null);
  if (!found) return addRun(await resolveRun(path, walk.out), walk);
  const name = basename(path);
  if (found.isDirectory()) return namedFolder(path, walk);
  if (name === 'run.json') return addRun(dirname(path), walk);
  if (RECIPES.includes(name)) return recipeRuns(path, walk);
  if (LISTS.includes(name)) return addOnce(walk.inputs.lists, dirname(path), { path, below: null });
  await addOnce(walk.inputs.files, path, { path, below: null });
}

async function namedFolder(path: string, walk: Walk): Promise<void> {
  const { inputs } = walk;
  const [measured, files, known] = [inputs.runs.size + inputs.lists.size, inputs.files.size, walk.seen.size];
  const names = await folder(path, { root: path, depth: 0 }, walk);
  if (walk.seen.size === known) return;
  const recipe = RECIPES.find((name) => names.includes(name));
  if (recipe !== undefined && inputs.runs.size + inputs.lists.size === measured) {
    const ran = await recipeRuns(join(path, recipe), walk).then(
      () => true,
      (error: unknown) => {
        // Beside the recipe may lie what others measured of it.
        if (inputs.files.size === files) throw error;
        return false;
      },
    );
    if (ran) return;
  }
  if (names.length === 0) throw nothing('the folder is empty');
  inputs.folders.push(path);
}

/** Adds what a folder holds. The answer is the names in it. */
async function folder(dir: string, at: { root: string; depth: number }, walk: Walk): Promise<string[]> {
  walk.signal.throwIfAborted();
  const real = await realpath(dir);
  if (walk.seen.has(real)) return [];
  walk.seen.add(real);
  const names = (await readdir(dir)).sort(byName);
  if (names.includes('run.json')) {
    await addRun(dir, walk);
    return names;
  }
  if (isRunId(basename(resolve(dir))) || names.includes('journal.jsonl')) {
    walk.inputs.failures.push({ path: dir, error: nothing('a run directory without its run.json: half written, or half copied') });
    return names;
  }
  const list = LISTS.find((name) => names.includes(name));
  if (list !== undefined) {
    const path = join(dir, list);
    await addOnce(walk.inputs.lists, dir, { path, below: relative(at.root, path) });
  }
  for (const name of names) await entry(join(dir, name), at, walk);
  return names;
}

async function entry(path: string, at: { root: string; depth: number }, walk: Walk): Promise<void> {
  const name = basename(path);
  if (name.startsWith('.') || name === 'node_modules') return;
  // A link that leads nowhere, or a file that went away: nothing is there.
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) {
    if (at.depth < DEPTH)
      await folder(path, { ...at, depth: at.depth + 1 }, walk).catch((error: unknown) => {
        walk.signal.throwIfAborted();
        walk.inputs.failures.push({ path, error });
      });
  } else if (found?.isFile() && LOOKED_AT.has(extname(name).toLowerCase()) && !LISTS.includes(name)) {
    await addOnce(walk.inputs.files, path, { path, below: relative(at.root, path) });
  }
}

/** Runs of a recipe of ours, in the folder of runs. */
async function recipeRuns(path: string, walk: Walk): Promise<void> {
  const meant = new Set([resolve(path), resolve(dirname(path))]);
  let found = 0;
  for (const dir of await findRuns(walk.out)) {
    const run = await readRunFile(dir).catch(() => null);
    if (!run?.asked.recipes.some((asked) => meant.has(resolve(asked)))) continue;
    found++;
    await addRun(dir, walk);
  }
  if (found === 0) throw nothing(`a recipe, and there is no run of it in ${walk.out}`);
}

async function addRun(dir: string, { inputs, named: by }: Walk): Promise<void> {
  const real = await realpath(dir);
  if (!inputs.runs.has(real)) inputs.runs.set(real, { dir, named: by });
}

/** What is named itself is named, also when it is in a folder that was named too. */
async function addOnce(map: Map<string, FileInput>, place: string, input: FileInput): Promise<void> {
  const real = await realpath(place);
  if (!map.has(real) || input.below === null) map.set(real, input);
}

function nothing(message: string): BenchError {
  return new BenchError({ code: 'BENCH_NO_RESULT', message, exitCode: 2 });
}
