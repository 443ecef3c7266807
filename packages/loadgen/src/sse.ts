/** One event of a `text/event-stream`. */
export interface SseEvent {
  /** Value of the `event:` field; empty when there was none. */
  event: string;
  /** The `data:` lines, joined by line feeds. */
  data: string;
}

/** An incremental reader: bytes go in as they come, events come out as soon as they are whole. */
export interface SseReader {
  push(chunk: Uint8Array): void;
  /** The stream has ended. An event that was begun and not closed by an empty line is handed over, unlike in the standard: some servers leave the last one open. */
  end(): void;
  /** Bytes of a line that is not whole yet. */
  readonly held: number;
}

const LF = 10;
const CR = 13;
const EMPTY = Buffer.alloc(0);

/**
 * Reads server-sent events (WHATWG HTML, section 9.2.6): LF, CRLF and CR line ends, comments, several `data:` lines, a
 * byte-order mark, and characters cut across chunks. Splitting is done on bytes, so a cut inside a UTF-8 character does no harm.
 */
export function sseReader(onEvent: (event: SseEvent) => void): SseReader {
  let rest: Buffer = EMPTY;
  let data: string | null = null;
  let name = '';
  let first = true;
  // A CR at the end of a chunk ends a line; the LF that may open the next chunk belongs to it.
  let skipLf = false;

  function line(bytes: Buffer, from: number, to: number): void {
    if (first) {
      first = false;
      if (bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf) from += 3;
    }
    if (from === to) {
      if (data !== null) onEvent({ event: name, data });
      data = null;
      name = '';
      return;
    }
    // The common line by far: `data: …`.
    if (
      bytes[from] === 0x64 &&
      bytes[from + 1] === 0x61 &&
      bytes[from + 2] === 0x74 &&
      bytes[from + 3] === 0x61 &&
      bytes[from + 4] === 0x3a
    ) {
      const start = bytes[from + 5] === 0x20 ? from + 6 : from + 5;
      const value = bytes.toString('utf8', Math.min(start, to), to);
      data = data === null ? value : `${data}\n${value}`;
      return;
    }
    const text = bytes.toString('utf8', from, to);
    const colon = text.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? text : text.slice(0, colon);
    const raw = colon < 0 ? '' : text.slice(colon + 1);
    const value = raw.startsWith(' ') ? raw.slice(1) : raw;
    if (field === 'event') name = value;
    else if (field === 'data') data = data === null ? value : `${data}\n${value}`;
  }

  return {
    push(chunk) {
      const fresh = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      if (fresh.length === 0) return;
      let at = 0;
      if (skipLf) {
        skipLf = false;
        if (fresh[0] === LF) at = 1;
      }
      const hasCr = fresh.includes(CR);
      const bytes = rest.length === 0 ? fresh : Buffer.concat([rest, at === 0 ? fresh : fresh.subarray(at)]);
      // Bytes kept from before hold no line end, so the search starts behind them.
      let search = rest.length === 0 ? at : rest.length;
      let start = rest.length === 0 ? at : 0;
      for (;;) {
        let end = bytes.indexOf(LF, search);
        if (hasCr) {
          const cr = bytes.indexOf(CR, search);
          if (cr >= 0 && (end < 0 || cr < end)) end = cr;
        }
        if (end < 0) break;
        line(bytes, start, end);
        start = end + 1;
        if (bytes[end] === CR) {
          if (start === bytes.length) skipLf = true;
          else if (bytes[start] === LF) start++;
        }
        search = start;
      }
      rest = start >= bytes.length ? EMPTY : start === 0 && bytes !== fresh ? bytes : Buffer.from(bytes.subarray(start));
    },
    get held() {
      return rest.length;
    },
    end() {
      if (rest.length > 0) line(rest, 0, rest.length);
      rest = EMPTY;
      if (data !== null) onEvent({ event: name, data });
      data = null;
      name = '';
    },
  };
}
