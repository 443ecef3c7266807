import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, type Stats } from 'node:fs';
import { chmod, lstat, mkdir, readdir, readlink, realpath, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeFolder, type TransferOptions } from '@bench/core';
import { fileError } from './host-errors.ts';
import { TransferProgress } from './transfer-progress.ts';

/** Copies a file or folder on this machine: the destination is the old or the whole new one. A link that is named itself is followed. */
export async function copyLocal(from: string, to: string, options: TransferOptions = {}): Promise<void> {
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  try {
    const source = await realpath(from);
    const progress = new TransferProgress(onProgress, onProgress ? await sizeOf(source) : null);
    await arrive(to, async (stage) => {
      const copy = join(stage, basename(resolve(to)));
      await copyTree(source, copy, { progress, signal });
      return copy;
    });
    progress.done();
  } catch (error) {
    signal?.throwIfAborted();
    throw fileError(`cannot copy ${from} to ${to}`, error);
  }
}

/** Bytes of the files below a path. */
export async function sizeOf(path: string): Promise<number> {
  const stat = await lstat(path);
  if (!stat.isDirectory()) return stat.isFile() ? stat.size : 0;
  let bytes = 0;
  for (const name of await readdir(path)) bytes += await sizeOf(join(path, name));
  return bytes;
}

/**
 * Puts what `fill` makes in an empty folder beside `target`, and whose path it returns, in the place of `target`. On failure nothing is
 * left of it.
 */
export async function arrive(target: string, fill: (stage: string) => Promise<string>): Promise<void> {
  const destination = resolve(target);
  await makeFolder(dirname(destination));
  const stage = join(dirname(destination), `.bench-${randomBytes(6).toString('hex')}.tmp`);
  await mkdir(stage, { mode: 0o700 });
  try {
    const made = await fill(stage);
    const [old, fresh] = await Promise.all([statOf(destination), lstat(made)]);
    // Only a file takes a file's place in one step.
    if (old && (old.isDirectory() || fresh.isDirectory())) await rename(destination, join(stage, '.old'));
    await rename(made, destination);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

interface CopyContext {
  progress: TransferProgress;
  signal: AbortSignal | undefined;
}

async function copyTree(from: string, to: string, context: CopyContext): Promise<void> {
  context.signal?.throwIfAborted();
  const stat = await lstat(from);
  if (stat.isSymbolicLink()) await symlink(await readlink(from), to);
  else if (stat.isDirectory()) {
    await mkdir(to, { mode: 0o700 });
    for (const name of await readdir(from)) await copyTree(join(from, name), join(to, name), context);
    await chmod(to, stat.mode & 0o7777);
  } else if (stat.isFile()) {
    const options = context.signal ? { signal: context.signal } : {};
    await pipeline(createReadStream(from), context.progress.counter(), createWriteStream(to, { mode: 0o600 }), options);
    await chmod(to, stat.mode & 0o7777);
  }
  // Sockets, pipes and devices stay where they are.
}

function statOf(path: string): Promise<Stats | null> {
  return lstat(path).catch(() => null);
}
