import { z } from 'zod';

/** Where a token count comes from. */
export const tokenSourceSchema = z.enum(['server_usage', 'client_tokenizer', 'chunk_count', 'requested', 'none']);
export type TokenSource = z.infer<typeof tokenSourceSchema>;

/** Why a request is not a result. */
export const requestErrorClassSchema = z.enum([
  'connect', // no connection: refused, reset before an answer, name not found
  'http_4xx',
  'http_5xx',
  'error_event', // a 200 whose stream carried an error
  'no_content', // a 200 without a token
  'no_end', // the stream closed without finish reason or terminator
  'reset', // cut in the middle of the answer
  'timeout',
  'bad_response', // not what the API promises
  'cancelled', // by us, when a run is stopped
  'given_up', // by us, because the load asks for it: no failure
]);
export type RequestErrorClass = z.infer<typeof requestErrorClassSchema>;

/**
 * One request as it happened: a line of `requests.jsonl.gz`. All times are milliseconds since the point's start on one
 * monotonic clock; null: it did not happen.
 */
export const requestRecordSchema = z.strictObject({
  index: z.int().min(0),
  phase: z.enum(['warmup', 'measured']),
  status: z.enum(['ok', 'failed', 'cancelled']),
  /** When the schedule wanted it sent. Closed loop: when its slot became free. */
  intendedMs: z.number(),
  /** Handed to the socket. */
  sentMs: z.number(),
  /** The answer's status line and headers had come. */
  firstByteMs: z.number().nullable(),
  /** First event with a choice in it, a role-only one too (vLLM's idea of the first token). */
  firstEventMs: z.number().nullable(),
  /** First token of any kind: content, reasoning or tool call. */
  firstTokenMs: z.number().nullable(),
  /** First token that is not reasoning. */
  firstAnswerMs: z.number().nullable(),
  /** Last chunk. */
  lastTokenMs: z.number().nullable(),
  /** Last event with a choice in it, a finish reason alone too (vLLM's idea of the end). Null: as `lastTokenMs`; records of older versions. */
  lastEventMs: z.number().nullable().default(null),
  /** Stream closed, terminator included. */
  endMs: z.number().nullable(),
  /**
   * Events that stand for tokens: the first that carried one, and every event with a choice after it but a finish reason alone. Those without
   * text among them are tokens too: of a character that is not whole yet, or special ones.
   */
  chunks: z.int().min(0),
  /** Events with a choice before the first chunk: role-only or empty. */
  eventsBefore: z.int().min(0).default(0),
  /** Events with a choice after the last chunk: a finish reason alone. */
  eventsAfter: z.int().min(0).default(0),
  /** Socket reads that carried the chunks; far fewer than chunks: gaps describe the socket. */
  reads: z.int().min(0),
  promptTokens: z.int().min(0).nullable(),
  cachedTokens: z.int().min(0).nullable(),
  outputTokens: z.int().min(0).nullable(),
  reasoningTokens: z.int().min(0).nullable(),
  /** Output tokens by the client's tokenizer, where `outputTokens` are the server's: a check. Absent: not counted. */
  countedOutputTokens: z.int().min(0).optional(),
  promptTokenSource: tokenSourceSchema,
  outputTokenSource: tokenSourceSchema,
  requestedPromptTokens: z.int().min(0).nullable(),
  requestedOutputTokens: z.int().min(0).nullable(),
  finishReason: z.string().nullable(),
  /** `replaced`: a kept one turned out to be dead as it was written to, and the request went out again on a new one; `sentMs` is the first time. */
  connection: z.enum(['new', 'reused', 'replaced']).nullable(),
  worker: z.int().min(0),
  httpStatus: z.int().nullable(),
  error: z.strictObject({ class: requestErrorClassSchema, message: z.string() }).nullable(),
  /** Name of its class; absent: the load has none. */
  class: z.string().optional(),
  /** Number of its conversation, from 0, and which turn of it this is, from 1; absent: it stands alone, as warm-up does. */
  conversation: z.int().min(0).optional(),
  turn: z.int().positive().optional(),
});
export type RequestRecord = z.infer<typeof requestRecordSchema>;

/**
 * A record of which only this is known: everything else did not happen, or nobody saw it. `intendedMs` is `sentMs` unless it is given,
 * `status` follows from `error`.
 */
export function requestRecord(known: Pick<RequestRecord, 'index' | 'sentMs'> & Partial<RequestRecord>): RequestRecord {
  return {
    phase: 'measured',
    status: known.error ? 'failed' : 'ok',
    intendedMs: known.sentMs,
    firstByteMs: null,
    firstEventMs: null,
    firstTokenMs: null,
    firstAnswerMs: null,
    lastTokenMs: null,
    lastEventMs: null,
    endMs: null,
    chunks: 0,
    eventsBefore: 0,
    eventsAfter: 0,
    reads: 0,
    promptTokens: null,
    cachedTokens: null,
    outputTokens: null,
    reasoningTokens: null,
    promptTokenSource: 'none',
    outputTokenSource: 'none',
    requestedPromptTokens: null,
    requestedOutputTokens: null,
    finishReason: null,
    connection: null,
    worker: 0,
    httpStatus: null,
    error: null,
    ...known,
  };
}

/** Inter-chunk gaps of one request, milliseconds, in the order in which its chunks came. */
export interface GapList {
  /** The request's index. */
  index: number;
  gapsMs: Float32Array;
}
