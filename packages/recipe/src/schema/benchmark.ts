import { lengthsByRatio, parseDuration } from '@bench/core';
import { z } from 'zod';
import { classesSchema, classProblems } from './classes.ts';
import { conversationProblems, conversationsSchema } from './conversations.ts';
import { searchSchema } from './search.ts';
import { sloSchema } from './slo.ts';
import { burstsSchema, concurrencyStagesSchema, stagesSchema } from './traffic-in-time.ts';
import { durationSchema } from './values.ts';

const count = z.int().positive();
const rate = z.number().positive();
/** A length and range ratio as another client has them, for who repeats its measurement. */
const ratioSchema = z
  .strictObject({
    length: count.describe('Its --random-input-len or --random-output-len.'),
    range_ratio: z.number().min(0).max(1).describe('Its --random-range-ratio.'),
    meaning: z
      .enum(['vllm', 'sglang'])
      .describe('vllm: length ± ratio, below 1; sglang, and older releases of vLLM: ratio × length to length.'),
  })
  .transform(({ length: asked, range_ratio, meaning }, context) => {
    const lengths = lengthsByRatio(meaning, asked, range_ratio);
    if (lengths === null) context.addIssue({ code: 'custom', message: `a range_ratio of ${meaning} is below 1` });
    return lengths ?? z.NEVER;
  });

const length = z.union(
  [
    z.int().min(0),
    ratioSchema,
    z.strictObject({ min: z.int().min(0), max: z.int().min(0) }).refine((range) => range.min <= range.max, { error: 'min is above max' }),
  ],
  { error: 'expected a whole number of tokens, {min, max}, or {length, range_ratio, meaning}' },
);

/** What a sweep may vary. */
export const SWEEP_KEYS = ['max_concurrency', 'request_rate', 'num_prompts', 'random_input_len', 'random_output_len'] as const;
export type SweepKey = (typeof SWEEP_KEYS)[number];

const axis = <T extends z.ZodType>(value: T) => z.array(value).min(1, { error: 'a sweep needs at least one value' }).optional();

const sweepSchema = z
  .strictObject({
    max_concurrency: axis(count),
    request_rate: axis(rate),
    num_prompts: axis(count),
    random_input_len: axis(length),
    random_output_len: axis(length),
  })
  .superRefine((sweep, context) => {
    const axes = Object.entries(sweep).filter(([, values]) => values !== undefined);
    if (axes.length === 0) context.addIssue({ code: 'custom', message: `a sweep names at least one of ${SWEEP_KEYS.join(', ')}` });
    const lengths = new Set(axes.map(([, values]) => values?.length));
    if (lengths.size > 1) {
      const told = axes.map(([key, values]) => `${key} has ${values?.length}`).join(', ');
      context.addIssue({ code: 'custom', message: `the lists of a sweep are taken together and need one length: ${told}` });
    }
  })
  .describe('Lists of equal length, taken together: each position is one point, measured on the same deployment.');

const datasetSchema = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('random') }),
    z.strictObject({ type: z.literal('sonnet') }),
    z.strictObject({ type: z.enum(['jsonl', 'sharegpt']), path: z.string().min(1).describe('File, relative to the recipe.') }),
    z.strictObject({
      type: z.literal('hf'),
      path: z.string().min(1).describe('File (parquet, JSON, JSONL, CSV) or folder with such files, relative to the recipe.'),
      column: z.string().min(1).optional().describe('Column with the prompts: texts, or messages. Default: the first that is known to.'),
      split: z.string().min(1).optional().describe('Which files of a folder. Default: train, where there is one.'),
      rows: count.optional().describe('Rows that are read, from the first on. Default: all.'),
    }),
    z.strictObject({
      type: z.literal('trace'),
      path: z.string().min(1).describe('File, relative to the recipe.'),
      format: z
        .enum(['mooncake', 'azure', 'burstgpt'])
        .describe('mooncake: JSONL whose hash_ids are shared prefixes; azure, burstgpt: CSV.'),
      speed: rate.default(1).describe('How many times as fast the trace is replayed.'),
    }),
  ])
  .describe(
    'What is sent. random: prompts of random_input_len tokens; sonnet: as many, as lines of English. hf: a Hugging Face data set that lies on this machine. trace: times and lengths of recorded requests, an open loop.',
  );

