import { open, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { formatBytes, messageOf } from '@bench/core';
import { buildTasks, type Task } from './build-tasks.ts';
import type { Engine } from './engines/engine.ts';
import { BUILTIN_ENGINES } from './engines/index.ts';
import { parseYaml } from './parse-yaml.ts';
import { recipeError, type Problem } from './problem.ts';
import type { ProviderSection, RecipeKind } from './schema/recipe.ts';
import { plainOf } from './tree.ts';

/** A recipe larger than this is no recipe. Bytes. */
const MAX_BYTES = 256_000;
const FILE_NAME = 'recipe.yaml';

export interface LoadOptions {
  /** Default: the built-in ones. */
  engines?: readonly Engine[] | undefined;
  /** Sections of providers beside the built-in `slurm`. */
  providers?: readonly ProviderSection[] | undefined;
  signal?: AbortSignal | undefined;
}

/** A recipe that was read and checked with all its variants. */
export interface LoadedRecipe {
  /**
   * The folder's name, or the file's when it is not called `recipe.yaml`. Safe as a folder name: of letters, digits, `.`, `_` and `-`
   * (anything else became `-`), without a dot at the front, 100 characters at most.
   */
  name: string;
  /** As it was asked for, with `recipe.yaml` at its end when a folder was. */
  file: string;
  /** Absolute; paths in the recipe start here. */
  dir: string;
  kind: RecipeKind;
  /** What the YAML says, untouched. */
  raw: unknown;
  variantCount: number;
  /** One a variant, in the order of the matrices. */
  tasks: readonly Task[];
}

/**
 * Reads a recipe: a folder with `recipe.yaml`, or the file itself.
 * @throws BenchError `BENCH_RECIPE_INVALID` (exit code 2) with every problem on a line of its own, and in `details.problems`.
 */
export async function loadRecipe(path: string, options: LoadOptions = {}): Promise<LoadedRecipe> {
  options.signal?.throwIfAborted();
  const asked = await stat(path).catch((error: unknown) => unreadable(path, error));
  const file = asked.isDirectory() ? join(path, FILE_NAME) : path;
  const found = asked.isDirectory() ? await stat(file).catch((error: unknown) => unreadable(file, error, path)) : asked;
  if (found.isDirectory()) throw one(file, 'this is a folder, and a recipe is a file');
  if (!found.isFile()) throw one(file, 'this is not a plain file');
  if (found.size > MAX_BYTES) throw tooLarge(file, found.size);
  const bytes = await readAtMost(file, MAX_BYTES + 1).catch((error: unknown) => unreadable(file, error));
  if (bytes.length > MAX_BYTES) throw tooLarge(file, bytes.length);
  options.signal?.throwIfAborted();
  const dir = resolve(dirname(file));
  return parseRecipe(decode(bytes, file), { file, dir }, options);
}

/**
 * The same of text that is at hand. `file` is only for messages; `dir` (default: the file's folder) is where its paths start.
 * @throws BenchError `BENCH_RECIPE_INVALID`.
 */
export function parseRecipe(
  text: string,
  source: { file: string; dir?: string | undefined; name?: string | undefined },
  options: LoadOptions = {},
): LoadedRecipe {
  const { file } = source;
  const dir = source.dir ?? resolve(dirname(file));
  const name = source.name === undefined ? recipeNameOf(join(dir, basename(file))) : safeName(source.name);
  if (text.length > MAX_BYTES) throw tooLarge(file, text.length);
  if (text.includes('\0')) throw one(file, 'this is not text', 'a recipe is a UTF-8 text file');
  const { root, problems } = parseYaml(text.replace(/^\uFEFF/, ''), file);
  if (!root)
    throw recipeError(
      problems.length > 0
        ? problems
        : [{ file, line: 1, column: 1, message: 'the file is empty', hint: '"bench init" writes a recipe to start from' }],
    );
  if (root.kind !== 'map') {
    const what = root.kind === 'list' ? 'a list' : root.value === null ? 'empty' : 'a single value';
    throw recipeError([
      ...problems,
      {
        file,
        ...root.at,
        message: `a recipe is a map of sections, and this is ${what}`,
        hint: 'begin with "model:", "service:" or "command:" at the left margin',
      },
    ]);
  }
  const built = buildTasks({
    root,
    file,
    dir,
    name,
    engines: options.engines ?? BUILTIN_ENGINES,
    providers: options.providers ?? [],
    signal: options.signal,
  });
  const all: Problem[] = [...problems, ...built.problems];
  const first = built.tasks[0];
  if (all.length > 0 || !first) throw recipeError(all);
  return { name, file, dir, kind: first.kind, raw: plainOf(root), variantCount: built.tasks.length, tasks: built.tasks };
}

/** About the file as a whole: what is not there, or is no text, has no line 1. */
function one(file: string, message: string, hint: string | null = null) {
  return recipeError([{ file, line: null, column: null, message, hint }]);
}

const tooLarge = (file: string, bytes: number) =>
  one(file, `the file has ${formatBytes(bytes)}, and a recipe may have ${formatBytes(MAX_BYTES)}`, 'is this the right file?');

function unreadable(file: string, error: unknown, folder?: string): never {
  const code = (error as { code?: string }).code;
  if (code === 'ENOENT' && folder !== undefined) throw one(file, `the folder "${folder}" has no ${FILE_NAME}`, '"bench init" writes one');
  if (code === 'ENOENT' || code === 'ENOTDIR') throw one(file, 'there is no such file');
  if (code === 'EACCES' || code === 'EPERM') throw one(file, 'the file may not be read by this user');
  throw one(file, `the file cannot be read: ${messageOf(error)}`);
}

async function readAtMost(file: string, bytes: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, bytes - length, null);
      length += bytesRead;
      if (bytesRead === 0 || length === bytes) return buffer.subarray(0, length);
    }
  } finally {
    await handle.close();
  }
}

function decode(bytes: Buffer, file: string): string {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    throw one(file, 'the file is UTF-16', 'save it as UTF-8');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw one(file, 'this is not text', 'a recipe is a UTF-8 text file');
  }
}

/** The name under which runs keep the recipe of a file: its folder's, or its own when it is not called `recipe.yaml`. */
export function recipeNameOf(file: string): string {
  const stem = basename(file).replace(/\.ya?ml$/i, '');
  return safeName(stem === 'recipe' ? basename(resolve(dirname(file))) : stem);
}

/**
 * The name of a recipe is the name of a folder of the run: letters, digits, `.`, `_` and `-`, and anything else becomes `-`; dots at the
 * front and dashes at either end that nobody wrote go; 100 characters at most. With nothing left it is `recipe`.
 */
function safeName(name: string): string {
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(name)) return name;
  const safe = name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, 100)
    .replace(/-+$/, '');
  return safe === '' ? 'recipe' : safe;
}
