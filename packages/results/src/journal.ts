import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BenchError, syncFolder } from '@bench/core';
import { type JournalEvent, type JournalLine, journalEventSchema } from './journal-events.ts';

/** Append-only record of a run. `append` resolves when the event is on disk. */
export class Journal {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #now: () => number;
  #seq: number;
  #tail: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle, seq: number, now: () => number) {
    this.path = path;
    this.#file = file;
    this.#seq = seq;
    this.#now = now;
  }

  /** Opens or makes a journal. A line that a crash cut off is dropped, so that the next one starts clean. */
  static async open(path: string, now: () => number): Promise<Journal> {
    const lines = await readJournal(path, { missing: 'empty' });
    const file = await open(path, 'a+');
    if (lines.truncatedAt !== null) {
      await file.truncate(lines.truncatedAt);
      await file.sync();
    }
    await syncFolder(dirname(path));
    return new Journal(path, file, lines.events.length, now);
  }

  append(event: JournalEvent): Promise<void> {
    const checked = journalEventSchema.parse(event);
    const line = JSON.stringify({ seq: this.#seq++, at: new Date(this.#now()).toISOString(), ...checked });
    const written = this.#tail.then(async () => {
      await this.#file.appendFile(`${line}\n`);
      await this.#file.sync();
    });
    // A failed append must reach its caller, and not stop the ones after it.
    this.#tail = written.catch(() => undefined);
    return written;
  }

  async close(): Promise<void> {
    await this.#tail;
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
    const { seq, at, ...event } = JSON.parse(line) as { seq: number; at: string };
    return { seq, at, ...journalEventSchema.parse(event) };
  } catch (cause) {
    throw new BenchError({
      code: 'BENCH_JOURNAL_DAMAGED',
      message: `${where} is not a journal event`,
      hint: 'the file was edited, or written by a newer version of bench',
      cause,
    });
  }
}
