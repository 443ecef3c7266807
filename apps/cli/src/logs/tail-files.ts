import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import type { LogFile } from './log-files.ts';

const CHUNK = 1 << 16;

/** Reads files that grow, line by line; what was read is not read again. */
export class LogTail {
  readonly #files = new Map<string, { offset: number; rest: string; decoder: StringDecoder }>();

  /** Hands over what was added since. With `last` also a line that has no end yet. */
  async read(file: LogFile, line: (text: string) => void, options: { last: boolean }): Promise<void> {
    const state = this.#files.get(file.path) ?? { offset: 0, rest: '', decoder: new StringDecoder('utf8') };
    this.#files.set(file.path, state);
    const handle = await open(file.path, 'r').catch(() => null);
    if (!handle) return;
    try {
      const buffer = Buffer.alloc(CHUNK);
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, CHUNK, state.offset);
        if (bytesRead === 0) break;
        state.offset += bytesRead;
        const lines = (state.rest + state.decoder.write(buffer.subarray(0, bytesRead))).split('\n');
        state.rest = lines.pop() ?? '';
        for (const text of lines) line(text);
      }
    } finally {
      await handle.close();
    }
    if (options.last && state.rest !== '') {
      line(state.rest);
      state.rest = '';
    }
  }
}
