import { BenchError, messageOf } from '@bench/core';

/** The error for a command, or its folder, that is not there; the same on every host. */
export function noCommand(file: string, cwd: string | undefined, cause?: unknown): BenchError {
  const where = cwd === undefined ? '' : ` in ${cwd}`;
  return new BenchError({ code: 'BENCH_COMMAND_NOT_FOUND', message: `cannot run "${file}"${where}: no such command or folder`, cause });
}

/** What tools say of a full disk; GNU tar of the first block that did not fit. */
export const DISK_FULL = /no space left on device|disk quota exceeded|wrote only \d+ of \d+ bytes|ENOSPC|EDQUOT/i;

/** What a file operation failed by: the words of C's strerror, in which tools and Node's errors agree. */
const REASONS: { pattern: RegExp; code: `BENCH_${string}`; words: string; hint?: string }[] = [
  {
    pattern: DISK_FULL,
    code: 'BENCH_HOST_DISK_FULL',
    words: 'the disk is full',
    hint: 'make room there and try again; nothing half-written was left',
  },
  {
    pattern: /permission denied|operation not permitted|read-only file system|EACCES|EPERM|EROFS/i,
    code: 'BENCH_HOST_PERMISSION',
    words: 'permission denied',
    hint: 'choose a place that this user may use, or another user',
  },
  { pattern: /no such file or directory|ENOENT/i, code: 'BENCH_HOST_NO_FILE', words: 'no such file or folder' },
];

/**
 * The error of a file operation on a host.
 * @param what began the sentence: `cannot write /a on gpu1`
 * @param said the error, or what the tool wrote
 */
export function fileError(what: string, said: unknown): BenchError {
  if (BenchError.is(said)) return said;
  const text = messageOf(said).trim();
  const reason = REASONS.find(({ pattern }) => pattern.test(text));
  const lines = text.split('\n').slice(-3).join('; ');
  return new BenchError({
    code: reason?.code ?? 'BENCH_HOST_FILE',
    message: reason ? `${what}: ${reason.words} (${lines})` : `${what}: ${lines === '' ? 'unknown reason' : lines}`,
    hint: reason?.hint,
    exitCode: 3,
    cause: said instanceof Error ? said : undefined,
  });
}
