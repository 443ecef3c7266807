import type { SseReader } from './sse.ts';

const LF = 10;
const EMPTY = Buffer.alloc(0);

/**
 * Reads newline-delimited JSON: every line that is not blank is handed over as soon as it is whole, the last one also without its line end. Splitting is
 * done on bytes, so a cut inside a UTF-8 character does no harm; a CR before the line end is blank to JSON.
 */
export function ndjsonReader(onLine: (line: string) => void): SseReader {
  let rest: Buffer = EMPTY;
  function hand(bytes: Buffer, from: number, to: number): void {
    const line = bytes.toString('utf8', from, to);
    if (line.trim() !== '') onLine(line);
  }
  return {
    push(chunk) {
      const fresh = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const bytes = rest.length === 0 ? fresh : Buffer.concat([rest, fresh]);
      // Bytes kept from before hold no line end.
      let search = rest.length;
      let start = 0;
      for (let end = bytes.indexOf(LF, search); end >= 0; end = bytes.indexOf(LF, search)) {
        hand(bytes, start, end);
        start = end + 1;
        search = start;
      }
      rest = start >= bytes.length ? EMPTY : Buffer.from(bytes.subarray(start));
    },
    get held() {
      return rest.length;
    },
    end() {
      const last = rest;
      rest = EMPTY;
      if (last.length > 0) hand(last, 0, last.length);
    },
  };
}
