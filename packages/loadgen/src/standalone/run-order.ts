import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, messageOf, redactor } from '@bench/core';
import { clockMs } from '../clock.ts';
import { driveLoad } from '../run-load.ts';
import { leaveError } from './leave-error.ts';
import { decodeOrder, ORDER_FILE } from './order.ts';
import { progressLines } from './progress-lines.ts';
import { writeResult } from './result-files.ts';

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
    await writeResult(folder, await driveLoad({ ...order, onProgress, onWarning: complain, signal }, workerFile));
    return true;
  } catch (caught) {
    await leaveError({ folder, error: caught, mask, complain });
    return false;
  }
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