const groups = count.max(1_000_000);

const prefixGroupsSchema = z
  .union([groups, z.strictObject({ count: groups, zipf: z.number().min(0).max(20).default(1) })], {
    error: 'expected a number of groups, or {count, zipf}',
  })
  .describe(
    'Groups of prompts, each with a shared_prefix of its own; a request’s group is drawn by Zipf’s law with exponent zipf (default: 1).',
  );

/** A number, or {min, max}. */
const some = (most: number, what: string) =>
  z
    .union([count, z.strictObject({ min: count, max: count })], { error: `expected ${what}, or {min, max}` })
    .refine((value) => typeof value === 'number' || value.min <= value.max, { error: 'min is above max' })
    .refine((value) => (typeof value === 'number' ? value : value.max) <= most, { error: `expected ${most} at most` });

const imagesSchema = z
  .strictObject({
    per_request: some(100, 'a number of images').default(1).describe('Images of a request.'),
    width: some(8192, 'pixels').describe('Pixels.'),
    height: some(8192, 'pixels').describe('Pixels.'),
  })
  .describe('Pictures of noise behind the text of each request, all different (api chat and messages).');

const waitSchema = z.union([durationSchema, z.strictObject({ min: durationSchema, max: durationSchema })], {
  error: 'expected a duration, or {min, max}',
});

const cancelSchema = z
  .strictObject({
    ratio: rate.lt(1, { error: 'expected a part of the requests, below 1' }).describe('So large a part of the requests, each drawn.'),
    after: waitSchema
      .refine((wait) => typeof wait !== 'object' || parseDuration(wait.min) <= parseDuration(wait.max), { error: 'min is above max' })
      .optional()
      .describe('So long after sending: a duration, or {min, max}. Default: after a part of the answer, drawn for each.'),
  })
  .describe('Requests that the client gives up while they are answered; they are no failures.');

