import { BenchError, messageOf } from '@bench/core';

/** What the file system's codes mean to who asked for the file. */
const CAUSES: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on its disk',
  EDQUOT: 'the quota of its disk is used up',
  EROFS: 'its disk is read-only',
  EACCES: 'you may not write there',
  EPERM: 'you may not write there',
  ENOENT: 'nothing can be made in its folder, or the folder went away',
  ENOTDIR: 'a part of its path is a file',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'its name is too long',
  EIO: 'its disk fails',
};

/**
 * Why a file was not written, where the file system says so: with the file's name and the cause in plain words. Any other error stays what it is.
 * @returns BenchError `BENCH_UNWRITABLE`, exit code 1: it was found only when the file was written.
 */
export function unwritten(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (BenchError.is(error) || typeof code !== 'string' || !(error as NodeJS.ErrnoException).syscall) return error;
  return new BenchError({
    code: 'BENCH_UNWRITABLE',
    message: `${path} could not be written: ${CAUSES[code] ?? messageOf(error)}`,
    hint: code === 'ENOSPC' || code === 'EDQUOT' ? 'make room there, or name a file on another disk' : 'name a file that you may write',
    cause: error,
  });
}
