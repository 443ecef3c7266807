import { readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { messageOf } from '@bench/core';

export interface Entry {
  file: string;
  version: string | null;
}
type Manifest = { version?: unknown; main?: unknown; exports?: unknown };

/** How Node itself chooses, for `import`. */
const CONDITIONS = new Set(['node', 'import', 'module-sync', 'default']);

/**
 * The file that `import` of a package or path would load, looked for from each folder in turn. A path starts at the first folder.
 * @throws Error with the reason when there is none.
 */
export async function findEntry(spec: string, folders: readonly string[]): Promise<Entry> {
  if (/^(\.{1,2}|~)?[/\\]|^\.{1,2}$/.test(spec) || isAbsolute(spec)) {
    const path = spec.startsWith('~/') ? join(homedir(), spec.slice(2)) : resolve(folders[0] ?? process.cwd(), spec);
    const found = await stat(path).catch(() => null);
    if (found?.isFile()) return { file: path, version: null };
    if (found?.isDirectory()) return entryOf(path, '.');
    throw new Error(`there is no ${path}`);
  }
  const [scope = '', second = ''] = spec.split('/');
  const name = spec.startsWith('@') ? `${scope}/${second}` : scope;
  const subpath = `.${spec.slice(name.length)}`;
  for (const folder of folders) {
    for (const modules of createRequire(join(folder, 'noop.js')).resolve.paths(name) ?? []) {
      const dir = join(modules, ...name.split('/'));
      if ((await stat(dir).catch(() => null))?.isDirectory()) return entryOf(dir, subpath);
    }
  }
  throw new Error(`there is no package "${name}" in node_modules of ${folders.join(', ')} or above`);
}

async function entryOf(dir: string, subpath: string): Promise<Entry> {
  let manifest: Manifest = {};
  try {
    manifest = JSON.parse(await readFile(join(dir, 'package.json'), 'utf8')) as Manifest;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new Error(`${join(dir, 'package.json')}: ${messageOf(error)}`, { cause: error });
  }
  const version = typeof manifest.version === 'string' ? manifest.version : null;
  const main = typeof manifest.main === 'string' ? manifest.main : 'index.js';
  const chosen = manifest.exports === undefined ? (subpath === '.' ? main : subpath) : exported(manifest.exports, subpath);
  if (chosen === null) throw new Error(`${dir} exports no "${subpath}"`);
  const file = resolve(dir, chosen);
  if (file !== dir && !file.startsWith(dir + sep)) throw new Error(`${dir} exports a file outside of itself`);
  for (const candidate of [file, `${file}.js`, join(file, 'index.js')])
    if ((await stat(candidate).catch(() => null))?.isFile()) return { file: candidate, version };
  throw new Error(`${file} is not there${dirname(file).endsWith(`${sep}dist`) ? ': is it built?' : ''}`);
}

function exported(value: unknown, subpath: string): string | null {
  if (isMap(value) && Object.keys(value).some((key) => key.startsWith('.'))) return target(value[subpath]);
  return subpath === '.' ? target(value) : null;
}

function target(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(target).find((t) => t !== null) ?? null;
  if (!isMap(value)) return null;
  for (const [condition, inner] of Object.entries(value)) {
    const found = CONDITIONS.has(condition) ? target(inner) : null;
    if (found !== null) return found;
  }
  return null;
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
