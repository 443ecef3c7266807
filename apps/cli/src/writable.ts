import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { BenchError, EXIT, messageOf, plainTarget } from '@bench/core';

/**
 * Refuses a path that a flag names and that cannot be written. Makes nothing.
 * @returns where it is, links followed.
 * @throws BenchError `BENCH_UNWRITABLE`; `BENCH_NOT_A_FILE` when it is a pipe or a device.
 */
export async function checkWritable(path: string, { flag, folder }: { flag: string; folder: boolean }): Promise<string> {
  const refuse = (why: string) =>
    new BenchError({
      code: 'BENCH_UNWRITABLE',
      message: `--${flag} ${path} cannot be written: ${why}`,
      hint: `name a ${folder ? 'folder' : 'file'} that you may write`,
      exitCode: EXIT.usage,
    });
  let place = resolve(path);
  const there = await stat(place).catch(() => null);
  if (there && there.isDirectory() !== folder) throw refuse(folder ? 'it is a file' : 'it is a folder');
  if (!folder)
    place = await plainTarget(place).catch((error: unknown) => {
      throw BenchError.is(error) ? error : refuse(messageOf(error));
    });
  const target = place;
  // What is missing is made, in the nearest folder above that is there; a file is replaced by a new one beside it.
  if (!there || !folder) place = dirname(place);
  for (;;) {
    const found = await stat(place).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw refuse(messageOf(error));
    });
    if (found && !found.isDirectory()) throw refuse(`${place} is a file`);
    if (found) break;
    place = dirname(place);
  }
  await access(place, constants.W_OK).catch((error: unknown) => {
    throw refuse(messageOf(error));
  });
  return target;
}
