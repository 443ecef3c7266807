import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, messageOf, redactor, writeAtomic } from '@bench/core';
import { clockMs } from '../clock.ts';
import { driveLoad } from '../run-load.ts';
import { decodeOrder, ORDER_FILE } from './order.ts';
import { progressLines } from './progress-lines.ts';
import { ERROR_FILE, writeResult } from './result-files.ts';

export interface RunOrderOptions {
  /** Holds `order.json`; the result goes there too. */
  folder: string;
  /** What worker threads are started from. */
  workerFile: URL;
  print(line: string): void;
  complain(line: string): void;
  /** Stops sending; what was measured until then is the result. */
  signal: AbortSignal;
}

/** Does what a folder's order says, and leaves the result or the error there. True: there is a result. */
export async function runOrder({ folder, workerFile, print, complain, signal }: RunOrderOptions): Promise<boolean> {
  const mask = redactor();
  if (!(await stat(folder).catch(() => null))?.isDirectory()) {
    complain(`${folder} is not a folder`);
    return false;
  }
  try {
    const order = decodeOrder(await takeOrder(folder));
    if (order.apiKey) mask.add(order.apiKey);
    const onProgress = progressLines({ nowMs: clockMs, print });
    await writeResult(folder, await driveLoad({ ...order, onProgress, signal }, workerFile));
    return true;
  } catch (caught) {
    const error = diskFull(caught);
    const code = BenchError.is(error) ? error.code : 'BENCH_LOADGEN';
    const hint = BenchError.is(error) && error.hint !== undefined ? mask.redact(error.hint) : undefined;
    const message = mask.redact(messageOf(error));
    complain(`${code}: ${message}`);
    await writeAtomic(join(folder, ERROR_FILE), JSON.stringify({ code, message, hint })).catch((cause: unknown) =>
      complain(`${ERROR_FILE} cannot be written: ${messageOf(cause)}`),
    );
    return false;
  }
}

/** The file system's own error, in words. */
function diskFull(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new BenchError({
    code: 'BENCH_LOAD_DISK_FULL',
    message: `the disk is full, and the result of the load is lost (${messageOf(error)})`,
    hint: 'make room and run the point again',
  });
}

/** Reads the order and removes it: it may hold a key. */
async function takeOrder(folder: string): Promise<string> {
  const path = join(folder, ORDER_FILE);
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new BenchError({
      code: 'BENCH_LOAD_ORDER',
      message: `${path} cannot be read: ${messageOf(cause)}`,
      hint: `write the order to ${ORDER_FILE} in the folder that the program is given`,
      cause,
    });
  } finally {
    await rm(path, { force: true });
  }
}
