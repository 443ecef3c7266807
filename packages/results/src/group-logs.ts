import { appendFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder } from '@bench/core';

/** Logs of execution groups, a file each; what comes while a file is written goes together into the next write. */
export class GroupLogs {
  readonly #path: (group: number) => string;
  readonly #now: () => number;
  /** Lines that wait for those before to be written. */
  readonly #waiting = new Map<number, { text: string; written: Promise<void> }>();
  readonly #writes = new Map<number, Promise<void>>();

  constructor(path: (group: number) => string, now: () => number) {
    this.#path = path;
    this.#now = now;
  }

  /** Adds a line with its time, in the order of the calls. Resolves when it is written. */
  line(group: number, line: string): Promise<void> {
    const text = `${new Date(this.#now()).toISOString()} ${line.replaceAll('\n', '\n  ')}\n`;
    const waiting = this.#waiting.get(group);
    if (waiting) {
      waiting.text += text;
      return waiting.written;
    }
    const next = { text, written: Promise.resolve() };
    const before = this.#writes.get(group) ?? Promise.resolve();
    next.written = before
      .catch(() => undefined)
      .then(() => {
        this.#waiting.delete(group);
        return appendIn(this.#path(group), next.text);
      });
    this.#waiting.set(group, next);
    this.#writes.set(group, next.written);
    return next.written;
  }
}

/** Makes the folder when it is missing. */
async function appendIn(path: string, text: string): Promise<void> {
  await appendFile(path, text).catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await makeFolder(dirname(path));
    await appendFile(path, text);
  });
}
