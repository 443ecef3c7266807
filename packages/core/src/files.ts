import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * Writes a file whole or not at all: a temporary file beside it, fsync, rename, fsync of the folder. Makes the folder, durably.
 * @throws the file system's own error (`ENOSPC`, `EACCES`, …), with the temporary file removed.
 */
export async function writeAtomic(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const folder = dirname(path);
  await makeFolder(folder);
  const temporary = join(folder, `.${basename(path).slice(0, 60)}.${randomBytes(4).toString('hex')}.tmp`);
  try {
    await writeSynced(temporary, content, { flag: 'wx', mode });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
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
  const file = await open(path, options.flag ?? 'w', options.mode ?? 0o644);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Makes a folder and those above it that are missing; when it resolves, each new one's name is on disk. Quick when all are there.
 * @throws the file system's own error.
 */
export async function makeFolder(path: string): Promise<void> {
  const folder = resolve(path);
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    // One level at a time: mkdir's own recursion never ends where a folder that is there refuses children (/proc).
    const above = dirname(folder);
    if (code !== 'ENOENT' || above === folder || (await stat(above).catch(() => null)) !== null) throw error;
    await makeFolder(above);
    await makeFolder(folder);
    return;
  }
  await syncFolder(dirname(folder));
}

/** Makes names in a folder durable. Not possible everywhere (Windows); then the rename alone must do. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  if (!handle) return;
  try {
    await handle.sync();
  } catch {
    // Some file systems refuse fsync on a folder; nothing more can be done there.
  } finally {
    await handle.close();
  }
}
