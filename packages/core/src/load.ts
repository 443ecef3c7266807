import { z } from 'zod';

/**
 * Which HTTP API a load speaks: OpenAI's `chat`, `completions`, `embeddings` and `responses`, Anthropic's `messages`, the native ones of Ollama
 * (`/api/chat`), TGI (`/generate_stream`) and llama.cpp's server (`/completion`), and `rerank` as Jina, Cohere, vLLM and llama.cpp have it.
 */
export const apiKindSchema = z.enum(['chat', 'completions', 'embeddings', 'responses', 'messages', 'ollama', 'tgi', 'llamacpp', 'rerank']);
export type ApiKind = z.infer<typeof apiKindSchema>;

/** Are its answers tokens that a model makes one by one? Those of the others are vectors and scores, and are not streamed. */
export function generatesText(api: ApiKind): boolean {
  return api !== 'embeddings' && api !== 'rerank';
}

/** Does it take a conversation so far, message by message, and answer with a text? */
export function takesConversations(api: ApiKind): boolean {
  return api === 'chat' || api === 'responses' || api === 'messages' || api === 'ollama';
}

/** The API by which a server that speaks `api` is asked a first question: every engine that has one of the richer APIs has OpenAI's plain ones too. */
export function plainApi(api: ApiKind): 'chat' | 'completions' | 'embeddings' {
  if (api === 'embeddings' || api === 'completions') return api;
  return api === 'llamacpp' ? 'completions' : 'chat';
}

/** A stretch of an open loop in which the rate is `ratePerS`, or goes in a straight line from there to `toRatePerS`. */
const rateStageSchema = z.strictObject({
  durationMs: z.number().positive(),
  ratePerS: z.number().min(0),
  toRatePerS: z.number().min(0).optional(),
});
export type RateStage = z.infer<typeof rateStageSchema>;

/** A stretch of a closed loop in which as many requests are in flight, or ever more or fewer, in a straight line to `toConcurrency`. */
const concurrencyStageSchema = z.strictObject({
  durationMs: z.number().positive(),
  concurrency: z.int().min(0),
  toConcurrency: z.int().min(0).optional(),
});
export type ConcurrencyStage = z.infer<typeof concurrencyStageSchema>;

/** When requests are sent. `closed`: a new one as soon as one of `maxConcurrency` ends. */
export const arrivalSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('closed'),
    /**
     * A concurrency that changes in time: stages one after another, of which the last one's end is the load's. `maxConcurrency` is their highest. What is in
     * flight when it falls is not cut off. Absent: `maxConcurrency` all the time.
     */
    stages: z
      .array(concurrencyStageSchema)
      .min(1)
      .refine((stages) => highestConcurrency(stages) > 0, 'no stage has a concurrency')
      .optional(),
  }),
  z.strictObject({ kind: z.literal('constant'), ratePerS: z.number().positive() }),
  z.strictObject({ kind: z.literal('poisson'), ratePerS: z.number().positive() }),
  /** Gamma intervals: shape `burstiness`, scale 1/(rate·burstiness). 1 is Poisson; below is burstier. */
  z.strictObject({ kind: z.literal('gamma'), ratePerS: z.number().positive(), burstiness: z.number().positive() }),
  /**
   * A rate that changes in time: stages one after another, of which the last one's end is the load's. `poisson`: an inhomogeneous Poisson process of
   * that rate; `constant`: a request whenever the rate's integral has grown by one.
   */
  z.strictObject({
    kind: z.literal('stages'),
    process: z.enum(['poisson', 'constant']).default('poisson'),
    stages: z
      .array(rateStageSchema)
      .min(1)
      .refine((stages) => stages.some((s) => s.ratePerS > 0 || (s.toRatePerS ?? 0) > 0), 'no stage has a rate'),
  }),
  /** `size` requests at once, at 0 and then every `everyMs`. */
  z.strictObject({ kind: z.literal('bursts'), size: z.int().positive(), everyMs: z.number().positive() }),
  /** At the times of the trace that `data` names, from its first request on, `speed` times as fast. */
  z.strictObject({ kind: z.literal('trace'), speed: z.number().positive().default(1) }),
]);
export type Arrival = z.infer<typeof arrivalSchema>;

/** The most requests that are in flight in any of the stages. */
export function highestConcurrency(stages: readonly ConcurrencyStage[]): number {
  return stages.reduce((most, { concurrency, toConcurrency = 0 }) => Math.max(most, concurrency, toConcurrency), 0);
}