/** `benchmark`: the load of an inference recipe. */
export const benchmarkSchema = z
  .strictObject({
    max_concurrency: count.optional().describe('Requests in flight at most. Default: 128; for an open loop: no cap.'),
    request_rate: rate.optional().describe('Requests per second (open loop). Absent: a new request as soon as one ends (closed loop).'),
    arrival: z.enum(['poisson', 'constant', 'gamma']).optional().describe('Intervals of an open loop. Default: poisson.'),
    burstiness: rate.optional().describe('Shape of gamma intervals: 1 is Poisson, below 1 is burstier. Default: 1.'),
    stages: stagesSchema.optional(),
    bursts: burstsSchema.optional(),
    concurrency_stages: concurrencyStagesSchema.optional(),
    num_prompts: count.optional().describe('Measured requests of a point. Default: 256, unless duration or stages are given.'),
    duration: durationSchema.optional().describe('Send for this long instead of num_prompts: seconds, or text such as "60s".'),
    warmup: z
      .union(
        [
          z.int().min(0),
          z.strictObject({ requests: z.int().min(0) }).transform((w) => w.requests),
          z.strictObject({ duration: durationSchema.refine((d) => parseDuration(d) > 0), requests: count.optional() }),
        ],
        { error: 'expected a number of requests, {requests: N}, {duration: 30s}, or both' },
      )
      .optional()
      .describe('Sent first and left out of every figure: so many requests, or for so long. Default: max_concurrency requests, at most 8.'),
    repeats: count.default(1).describe('How often each point is measured.'),
    random_input_len: length.default(8000).describe('Prompt tokens: a number, {min, max}, or {length, range_ratio, meaning}.'),
    random_output_len: length.default(8000).describe('Output tokens: a number, {min, max}, or {length, range_ratio, meaning}.'),
    shared_prefix: z.int().min(0).default(0).describe('Tokens at the front that all prompts of a point share.'),
    prefix_groups: prefixGroupsSchema.optional(),
    dataset: datasetSchema.default({ type: 'random' }),
    api: z
      .enum(['chat', 'completions', 'embeddings', 'responses', 'messages', 'llamacpp'])
      .optional()
      .describe('HTTP API of the load; not every engine has all. Default: chat, or embeddings when model.task is embed.'),
    images: imagesSchema.optional(),
    tokenizer: z
      .string()
      .min(1)
      .optional()
      .describe(
        'A tokenizer.json, relative to the recipe: it counts the tokens of answers where the server tells none, and checks what it tells.',
      ),
    ignore_eos: z.boolean().default(true).describe('Go on past the end of sequence, so that output length is what was asked.'),
    temperature: z.number().min(0).default(0),
    request_timeout: durationSchema.default('600s').describe('A request that takes longer has failed.'),
    extra_body: z.record(z.string(), z.json()).default({}).describe('Added to every request body as it is.'),
    cancel: cancelSchema.optional(),
    slo: sloSchema.optional(),
    classes: classesSchema(length).optional(),
    conversations: conversationsSchema(length).optional(),
    seed: z.int().min(0).max(0xffff_ffff).default(0).describe('Everything random in the load follows from it.'),
    client: z.enum(['bench', 'vllm', 'sglang']).default('bench').describe('Who measures: bench itself, or the engine’s own program.'),
    sweep: z
      .union([z.literal('auto'), sweepSchema], { error: 'expected lists of loads, or "auto"' })
      .optional()
      .describe('Points: lists of equal length, or auto: concurrency from 1 to where throughput stops to grow.'),
    search: searchSchema.optional(),
  })
  .superRefine((b, context) => {
    const issue = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    checkAdaptive(b, issue);
    const prompts = sweepLists(b)?.num_prompts ? ['sweep', 'num_prompts'] : b.num_prompts !== undefined ? ['num_prompts'] : null;
    if (b.cancel && b.cancel.after === undefined && b.api === 'embeddings')
      issue(['cancel'], 'embeddings come whole: say after how long a request is given up (after)');
    if (b.images && b.api !== undefined && b.api !== 'chat' && b.api !== 'messages')
      issue(['images'], `images go with the api chat or messages, not with ${b.api}`);
    if (b.concurrency_stages)
      for (const path of otherThanStages(b))
        issue(path, `concurrency_stages say when requests are sent, and how long: leave ${path.at(-1)} out`);
    if (b.prefix_groups !== undefined && b.shared_prefix === 0)
      issue(['prefix_groups'], 'prefix_groups share a prefix: say how long it is (shared_prefix)');
    for (const [path, problem] of [...classProblems(b), ...conversationProblems(b)]) issue(path, problem);
    if (b.duration !== undefined && prompts) issue(prompts, 'give num_prompts or duration, not both');
    const open = b.request_rate !== undefined || sweepLists(b)?.request_rate !== undefined;
    const rates = [...(open ? ['request_rate'] : []), ...(b.stages ? ['stages'] : []), ...(b.bursts ? ['bursts'] : [])];
    if (b.dataset.type === 'trace') {
      for (const key of [...rates, ...(b.arrival === undefined ? [] : ['arrival'])])
        issue(
          key === 'request_rate' && b.request_rate === undefined ? ['sweep', key] : [key],
          `a trace has arrivals of its own: leave ${key} out`,
        );
      if (b.shared_prefix > 0) issue(['shared_prefix'], 'shared_prefix goes with random prompts only');
      return;
    }
    const second = rates[1];
    if (second !== undefined) issue([second], `give one of ${rates.join(', ')}: each says when requests are sent`);
    if (b.stages && b.duration !== undefined) issue(['duration'], 'stages have durations of their own: leave this one out');
    if (b.stages && prompts) issue(prompts, 'a point with stages ends with the last of them: leave num_prompts out');
    if (b.stages && b.arrival === 'gamma') issue(['arrival'], 'the arrivals of stages are poisson or constant');
    if (b.bursts && b.arrival !== undefined) issue(['arrival'], 'bursts come at their own times: leave arrival out');
    if (rates.length === 0 && b.search?.max !== 'rate' && b.arrival !== undefined)
      issue(['arrival'], 'arrival needs request_rate or stages: without a rate, requests follow one another');
    if (b.burstiness !== undefined && b.arrival !== 'gamma') issue(['burstiness'], 'burstiness goes with "arrival: gamma"');
    const made = b.dataset.type === 'random' || b.dataset.type === 'sonnet';
    if (made && b.shared_prefix > 0) {
      const shortest = (sweepLists(b)?.random_input_len ?? [b.random_input_len]).reduce<number>(
        (m, l) => Math.min(m, typeof l === 'number' ? l : l.min),
        Infinity,
      );
      if (b.shared_prefix > shortest)
        issue(['shared_prefix'], `shared_prefix (${b.shared_prefix}) is longer than the shortest prompt (${shortest})`);
    }
    if (!made && b.shared_prefix > 0) issue(['shared_prefix'], 'shared_prefix goes with random prompts only');
  });
