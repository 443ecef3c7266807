import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BenchError, type Io, syncFolder } from '@bench/core';
import { type JournalEvent, type JournalLine, journalEventSchema } from './journal-events.ts';

/** Stamps events with both clocks. */
export type JournalClock = Pick<Io, 'now' | 'monotonic'>;

interface Waiting {
  line: string;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Append-only record of a run. `append` resolves when the event is on disk. What is added at the same time goes to disk together. */
export class Journal {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #clock: JournalClock;
  #first: number | null = null;
  #seq: number;
  /** Bytes of whole lines. */
  #size: number;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | null = null;

  private constructor(path: string, file: FileHandle, at: { seq: number; size: number }, clock: JournalClock) {
    this.path = path;
    this.#file = file;
    this.#seq = at.seq;
    this.#size = at.size;
    this.#clock = clock;
  }

  /** Opens or makes a journal. A line that a crash cut off is dropped, so that the next one starts clean. */
  static async open(path: string, clock: JournalClock): Promise<Journal> {
    const lines = await readJournal(path, { missing: 'empty' });
    const file = await open(path, 'a+');
    if (lines.truncatedAt !== null) {
      await file.truncate(lines.truncatedAt);
      await file.sync();
    }
    await syncFolder(dirname(path));
    return new Journal(path, file, { seq: lines.events.length, size: (await file.stat()).size }, clock);
  }

  append(event: JournalEvent): Promise<void> {
    const checked = journalEventSchema.parse(event);
    const monotonic = this.#clock.monotonic();
    this.#first ??= monotonic;
    const ms = Math.round(monotonic - this.#first);
    const line = JSON.stringify({ seq: this.#seq++, at: new Date(this.#clock.now()).toISOString(), ms, ...checked });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ line: `${line}\n`, resolve, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const bytes = Buffer.from(batch.map(({ line }) => line).join(''));
      try {
        await this.#file.appendFile(bytes);
        await this.#file.sync();
        this.#size += bytes.length;
        for (const { resolve } of batch) resolve();
      } catch (error) {
        // Half a line on a full disk would make the whole journal unreadable once there is space again.
        await this.#file.truncate(this.#size).catch(() => undefined);
        // It must reach its callers, and not stop what comes after.
        for (const { reject } of batch) reject(error);
      }
    }
    this.#flushing = null;
  }

  async close(): Promise<void> {
    await this.#flushing;
    await this.#file.close();
  }
}

export interface JournalContent {
  events: JournalLine[];
  /** Byte at which an unfinished last line starts; null: none. */
  truncatedAt: number | null;
}

/**
 * Reads a journal. An unfinished last line is what a crash leaves and is no error.
 * @throws BenchError `BENCH_JOURNAL_DAMAGED` for anything else that is not an event.
 */
export async function readJournal(path: string, options: { missing?: 'error' | 'empty' } = {}): Promise<JournalContent> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && options.missing === 'empty') return Buffer.alloc(0);
    throw error;
  });
  const end = bytes.lastIndexOf(0x0a) + 1;
  const events = bytes
    .subarray(0, end)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line, i) => parseLine(line, `${path}:${i + 1}`));
  return { events, truncatedAt: end < bytes.length ? end : null };
}

function parseLine(line: string, where: string): JournalLine {
  try {
    const { seq, at, ms, ...event } = JSON.parse(line) as { seq: number; at: string; ms?: number };
    return { seq, at, ...(ms === undefined ? {} : { ms }), ...journalEventSchema.parse(event) };
  } catch (cause) {
    throw new BenchError({
      code: 'BENCH_JOURNAL_DAMAGED',
      message: `${where} is not a journal event`,
      hint: 'the file was edited, or written by a newer version of bench',
      cause,
    });
  }
}
