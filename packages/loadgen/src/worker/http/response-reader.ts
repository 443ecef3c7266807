import { badAnswer } from './bad-answer.ts';
import { readHead, type Head } from './head.ts';

/** What the bytes of one answer mean, as they come. `onData`'s bytes are the socket's own buffer: they are good until it returns. */
export interface ResponseEvents {
  onHead(head: Head): void;
  onData(bytes: Buffer): void;
  /** The answer is whole. `persistent`: its connection may carry another one. */
  onEnd(persistent: boolean): void;
}

/** Reads the answers to requests that are not HEAD, one after another, from the bytes of one connection. */
export interface ResponseReader {
  /** @throws Error `HPE_ANSWER` when it is no HTTP/1.1. */
  push(bytes: Buffer): void;
  /** The peer has ended the stream. True: with it the answer, which had no other end. */
  close(): boolean;
  /** Has something come of an answer that is not whole? */
  readonly begun: boolean;
}

type State = 'head' | 'sized' | 'chunk-size' | 'chunk-extension' | 'chunk' | 'chunk-end' | 'trailers' | 'until-close' | 'whole';

const LF = 10;
const CR = 13;
/** Of all lines of a head, and of trailers, bytes. */
const HEAD_BYTES = 64 * 1024;
const SIZE_DIGITS = 12;

/**
 * HTTP/1.1 messages (RFC 9112, sections 2 to 7) as a client gets them: interim answers are skipped, bodies are framed by
 * `transfer-encoding: chunked`, `content-length`, or the end of the connection. Line ends may be bare line feeds.
 */
export function responseReader(events: ResponseEvents): ResponseReader {
  let state: State = 'head';
  let text = '';
  let left = 0;
  let digits = 0;
  let lineBytes = 0;
  let trailerBytes = 0;
  let persistent = false;

  /** Where the body begins; the end of the bytes when the head is not whole. */
  function head(bytes: Buffer, from: number): number {
    const before = text.length;
    text += bytes.toString('latin1', from);
    // Empty lines before the status line are to be skipped.
    const found = text.includes('\n', before) && /^(?:\r?\n)*([^\r\n][^]*?)\r?\n\r?\n/.exec(text);
    if (!found) {
      if (text.length > HEAD_BYTES) throw badAnswer(`a head of over ${HEAD_BYTES} bytes`);
      return bytes.length;
    }
    const next = from + found[0].length - before;
    text = '';
    const read = readHead(found[1] as string);
    if (read.status >= 100 && read.status < 200) return next;
    persistent = read.persistent;
    events.onHead(read);
    if (read.status === 204 || read.status === 304) state = 'whole';
    else if (read.chunked) startChunk();
    else if (read.length === null) {
      state = 'until-close';
      persistent = false;
    } else if (read.length === 0) state = 'whole';
    else {
      state = 'sized';
      left = read.length;
    }
    return next;
  }

  function startChunk(): void {
    state = 'chunk-size';
    left = 0;
    digits = 0;
  }

  /** A chunk's size, its extensions aside. */
  function chunkSize(bytes: Buffer, from: number): number {
    let at = from;
    for (; at < bytes.length; at++) {
      const value = hex(bytes[at] as number);
      if (value < 0) break;
      left = left * 16 + value;
      if (++digits > SIZE_DIGITS) throw badAnswer('a chunk size of too many digits');
    }
    if (at === bytes.length) return at;
    if (digits === 0) throw badAnswer('a chunk without its size');
    state = 'chunk-extension';
    return at;
  }

  function chunkExtension(bytes: Buffer, from: number): number {
    const at = bytes.indexOf(LF, from);
    if (at < 0) return bytes.length;
    state = left === 0 ? 'trailers' : 'chunk';
    lineBytes = 0;
    trailerBytes = 0;
    return at + 1;
  }

  function chunkEnd(bytes: Buffer, from: number): number {
    const byte = bytes[from] as number;
    if (byte === LF) startChunk();
    else if (byte !== CR) throw badAnswer('a chunk is longer than its size');
    return from + 1;
  }

  function trailers(bytes: Buffer, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte === LF) {
        if (lineBytes === 0) {
          state = 'whole';
          return at + 1;
        }
        lineBytes = 0;
      } else if (byte !== CR) lineBytes++;
      if (++trailerBytes > HEAD_BYTES) throw badAnswer(`trailers of over ${HEAD_BYTES} bytes`);
    }
    return bytes.length;
  }

  /** Data of a known length, of which `left` is to come. */
  function data(bytes: Buffer, from: number): number {
    const to = Math.min(bytes.length, from + left);
    left -= to - from;
    const chunked = state === 'chunk';
    if (left === 0 && chunked) state = 'chunk-end';
    events.onData(from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to));
    if (left === 0 && !chunked) state = 'whole';
    return to;
  }

  const steps: Record<Exclude<State, 'whole'>, (bytes: Buffer, from: number) => number> = {
    head,
    sized: data,
    chunk: data,
    'chunk-size': chunkSize,
    'chunk-extension': chunkExtension,
    'chunk-end': chunkEnd,
    trailers,
    'until-close'(bytes, from) {
      events.onData(from === 0 ? bytes : bytes.subarray(from));
      return bytes.length;
    },
  };

  return {
    push(bytes) {
      for (let at = 0; at < bytes.length;) {
        at = steps[state as Exclude<State, 'whole'>](bytes, at);
        if (state !== 'whole') continue;
        state = 'head';
        // Nobody asked for what comes behind it, and what that is the next request would take for its answer.
        events.onEnd(persistent && at === bytes.length);
        return;
      }
    },
    close() {
      if (state !== 'until-close') return false;
      state = 'head';
      events.onEnd(false);
      return true;
    },
    get begun() {
      return state !== 'head' || text !== '';
    },
  };
}

/** The value of a hexadecimal digit; −1: it is none. */
function hex(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}
