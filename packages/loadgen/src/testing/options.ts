import type { Drawn } from './draw.ts';
import type { TokenizerKind } from './tokenizer.ts';

/**
 * One way to go wrong. `after` counts token chunks written before it happens. Of an answer that is not streamed half is written where it is cut short or
 * is no JSON, and an error comes in its place.
 */
export type Misbehaviour =
  /** An HTTP error with OpenAI's error object. */
  | { kind: 'status'; status: number; message?: string }
  /** The connection is reset: before anything, after the headers, or after some chunks. */
  | { kind: 'reset'; after: 'request' | 'headers' | number }
  /** The request is read and worked on for so long, then the connection is destroyed without a word. */
  | { kind: 'drop'; afterMs: number }
  /** The connection is closed (FIN) in the middle of the body. */
  | { kind: 'close'; after: number }
  /** An event with an error object, then a regular end. */
  | { kind: 'error_event'; after: number }
  /** The stream ends regularly without any token. */
  | { kind: 'no_content' }
  /** The body ends regularly without finish reason and `[DONE]`. */
  | { kind: 'no_end'; after: number }
  /** Nothing more is written: for so many milliseconds, after which all goes on, later by as much; without a time, ever. */
  | { kind: 'stall'; after: number; forMs?: number }
  /** An event that is not JSON, then a regular end. */
  | { kind: 'garbage'; after: number }
  /** 200 with a web page. */
  | { kind: 'html' }
  /** 200 with one JSON answer, although a stream was asked for. */
  | { kind: 'json' };

/**
 * How the test server answers. Plain data, so it can be handed to another process. Whatever is drawn follows from `seed` and
 * the request's `x-request-id` (without one: its number), whenever and in whichever order requests come.
 */
export interface TestServerOptions {
  /** Default `127.0.0.1`. */
  host?: string;
  /** Default 0: any that is free. */
  port?: number;
  /** The one model it lists. It answers under whatever name it is asked by. Default `test`. */
  model?: string;
  /** Of everything that is drawn. Default 0. */
  seed?: number;
  /** From a request having a slot to its first token, milliseconds. Default 0. */
  ttftMs?: Drawn;
  /** Between chunks, milliseconds. Default 0: as fast as possible, one write a turn. */
  gapMs?: Drawn;
  /** Rounded, 1 at least. Default 1. */
  tokensPerChunk?: Drawn;
  /** A role-only event (chat) or one with an empty text right after the headers. Default true for chat. */
  roleEvent?: boolean;
  /** As many tokens at the front are reasoning. Default 0. */
  reasoningTokens?: number;
  /** `asked`: with `stream_options.include_usage`, as OpenAI does. Default `asked`. */
  usage?: 'asked' | 'always' | 'never';
  /**
   * Answered to `prompt_tokens_details.cached_tokens`: always this many, or what a prefix cache has that works in blocks of so many
   * tokens and forgets nothing (`POST /reset_prefix_cache` empties it). Undefined: the field is absent.
   */
  cachedTokens?: number | { blockTokens: number };
  /** Tokens written at most, whatever was asked: a model that stops early. */
  stopAfter?: number;
  /** Requests worked on at once; others wait. Default: all. */
  slots?: number;
  /** Which tokenizer it has, for counts and for `/tokenize`. Default `words`. */
  tokenizer?: TokenizerKind;
  /** Serves `/tokenize`? `true`: as vLLM does; `text`: without messages, as SGLang; `content`: llama.cpp's form. Default true. */
  tokenize?: boolean | 'text' | 'content';
  /** Tokens of the chat template. Default 11. */
  templateTokens?: number;
  /** Body fields answered with a 400 that names them. */
  refuse?: string[];
  /** Line ends of the stream. Default LF. */
  lineEnd?: '\n' | '\r\n' | '\r';
  /** Writes every event in pieces of this many bytes, so that lines and characters are cut. Default: whole. */
  pieceBytes?: number;
  /** Writes every event in up to this many pieces, cut at drawn places. Default: whole. */
  pieces?: number;
  /** Cuts every event inside its first character of several bytes. Default false. */
  splitCharacters?: boolean;
  /** Reads the bodies of generation requests no faster than this, bytes per second. Default: as fast as they come. */
  readBytesPerS?: number;
  /** All chunks of an answer in one write. Default false. */
  coalesce?: boolean;
  /** Text of a token. Default ` tök€n`, which has characters of two and three bytes. */
  tokenText?: string;
  /** Drops the connection after each whole answer without saying so beforehand. Default false. */
  dropAfterAnswer?: boolean;
  /** Drops a kept connection as its second request arrives, unanswered: the race of every keep-alive. Default false. */
  dropReused?: boolean;
  /** The n-th generation request (from 0) does the n-th of these, round and round; null: nothing wrong. Requests for fewer than 2 tokens are let be, and not counted. */
  misbehave?: (Misbehaviour | null)[];
  /** Of all requests one in so many, drawn, does this; of several the first that is drawn. Beside `misbehave`, which goes first. Requests for fewer than 2 tokens are let be. */
  faults?: { fault: Misbehaviour; oneIn: number }[];
  /** Everything but GET wants it as a bearer token. Default: none. */
  apiKey?: string;
  /** Keeps prompts and images in the truth. Default false. */
  keepPrompts?: boolean;
}

/** What really happened to one request, by the server's own stamps (machine's monotonic clock, milliseconds). */
export interface TruthRecord {
  /** `x-request-id` of the request; empty: it had none. */
  id: string;
  path: string;
  /** Model that it named; null: none. */
  model: string | null;
  /** Its headers were read. */
  receivedMs: number;
  /** Its body was read to the end. */
  bodyMs: number | null;
  /** It got a slot. */
  startedMs: number | null;
  /** Right before each token chunk was written, of one in pieces before the last of them. */
  writesMs: number[];
  /** When each was due; the difference is the server's own lateness. */
  dueMs: number[];
  /** Tokens in each. */
  chunkTokens: number[];
  /** Right before the last byte was written. */
  endMs: number | null;
  promptTokens: number;
  /** Of them in the prefix cache; null: the server has none. */
  cachedTokens: number | null;
  /** Tokens written. */
  outputTokens: number;
  outcome: 'done' | 'client_gone' | 'open' | Misbehaviour['kind'];
  /** Token ids of the prompt, template left out; only when prompts are kept. */
  prompt?: number[];
  /** Images of the prompt in base64, in their order; only when prompts are kept. */
  images?: string[];
}