/** Which requests the client gives up while they are answered, as users do who close the page. Warm-up requests are never given up. */
const cancelSchema = z.strictObject({
  /** As large a part of the requests, each drawn. */
  ratio: z.number().positive().lt(1),
  /**
   * Given up so long after sending, uniform, milliseconds; what has ended by then is not given up. Absent: after a part of the answer, uniform from the
   * first chunk to the last but one of the output tokens asked for (of 128 where no length is asked), counted in chunks.
   */
  afterMs: z
    .strictObject({ min: z.number().min(0), max: z.number().min(0) })
    .refine((r) => r.min <= r.max, 'min is above max')
    .optional(),
});
export type Cancel = z.infer<typeof cancelSchema>;

/** Uniform integer, both ends included. Equal ends: exactly that. */
export const lengthSchema = z.strictObject({ min: z.int().min(0), max: z.int().min(0) }).refine((r) => r.min <= r.max, 'min is above max');
export type LengthRange = z.infer<typeof lengthSchema>;

const traceFormatSchema = z.enum(['mooncake', 'azure', 'burstgpt']);
/** Whose form a trace has. */
export type TraceFormat = z.infer<typeof traceFormatSchema>;

/** What is sent. */
export const dataSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('random'),
    /** Tokens of the whole prompt as the server counts them, shared prefix included. */
    inputTokens: lengthSchema,
    outputTokens: lengthSchema,
    /** `words`: short common words in a row. `sonnet`: lines of English words by a grammar, as real text has them. Default: words. */
    text: z.enum(['words', 'sonnet']).optional(),
    /** Tokens at the front that all requests of the point share. 0: no two requests share a prefix. */
    sharedPrefixTokens: z.int().min(0).default(0),
    /**
     * They are shared by the requests of one group only. A request's group is drawn by Zipf's law: the k-th most frequent in proportion to 1 ÷ k^exponent.
     * Absent: all requests share one prefix.
     */
    prefixGroups: z.strictObject({ count: z.int().positive().max(1_000_000), exponent: z.number().min(0).max(20).default(1) }).optional(),
    /** API `rerank`: documents of a request, of which each is `inputTokens` long together with the query and what the server puts around the two. Default: 8. */
    documents: z.int().positive().optional(),
  }),
  z.strictObject({
    kind: z.enum(['jsonl', 'sharegpt']),
    path: z.string().min(1),
    /** Output tokens asked for. Default: what the file says, else the server's own end. */
    outputTokens: lengthSchema.optional(),
  }),
  z.strictObject({
    kind: z.literal('hf'),
    /** A file (parquet, JSON, JSONL or CSV), or a folder with files of one of these forms. */
    path: z.string().min(1),
    /** Column that holds prompts: texts, or messages. Default: the first that is known to. */
    column: z.string().min(1).optional(),
    /** Files of a folder that are read: those of this split. Default: `train`, where there is one. */
    split: z.string().min(1).optional(),
    /** Rows that are read, from the first on. Default: all. */
    rows: z.int().positive().optional(),
    /** Output tokens asked for. Default: what the file says, else the length of its answer, else the server's own end. */
    outputTokens: lengthSchema.optional(),
  }),
  /** Random prompts and answers of the lengths that a trace has, in its order. Goes with arrivals of kind `trace`, and they with it. */
  z.strictObject({ kind: z.literal('trace'), path: z.string().min(1), format: traceFormatSchema }),
]);
export type LoadData = z.infer<typeof dataSchema>;

/** Limits of goodput, milliseconds; a request is good when it meets all that are given. */
const sloSchema = z.strictObject({ ttftMs: z.number().positive(), tpotMs: z.number().positive(), e2elMs: z.number().positive() }).partial();

/** One kind of requests of several that are mixed: each request is of a class that is drawn by weight. */
const loadClassSchema = z.strictObject({
  /** As its figures are called. */
  name: z.string().min(1),
  /** How often it is drawn, against the weights of the others. */
  weight: z.number().positive().default(1),
  /** Model, or LoRA adapter, that its requests name. Absent: that of the load. */
  model: z.string().min(1).optional(),
  /** Lengths of its own, of prompts that are made. */
  inputTokens: lengthSchema.optional(),
  outputTokens: lengthSchema.optional(),
  /** Limits of its own, in place of the load's. */
  slo: sloSchema.optional(),
});
export type LoadClass = z.infer<typeof loadClassSchema>;

/** Longest mean pause between two turns: a day, milliseconds. */
const LONGEST_THINK_MS = 86_400_000;

