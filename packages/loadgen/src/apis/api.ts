import type { BodyOptions } from '../body.ts';
import type { TokenizeForm } from '../calibration.ts';
import type { Reading } from './reading.ts';

/** One HTTP API that loads speak: data and small pure functions, so that a new one is one file. */
export interface Api {
  /** From the server's root, which `/v1` belongs to. */
  path(stream: boolean): string;
  /** Headers of every request beside its content type; `apiKey` undefined: no key. */
  headers(apiKey: string | undefined, origin: string): Record<string, string>;
  /** The JSON body of one request; `load.extraBody` wins over everything. */
  body(options: BodyOptions): Record<string, unknown>;
  /** How the objects of a streamed answer are set apart: server-sent events, or a line each. */
  readonly framing: 'sse' | 'ndjson';
  /** Reads one of those objects, or a whole answer. */
  read(value: unknown): Reading;
  /** The text of the answer in one of those objects, or in a whole answer; nothing of reasoning. Undefined: the API takes no conversations. */
  said?(value: unknown): string;
  /** All text that was generated in one of those objects, reasoning too; tool calls are none. Asked only where a tokenizer is to count it. */
  generated(value: unknown): string;
  /** What ends a stream, in words. A stream that closes without it is a failure of class `no_end`. */
  readonly terminator: string;
  /** The event `[DONE]` ends a stream, too. Where it does not it is passed over: proxies add it to whatever they stream. */
  readonly doneEvent: boolean;
  /** Answers are tokens, streamed if that is asked for. False: vectors or scores, never streamed. */
  readonly generates: boolean;
  /** The server puts a template around prompts. */
  readonly templated: boolean;
  /** A prompt may be a list of token ids. */
  readonly tokenIds: boolean;
  /** Fields that some of its servers take: they are tried once, unless it is known. */
  readonly tries: { readonly ignoreEos: boolean; readonly streamUsage: boolean };
  /** How the tokenizers of its servers are asked, the most telling first. */
  readonly tokenizers: readonly TokenizeForm[];
}
