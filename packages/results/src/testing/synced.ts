import fs from 'node:fs';
import { type FileHandle, open, readdir, readFile, stat } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { callbackify } from 'node:util';
import { vi } from 'vitest';

/** What is in a new file needs no sync. */
const EMPTY = JSON.stringify('');

/**
 * Watches every fsync of this process below `top`, and tells what a power cut now might take away: files whose content was not synced
 * after it was last changed, and names that their folder did not hold when it was last synced.
 */
export async function watchSyncs(top: string): Promise<{ atRisk(except?: RegExp): Promise<string[]>; restore(): void }> {
  const onDisk = new Map<number, string>();
  const handle = await open(top, 'r');
  const prototype = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const watched = async (ino: number, sync: () => Promise<void>): Promise<void> => {
    const path = await find(top, ino);
    const content = path === null ? null : await contentOf(path);
    await sync();
    if (content !== null) onDisk.set(ino, content);
  };
  const { sync } = prototype;
  const { fsync } = fs;
  const spies = [
    vi.spyOn(prototype, 'sync').mockImplementation(async function syncWatched(this: FileHandle) {
      await watched((await this.stat()).ino, () => sync.call(this));
    }),
    vi.spyOn(fs, 'fsync').mockImplementation((descriptor, done) => {
      const real = () => new Promise<void>((resolve, reject) => fsync(descriptor, (error) => (error ? reject(error) : resolve())));
      callbackify(watched)(fs.fstatSync(descriptor).ino, real, done);
    }),
  ];
  syncBuiltinESMExports();
  return {
    restore: () => {
      for (const spy of spies) spy.mockRestore();
      syncBuiltinESMExports();
    },
    async atRisk(except = /^$/) {
      const lost: string[] = [];
      for (const path of await walk(top)) {
        const { ino } = await stat(path);
        const safe = onDisk.get(ino);
        const now = await contentOf(path);
        if (Array.isArray(JSON.parse(now))) {
          const names = JSON.parse(safe ?? '[]') as string[];
          for (const name of JSON.parse(now) as string[])
            if (!names.includes(name) && !except.test(name)) lost.push(`name ${join(path, name).slice(top.length)}`);
        } else if ((safe ?? EMPTY) !== now && !except.test(path)) lost.push(`content ${path.slice(top.length)}`);
      }
      return lost;
    },
  };
}

/** Folders: their names as a JSON list; files: their bytes as a JSON text. */
async function contentOf(path: string): Promise<string> {
  const folder = (await stat(path)).isDirectory();
  return JSON.stringify(folder ? await readdir(path) : (await readFile(path)).toString('base64'));
}

async function walk(folder: string): Promise<string[]> {
  const below = await readdir(folder, { withFileTypes: true });
  const inner = await Promise.all(below.map(async (e) => (e.isDirectory() ? walk(join(folder, e.name)) : [join(folder, e.name)])));
  return [folder, ...inner.flat()];
}

async function find(top: string, ino: number): Promise<string | null> {
  for (const path of await walk(top).catch(() => [])) {
    const found = await stat(path).catch(() => null);
    if (found?.ino === ino) return path;
  }
  return null;
}
