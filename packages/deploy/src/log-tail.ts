import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

/** Reads a growing file from where the last read ended, in whole lines. */
export class LogTail {
  readonly #path: string;
  #offset = 0;
  #rest = '';
  readonly #decoder = new StringDecoder('utf8');

  constructor(path: string) {
    this.#path = path;
  }

  /** Lines that were completed since the last call. */
  async next(): Promise<string[]> {
    const file = await open(this.#path, 'r').catch(() => null);
    if (!file) return [];
    try {
      const chunks: string[] = [this.#rest];
      const buffer = Buffer.alloc(1 << 16);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, this.#offset);
        if (bytesRead === 0) break;
        this.#offset += bytesRead;
        chunks.push(this.#decoder.write(buffer.subarray(0, bytesRead)));
      }
      const lines = chunks.join('').split('\n');
      this.#rest = lines.pop() ?? '';
      return lines.map((line) => line.replace(/\r$/, ''));
    } finally {
      await file.close();
    }
  }
}

/** The last lines of a log, for an error message. */
export async function lastLines(path: string, count: number): Promise<string[]> {
  const file = await open(path, 'r').catch(() => null);
  if (!file) return [];
  try {
    const { size } = await file.stat();
    const length = Math.min(size, 64 * 1024);
    const buffer = Buffer.alloc(length);
    await file.read(buffer, 0, length, size - length);
    return buffer
      .toString('utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(-count);
  } finally {
    await file.close();
  }
}
