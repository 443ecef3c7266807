import { appendFile } from 'node:fs/promises';
import { type Io, messageOf } from '@bench/core';
import type { RentedMachine } from '@bench/provisioning';

/** So many lines in a row are the same place of a log. */
const ANCHOR = 8;

export interface LogCopy {
  /** Gets what there is now, or gives up after `limitMs`. */
  catchUp(limitMs: number): Promise<void>;
  stop(): void;
}

/**
 * Copies the log that a provider keeps of a machine into a file, again and again. A provider gives the end of it each time, so what is new is
 * found by what is known. Secrets are masked.
 */
export function copyLog(o: {
  machine: Pick<RentedMachine, 'logs'>;
  path: string;
  io: Io;
  /** How long to wait before the next look, milliseconds. */
  everyMs: () => number;
}): LogCopy {
  const { machine, path, io } = o;
  const stop = new AbortController();
  let known: string[] = [];
  let copying: Promise<void> = Promise.resolve();
  const copy = async () => {
    const lines: string[] = [];
    for await (const line of machine.logs()) lines.push(line);
    const fresh = linesAfter(known, lines);
    if (fresh.length > 0) await appendFile(path, fresh.map((line) => `${io.redact(line)}\n`).join(''), { mode: 0o600 });
    if (lines.length > 0) known = lines;
  };
  const next = () =>
    (copying = copying.then(copy).catch((error: unknown) => io.logger.log('debug', `the log of the container: ${messageOf(error)}`)));
  void (async () => {
    while (!stop.signal.aborted) {
      await next();
      await io.sleep(o.everyMs(), stop.signal).catch(() => undefined);
    }
  })();
  return {
    catchUp: async (limitMs) => {
      const over = new AbortController();
      await Promise.race([next(), io.sleep(limitMs, over.signal).catch(() => undefined)]);
      over.abort();
    },
    stop: () => stop.abort(),
  };
}

/** The lines of `now` that come after those of `before`. What was cut off in between is not missed. */
export function linesAfter(before: readonly string[], now: readonly string[]): readonly string[] {
  if (before.every((line, i) => line === now[i])) return now.slice(before.length);
  const anchor = before.slice(-ANCHOR);
  for (let end = now.length; end > 0; end--) {
    const start = Math.max(0, end - anchor.length);
    const part = now.slice(start, end);
    // At its beginning the log may hold the end of the anchor only.
    if (part.every((line, i) => line === anchor[anchor.length - part.length + i])) return now.slice(end);
  }
  return now;
}