export type Benchmark = z.output<typeof benchmarkSchema>;

/** The lists of a sweep that has some. */
export function sweepLists({
  sweep,
}: {
  sweep?: 'auto' | z.output<typeof sweepSchema> | undefined;
}): z.output<typeof sweepSchema> | undefined {
  return sweep === 'auto' ? undefined : sweep;
}

/** What a search, or `sweep: auto`, has a say in. */
interface AdaptiveLoad {
  sweep?: unknown;
  search?: z.output<typeof searchSchema> | undefined;
  request_rate?: number | undefined;
  stages?: unknown;
  bursts?: unknown;
  max_concurrency?: number | undefined;
  repeats: number;
  dataset: { type: string };
  slo?: object | undefined;
}

/** A search, or `sweep: auto`, sets the load itself. */
function checkAdaptive(b: AdaptiveLoad, issue: (path: string[], message: string) => void): void {
  const { search } = b;
  if (!search && b.sweep !== 'auto') return;
  const name = search ? 'a search' : '"sweep: auto"';
  if (search && b.sweep !== undefined) issue(['sweep'], 'give a sweep or a search, not both');
  if (b.stages) issue(['stages'], `${name} sets the load itself: leave stages out`);
  if (b.bursts) issue(['bursts'], `${name} sets the load itself: leave bursts out`);
  if (b.request_rate !== undefined) issue(['request_rate'], `${name} sets the load itself: leave request_rate out`);
  if (b.dataset.type === 'trace') issue(['dataset'], `a trace has arrivals of its own, and ${name} sets the load itself`);
  if (!search) return;
  if (search.max === 'concurrency' && b.max_concurrency !== undefined)
    issue(['max_concurrency'], 'the search sets max_concurrency: its highest is search.to');
  if (b.repeats > 1) issue(['repeats'], 'a search repeats what it needs to: give search.repeats');
  if (search.slo.goodput !== undefined && Object.values(b.slo ?? {}).every((value) => value === undefined))
    issue(['search', 'slo', 'goodput'], 'goodput is the share of requests that meet benchmark.slo, which is missing');
}

const STAGED_OTHERWISE = ['max_concurrency', 'request_rate', 'stages', 'bursts', 'num_prompts', 'duration'] as const;

/** Where it is said otherwise than by stages of the concurrency when requests are sent, or when a point ends. */
function otherThanStages(
  b: {
    [key in (typeof STAGED_OTHERWISE)[number]]?: unknown;
  } & { dataset: { type: string }; sweep?: unknown; search?: unknown },
): string[][] {
  const swept = Object.entries(typeof b.sweep === 'object' && b.sweep !== null ? b.sweep : {}).filter(
    ([key, values]) => values !== undefined && (STAGED_OTHERWISE as readonly string[]).includes(key),
  );
  return [
    ...STAGED_OTHERWISE.filter((key) => b[key] !== undefined).map((key) => [key]),
    ...swept.map(([key]) => ['sweep', key]),
    ...(b.sweep === 'auto' ? [['sweep']] : []),
    ...(b.search === undefined ? [] : [['search']]),
    ...(b.dataset.type === 'trace' ? [['dataset']] : []),
  ];
}
