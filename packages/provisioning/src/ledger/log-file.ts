import { constants } from 'node:fs';
import { type FileHandle, open, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, EXIT, type Io, messageOf, syncFolder, writeSynced } from '@bench/core';
import { type LedgerEvent, type LedgerLine, parseLedgerLine } from './event.ts';
import { withLock } from './lock.ts';

/** Kept free for what must still be written when the disk is full: ids and ends of machines that are held. */
const RESERVE_BYTES = 64 * 1024;

/** A line that could not be read. */
export interface LedgerDamage {
  /** From 1. */
  line: number;
  /** What stands there, shortened. */
  text: string;
}

/** Makes events of what was read so far. */
export type Writer = () => LedgerEvent[];

interface Waiting {
  write: Writer;
  essential: boolean;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * The file of events: read from where the last look ended, and only ever added to. What several callers of this process add at once goes to
 * disk together.
 */
export class LogFile {
  readonly path: string;
  readonly #dir: string;
  readonly #io: Io;
  readonly #onLine: (line: LedgerLine) => void;
  readonly #onReset: () => void;
  #offset = 0;
  #inode: number | bigint = -1;
  #lines = 0;
  #damage: LedgerDamage[] = [];
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | null = null;
  #reading: Promise<void> = Promise.resolve();

  constructor(options: { dir: string; io: Io; onLine: (line: LedgerLine) => void; onReset: () => void }) {
    this.path = join(options.dir, 'ledger.jsonl');
    this.#dir = options.dir;
    this.#io = options.io;
    this.#onLine = options.onLine;
    this.#onReset = options.onReset;
  }

  get damage(): readonly LedgerDamage[] {
    return this.#damage;
  }