/** Requests that follow one another in conversations, as those of people do who talk with a model. */
const conversationsSchema = z.strictObject({
  /** Requests of a conversation, drawn for each. The last one of a load with `numPrompts` has as many as are left. */
  turns: lengthSchema.refine((r) => r.min > 0, 'a conversation has a turn at least'),
  /** Tokens of what the user says from the second turn on, the chat template around it included. Absent: as in the first. */
  inputTokens: lengthSchema.optional(),
  /** From the end of an answer to the next turn: as long each time, or drawn from an exponential distribution of this mean. Absent: none. */
  thinkTime: z
    .strictObject({
      meanMs: z.number().min(0).max(LONGEST_THINK_MS),
      distribution: z.enum(['constant', 'exponential']).default('constant'),
    })
    .optional(),
  /**
   * What stands for earlier answers in a later turn. `answers`: what the server answered, without its reasoning. `synthetic`: a text of the seed, about as long
   * as the answer that was asked for, so that nothing that is sent depends on what is answered.
   */
  history: z.enum(['answers', 'synthetic']).default('answers'),
});
export type Conversations = z.infer<typeof conversationsSchema>;

/** A range of at least 1 and at most `most`. */
const upTo = (most: number) => lengthSchema.refine((r) => r.min >= 1 && r.max <= most, `expected 1 to ${most}`);

/** Pictures of noise that each request has behind its text, all of them different; pixels. */
const imagesSchema = z.strictObject({
  perRequest: upTo(100).default({ min: 1, max: 1 }),
  width: upTo(8192),
  height: upTo(8192),
});

/** How many requests a warm-up that ends by time sends at most, where nobody says: indexes of what is measured begin behind them. */
export const TIMED_WARMUP_REQUESTS = 1_000_000;

/** One load: how requests are sent to one endpoint, and what. Everything random in it follows from `seed`. */
export const loadSpecSchema = z.strictObject({
  api: apiKindSchema.default('chat'),
  arrival: arrivalSchema.default({ kind: 'closed' }),
  /** Requests in flight at most. Null: no cap (open loop only). */
  maxConcurrency: z.int().positive().nullable().default(1),
  /** Ends after this many measured requests … */
  numPrompts: z.int().positive().optional(),
  /** … or stops sending after this long, milliseconds, and waits for what is in flight. */
  durationMs: z.number().positive().optional(),
  data: dataSchema,
  /** Absent: requests are text alone. APIs `chat` and `messages`. */
  images: imagesSchema.optional(),
  /**
   * A `tokenizer.json` of the model: what is counted by it when the run has ended is the output of requests whose tokens the server does not tell, and
   * their prompts, and beside what it tells as a check. Absent: such outputs are counted as chunks.
   */
  tokenizer: z.string().min(1).optional(),
  /** Requests sent first and left out of every figure. */
  warmupRequests: z.int().min(0).default(0),
  /**
   * Ends the warm-up after this long though not all of its requests were sent, milliseconds; those in flight are waited for. They keep as many in flight
   * as the load does at most, with a rate alone 16. Absent: all are sent.
   */
  warmupMs: z.number().positive().optional(),
  stream: z.boolean().default(true),
  /** Asks the engine to go on past end-of-sequence, so that output length is what was asked. */
  ignoreEos: z.boolean().default(true),
  temperature: z.number().min(0).default(0),
  /** A request that takes longer is a failure of class `timeout`. Milliseconds. */
  requestTimeoutMs: z.number().positive().default(600_000),
  /** Added to every request body as it is. */
  extraBody: z.record(z.string(), z.unknown()).default({}),
  slo: sloSchema.default({}),
  /** Classes that requests are of, warm-up too. Absent: all are alike. */
  classes: z
    .array(loadClassSchema)
    .min(1)
    .refine((classes) => new Set(classes.map(({ name }) => name)).size === classes.length, 'two classes have one name')
    .optional(),
  /** Requests that the client gives up. Absent: none. */
  cancel: cancelSchema.optional(),
  /**
   * Conversations of several turns, each of which sends all that was said before. What arrives, and what `maxConcurrency` counts, is then a conversation, from its
   * first turn to the end of its last with the pauses between; `numPrompts` still counts requests. Absent: every request stands alone.
   */
  conversations: conversationsSchema.optional(),
  seed: z.int().min(0).max(0xffff_ffff).default(0),
  /**
   * Which part of the load is to be sent here: that of client `client`, from 0, of the `of` that send it together. Everything else is said of the
   * load as a whole. Absent: all of it.
   */
  share: z
    .strictObject({ client: z.int().min(0), of: z.int().positive() })
    .refine((s) => s.client < s.of, 'there are not as many clients')
    .optional(),
});
export type LoadSpec = z.infer<typeof loadSpecSchema>;
export type LoadSpecInput = z.input<typeof loadSpecSchema>;

/** Loads of equal key to one server may share what one of them learnt of it: its tokenizer, and which fields it takes. */
export function calibrationKey({ api, stream, ignoreEos, data }: Pick<LoadSpec, 'api' | 'stream' | 'ignoreEos' | 'data'>): string {
  return JSON.stringify([api, stream, ignoreEos, data.kind, ...(data.kind === 'random' && data.text !== undefined ? [data.text] : [])]);
}
