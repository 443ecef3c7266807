import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { prng, seedOf } from '@bench/core';
import type { TestServerOptions } from './options.ts';

/** Writes the events of one stream, whole or in pieces. */
export interface EventWriter {
  /** `onWrite` is called right before the bytes that complete the event are written. */
  event(data: string, onWrite?: () => void): Promise<void>;
  /** Writes what is held back. */
  flush(): Promise<void>;
}

/** Where events are cut follows from the server's seed and the request's key. */
export function eventWriter(response: ServerResponse, options: TestServerOptions, key: string): EventWriter {
  const end = options.lineEnd ?? '\n';
  const random = prng(seedOf(options.seed ?? 0, 'cuts', key));
  const held: { bytes: Buffer; onWrite: (() => void) | undefined }[] = [];

  function places(bytes: Buffer): number[] {
    const cuts = new Set<number>();
    const { pieceBytes, pieces = 1 } = options;
    if (pieceBytes !== undefined) for (let at = pieceBytes; at < bytes.length; at += pieceBytes) cuts.add(at);
    for (let i = 1; i < pieces && bytes.length > 1; i++) cuts.add(random.integer(1, bytes.length - 1));
    // Of a character of several bytes all but the first one begin with the bits 10.
    const inside = options.splitCharacters ? bytes.findIndex((byte) => (byte & 0xc0) === 0x80) : -1;
    if (inside > 0) cuts.add(inside);
    return [...cuts].sort((a, b) => a - b);
  }

  async function write(bytes: Buffer, onWrite: (() => void) | undefined): Promise<void> {
    let from = 0;
    for (const to of places(bytes)) {
      response.write(bytes.subarray(from, to));
      from = to;
      await nextTurn();
    }
    onWrite?.();
    response.write(bytes.subarray(from));
    // Node holds writes back until all callbacks of the turn have run: those of streams that are due together would leave later than they are stamped.
    response.socket?.uncork();
  }

  return {
    async event(data, onWrite) {
      const bytes = Buffer.from(`data: ${data}${end}${end}`);
      if (options.coalesce) held.push({ bytes, onWrite });
      else await write(bytes, onWrite);
    },
    async flush() {
      const all = held.splice(0);
      if (all.length === 0) return;
      await write(Buffer.concat(all.map(({ bytes }) => bytes)), () => {
        for (const { onWrite } of all) onWrite?.();
      });
    },
  };
}
