import { join } from 'node:path';
import { BenchError, messageOf, type Redactor, writeAtomic } from '@bench/core';
import { ERROR_FILE } from './result-files.ts';

/** Says what went wrong, in `folder` and to `complain`, without secrets. Answers with its message. */
export async function leaveError(options: {
  folder: string;
  error: unknown;
  mask: Redactor;
  complain(line: string): void;
}): Promise<string> {
  const { folder, mask, complain } = options;
  const error = inWords(options.error);
  const code = BenchError.is(error) ? error.code : 'BENCH_LOADGEN';
  const hint = BenchError.is(error) && error.hint !== undefined ? mask.redact(error.hint) : undefined;
  const message = mask.redact(messageOf(error));
  complain(`${code}: ${message}`);
  await writeAtomic(join(folder, ERROR_FILE), JSON.stringify({ code, message, hint })).catch((cause: unknown) =>
    complain(`${ERROR_FILE} cannot be written: ${messageOf(cause)}`),
  );
  return message;
}

/** The file system's own error of a full disk in words; any other as it is. */
export function inWords(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new BenchError({
    code: 'BENCH_LOAD_DISK_FULL',
    message: `the disk is full, and the result of the load is lost (${messageOf(error)})`,
    hint: 'make room and run the point again',
  });
}
