import { closeSync, fsync, mkdirSync, openSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { open, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { BenchError } from './error.ts';
import { EXIT } from './exit-codes.ts';
import { withTemporary } from './temporary-file.ts';

// What returns at once is called at once: a way through Node's pool of threads costs several times what a small file does (measured with
// benchmark's bench/fleet.mjs). Waiting for the disk is not done here.
const sync = (descriptor: number): Promise<void> =>
  new Promise((done, fail) => fsync(descriptor, (error) => (error ? fail(error) : done())));
const SMALL_BYTES = 65_536;

/**
 * Writes a file whole or not at all: a temporary file beside it, fsync, rename, fsync of the folder. Makes the folder, durably.
 * @throws the file system's own error (`ENOSPC`, `EACCES`, …), with the temporary file removed.
 */
export async function writeAtomic(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const folder = dirname(path);
  await withTemporary(path, async (temporary) => {
    const write = () => writeSynced(temporary, content, { flag: 'wx', mode });
    // Its folder is there almost always.
    await write().catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      await makeFolder(folder);
      await write();
    });
    renameSync(temporary, path);
  });
  await syncFolder(folder);
}

/**
 * Where a file is that somebody named, to be written with {@link writeAtomic}: links are followed, so that what they lead to is replaced and not they.
 * @returns an absolute path; of what is not there yet as well.
 * @throws BenchError `BENCH_NOT_A_FILE`, exit code 2: what is there is a pipe, a device or a folder, which a file would take the place of; the file
 * system's own error (`ELOOP`, `EACCES`, …).
 */
export async function plainTarget(path: string): Promise<string> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found?.isFile()) return realpath(path);
  if (found)
    throw new BenchError({
      code: 'BENCH_NOT_A_FILE',
      message: `${path} is there and is no plain file: a file would take its place`,
      hint: 'name a file; where a flag writes text, - is the standard output',
      exitCode: EXIT.usage,
    });
  const folder = await realpath(dirname(path)).catch(() => resolve(dirname(path)));
  // A link to what is not there yet.
  const link = await readlink(path).catch(() => null);
  return link === null ? join(folder, basename(path)) : plainTarget(resolve(folder, link));
}

/**
 * Writes a file in place and waits until its content is on disk. Its name is durable once its folder is synced too
 * ({@link syncFolder}), which for several files in one folder need be done only once.
 * @throws the file system's own error.
 */
export async function writeSynced(
  path: string,
  content: string | Uint8Array,
  options: { flag?: string; mode?: number } = {},
): Promise<void> {
  const { flag = 'w', mode = 0o644 } = options;
  if (content.length <= SMALL_BYTES) {
    const descriptor = openSync(path, flag, mode);
    try {
      writeFileSync(descriptor, content);
      await sync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    return;
  }
  const file = await open(path, flag, mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Makes a folder and those above it that are missing; when it resolves, each new one's name is on disk. Quick when all are there.
 * @returns whether it was missing.
 * @throws the file system's own error.
 */
export async function makeFolder(path: string): Promise<boolean> {
  const folder = resolve(path);
  let made: boolean;
  try {
    made = mkdirIfMissing(folder);
  } catch (error) {
    const above = dirname(folder);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === folder) throw error;
    // One level at a time: mkdir's own recursion never ends where a folder that is there refuses children (/proc).
    await makeFolder(above);
    // Whoever made it in the meantime may be somebody else; what still does not work now never will.
    made = mkdirIfMissing(folder);
  }
  if (made) await syncFolder(dirname(folder));
  return made;
}

/** False: it was there. */
function mkdirIfMissing(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && statSync(folder).isDirectory()) return false;
    throw error;
  }
}

/** Makes names in a folder durable. Not possible everywhere (Windows); then the rename alone must do. */
export async function syncFolder(folder: string): Promise<void> {
  let descriptor: number;
  try {
    descriptor = openSync(folder, 'r');
  } catch {
    return;
  }
  try {
    await sync(descriptor);
  } catch {
    // Some file systems refuse fsync on a folder; nothing more can be done there.
  } finally {
    closeSync(descriptor);
  }
}