  /** Makes the file and its reserve, durably. */
  async prepare(): Promise<void> {
    try {
      await (await open(this.path, 'a', 0o600)).close();
      await syncFolder(this.#dir);
    } catch (error) {
      throw this.#cannotWrite(error);
    }
  }

  /** Takes in what was added since the last look, by anyone. */
  read(): Promise<void> {
    // One at a time: two would take the same lines in twice.
    const next = this.#reading.then(() => this.#readMore());
    this.#reading = next.catch(() => undefined);
    return next;
  }

  /**
   * Adds what `write` returns; it is called under the lock, after everything before was read. On disk when it resolves.
   * @param options.essential it concerns a machine that is held: the reserve is used when the disk is full. Otherwise that must stay whole.
   */
  append(write: Writer, options: { essential: boolean }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, essential: options.essential, resolve, reject });
      this.#flushing ??= this.#flush().finally(() => {
        this.#flushing = null;
      });
    });
  }

  /** Resolves when all that was handed over is on disk or has failed. */
  async idle(): Promise<void> {
    while (this.#flushing) await this.#flushing;
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Those that may use the reserve must not fail with one that may not.
      const essential = this.#waiting[0]?.essential ?? true;
      const batch = this.#waiting.filter((waiting) => waiting.essential === essential);
      this.#waiting = this.#waiting.filter((waiting) => waiting.essential !== essential);
      try {
        await this.#write(batch, essential);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  async #write(batch: readonly Waiting[], essential: boolean): Promise<void> {
    try {
      await this.#locked(batch, essential);
    } catch (error) {
      if (!essential || !isFull(error)) throw this.#cannotWrite(error);
      try {
        await truncate(this.#reservePath, 0).catch(() => undefined);
        await this.#locked(batch, essential);
      } catch (again) {
        throw this.#cannotWrite(again);
      }
    }
  }

  async #locked(batch: readonly Waiting[], essential: boolean): Promise<void> {
    await withLock(join(this.#dir, 'lock'), this.#io, async () => {
      if (!essential) await this.#fillReserve();
      await this.read();
      const at = new Date(this.#io.now()).toISOString();
      // Not made here: a folder that was taken away is told, instead of a ledger begun anew without its machines.
      const file = await open(this.path, constants.O_RDWR | constants.O_APPEND);
      try {
        // One write a caller: the next one sees it when it makes its own events.
        for (const { write } of batch) {
          await addTo(file, write(), at);
          await this.read();
        }
        await file.sync();
      } finally {
        await file.close();
      }
    });
  }

  get #reservePath(): string {
    return join(this.#dir, 'reserve');
  }

  async #fillReserve(): Promise<void> {
    const size = await stat(this.#reservePath).then(
      (found) => found.size,
      () => 0,
    );
    if (size >= RESERVE_BYTES) return;
    // Not zeros: a file system that compresses would keep nothing.
    const filler = Buffer.from(Array.from({ length: RESERVE_BYTES }, () => Math.floor(this.#io.random() * 256)));
    try {
      await writeSynced(this.#reservePath, filler, { mode: 0o600 });
    } catch (error) {
      await truncate(this.#reservePath, 0).catch(() => undefined);
      throw error;
    }
  }

  async #readMore(): Promise<void> {
    // Opened, and then asked how long it is: by its path a network file system may answer from memory, without what another computer wrote.
    const file = await open(this.path, 'r').catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? this.#lost(error) : error;
    });
    try {
      await this.#readFrom(file);
    } finally {
      await file.close();
    }
  }

  async #readFrom(file: FileHandle): Promise<void> {
    const found = await file.stat();
    if (found.ino !== this.#inode || found.size < this.#offset) {
      this.#inode = found.ino;
      this.#offset = 0;
      this.#lines = 0;
      this.#damage = [];
      this.#onReset();
    }
    if (found.size === this.#offset) return;
    const bytes = await readFrom(file, this.#offset, found.size);
    const end = bytes.lastIndexOf(0x0a) + 1;
    this.#offset += end;
    for (const text of bytes.subarray(0, end).toString('utf8').split('\n').slice(0, -1)) this.#take(text);
  }

  #take(text: string): void {
    this.#lines += 1;
    if (text === '') return;
    const line = parseLedgerLine(text);
    if (line === null) {
      this.#damage.push({ line: this.#lines, text: text.slice(0, 80) });
      return;
    }
    // Several: a crash cut off the mending of an earlier one.
    if (line.type === 'mended') for (let torn = this.#lines - 1; this.#damage.at(-1)?.line === torn; torn--) this.#damage.pop();
    this.#onLine(line);
  }

  #lost(cause: unknown): BenchError {
    return new BenchError({
      code: 'BENCH_LEDGER_LOST',
      message: `the ledger ${this.path} is not there any more`,
      hint: 'put it back: without it nobody knows which machines are yours. Without a copy, look at each provider for machines named bench-…',
      exitCode: EXIT.missingPart,
      cause,
    });
  }

  #cannotWrite(error: unknown): unknown {
    if (BenchError.is(error)) return error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return this.#lost(error);
    const full = isFull(error);
    return new BenchError({
      code: full ? 'BENCH_LEDGER_FULL' : 'BENCH_LEDGER_WRITE',
      message: full ? `the disk of the ledger ${this.path} is full` : `cannot write the ledger ${this.path}: ${messageOf(error)}`,
      hint: full
        ? 'no machine is rented that cannot be written down first: free some space there'
        : 'no machine is rented that cannot be written down first: make that folder writable for you',
      exitCode: EXIT.missingPart,
      cause: error,
    });
  }
}

const isFull = (error: unknown) => ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');

async function addTo(file: FileHandle, events: readonly LedgerEvent[], at: string): Promise<void> {
  if (events.length === 0) return;
  const { size } = await file.stat();
  const torn = size > 0 && (await file.read(Buffer.alloc(1), 0, 1, size - 1)).buffer[0] !== 0x0a;
  const all: LedgerEvent[] = torn ? [{ type: 'mended' }, ...events] : [...events];
  const text = all.map((event) => `${JSON.stringify({ at, ...event })}\n`).join('');
  await file.appendFile(torn ? `\n${text}` : text);
}

async function readFrom(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
  return buffer.subarray(0, bytesRead);
}
