import { z } from 'zod';
import { clientAccuracySchema, clientObservationSchema, clientSecondSchema } from './client.ts';
import { type LoadSpec, loadSpecSchema } from './load.ts';
import { telemetrySummarySchema } from './point-telemetry.ts';
import { tokenSourceSchema } from './record.ts';

/** A sample's summary. Percentiles are numpy's linear interpolation (type 7); std is the population's. */
export const distributionSchema = z.strictObject({
  count: z.int().min(0),
  mean: z.number(),
  std: z.number(),
  min: z.number(),
  max: z.number(),
  p50: z.number(),
  p75: z.number(),
  p90: z.number(),
  p95: z.number(),
  p99: z.number(),
  p999: z.number(),
});
export type Distribution = z.infer<typeof distributionSchema>;

/** The percentiles of a {@link Distribution}. */
export const PERCENTILES = ['p50', 'p75', 'p90', 'p95', 'p99', 'p999'] as const;
export type Percentile = (typeof PERCENTILES)[number];

/** Between which values a figure lies, with a confidence of 95 %. */
const boundsSchema = z.strictObject({ low: z.number(), high: z.number() });

/** Of distributions by name, the bounds of their percentiles; one that the sample does not carry is absent. */
const percentileBoundsSchema = z.record(z.string(), z.partialRecord(z.enum(PERCENTILES), boundsSchema));
export type PercentileBounds = z.infer<typeof percentileBoundsSchema>;

/** Something a reader must know before believing a figure. */
export const pointFlagSchema = z.strictObject({
  code: z.enum([
    'cache_warm', // prefix cache answered more than 1 % of prompt tokens, unasked
    'prompts_repeated', // more requests than the prompt file has entries: some were sent again
    'client_bound', // the client, not the server, was the limit
    'short_output', // outputs differ from what was asked by more than 5 %
    'prompt_length', // prompts differ from what was asked by more than 2 %
    'token_source', // counts of two sources differ by more than 2 %, or there was no server usage
    'few_samples', // too few requests to carry a reported percentile
    'failures', // some requests failed
    'random_weights', // generated weights: timings are real, the text is noise
    'coalesced', // many events a read: gaps describe the socket
    'rate_missed', // less than 98 % of the asked rate was sent
    'interrupted', // stopped before its end
    'tunnelled', // sent from another machine through a tunnel: its round trip is in every latency
    'client_missing', // a load client left no result: its share of the load is not in the figures
    'engine_client', // measured by the engine's own program: what it does not report is missing
  ]),
  message: z.string(),
});
export type PointFlag = z.infer<typeof pointFlagSchema>;

/** One second of a point. */
export const seriesRowSchema = z.strictObject({
  /** Second since the point's start: [t, t+1). */
  t: z.int().min(0),
  sent: z.int(),
  done: z.int(),
  failed: z.int(),
  outputTokens: z.number(),
  /** Mean number of requests in flight. */
  inFlight: z.number(),
  /** Median TTFT of requests whose first token fell into this second; null: none. */
  ttftP50Ms: z.number().nullable(),
  /** What the client's worker threads saw of themselves in this second, one entry a worker. Absent: not known, as of engines' own clients. */
  client: z.array(clientSecondSchema).optional(),
});
export type SeriesRow = z.infer<typeof seriesRowSchema>;

/** How a client's wall clock stands to the first client's. */
export const clockOffsetSchema = z.strictObject({
  /** Added to the client's wall clock gives the first client's, milliseconds. */
  offsetMs: z.number(),
  /** The offset is this sure, ± milliseconds. */
  uncertaintyMs: z.number().min(0),
  /** `self`: it is the first client. `network`: asked over a connection. */
  method: z.enum(['self', 'network']),
});
export type ClockOffset = z.infer<typeof clockOffsetSchema>;

/** One of several load clients that sent a point together. */
export const loadClientSchema = z.strictObject({
  /** From 0. */
  client: z.int().min(0),
  /** ISO 8601: the client's zero on its own wall clock; null: it left no result. */
  startedAt: z.string().nullable(),
  /** Measured requests that it sent. */
  sent: z.int().min(0),
  workers: z.int().min(0),
  /** By this its times were moved onto the first client's clock. Null: not known, and they were moved by the wall clocks alone. */
  clock: clockOffsetSchema.nullable(),
  /** Why its share is missing; null: it is there. */
  missing: z.string().nullable(),
  /** Its own error at about its share of the load. Absent: not checked on its machine. */
  accuracy: clientAccuracySchema.optional(),
});
export type LoadClient = z.infer<typeof loadClientSchema>;

/** What a recipe's own figure is. `better` null: neither direction is said to be. */
export const ownMetricSchema = z.strictObject({ unit: z.string(), better: z.enum(['higher', 'lower']).nullable() });
export type OwnMetric = z.infer<typeof ownMetricSchema>;

/** What a class of a load's requests came to. */
const classResultSchema = z.strictObject({
  /** sent = ok + failed + cancelled; measured requests only. */
  counts: z.strictObject({ sent: z.int(), ok: z.int(), failed: z.int(), cancelled: z.int() }),
  /** Figures by metric name, of the point's duration: `request_throughput`, `output_throughput`, and with limits `good_ratio` and `goodput`. */
  scalars: z.record(z.string(), z.number()),
  /** Figures that a request has one of. */
  distributions: z.record(z.string(), distributionSchema),
});
export type ClassResult = z.infer<typeof classResultSchema>;

/** What the conversations of a load came to. */
const conversationsResultSchema = z.strictObject({
  /** asked = finished + broken + cut. Where a load ends by time alone: those that began. */
  asked: z.int().min(0),
  /** Every turn was answered. */
  finished: z.int().min(0),
  /** One of its turns failed or was given up, and it ended with that. */
  broken: z.int().min(0),
  /** The load ended, or was stopped, before its last turn was answered, or before its first was sent. */
  cut: z.int().min(0),
  /** Turns that were never sent, and are no requests: because an earlier one failed, was given up, or the load had ended. */
  turnsNotSent: z.strictObject({ failed: z.int().min(0), givenUp: z.int().min(0), ended: z.int().min(0) }),
  /** First turns, and all later ones; scalars with `mean_input_tokens` (of a prompt, history and all) and `cached_ratio`. */
  turns: z.strictObject({ first: classResultSchema, later: classResultSchema }),
});
export type ConversationsResult = z.infer<typeof conversationsResultSchema>;

/** The steady state of a load, beside the whole of it. */
const steadyResultSchema = classResultSchema.extend({
  /** Its window, milliseconds since the point's zero, both ends belonging to it. */
  fromMs: z.number(),
  toMs: z.number(),
  /** Measured requests that were sent and ended within the window: those of the distributions. */
  counts: classResultSchema.shape.counts,
  /**
   * Per second of the window, what happened in it, whenever its request was sent: `request_throughput` (ends of successful requests), `output_throughput` (tokens by
   * their own times), `input_throughput` (prompts by the time of their first token), `total_token_throughput`.
   */
  scalars: classResultSchema.shape.scalars,
  /** By the names that the whole point's have, gaps included. */
  distributions: classResultSchema.shape.distributions,
});
export type SteadyResult = z.infer<typeof steadyResultSchema>;

/** What one of several servers came to that the requests were dealt to. */
const originResultSchema = classResultSchema.extend({
  /** Base URL, without `/v1`. */
  url: z.string(),
});
export type OriginResult = z.infer<typeof originResultSchema>;

/** `result.json` of one repeat of one point. */
export const pointResultSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Position of the point in its task, and which repeat of it. */
  point: z.int().min(0),
  repeat: z.int().min(0),
  /** Null: a client or a command of the recipe's own measured. */
  load: loadSpecSchema.nullable(),
  /** Wall clock at the point's zero, ISO 8601. */
  startedAt: z.string(),
  /** First dispatch of a measured request to the last end of one. Seconds. */
  durationS: z.number(),
  /**
   * sent = ok + failed + cancelled; measured requests only. `givenUp`: those of the cancelled that the client gave up because the load asks for it; absent:
   * it asks for none.
   */
  counts: z.strictObject({
    sent: z.int(),
    ok: z.int(),
    failed: z.int(),
    cancelled: z.int(),
    warmup: z.int(),
    givenUp: z.int().min(0).optional(),
  }),
  errors: z.record(z.string(), z.int()),
  /** Figures by metric name (see METRICS); a metric that could not be measured is absent. */
  scalars: z.record(z.string(), z.number()),
  distributions: z.record(z.string(), distributionSchema),
  /** Bootstrap intervals of the percentiles over requests (`percentileInterval`), of figures that a request has one of. Absent in older results. */
  intervals: percentileBoundsSchema.optional(),
  /** Its steady state; the figures above are the headline, of the whole point. Absent: it has none (`STEADY_STATE`), or in older results. */
  steady: steadyResultSchema.optional(),
  /** Of a load with classes: each by its name. */
  classes: z.record(z.string(), classResultSchema).optional(),
  /** Of a load of conversations. */
  conversations: conversationsResultSchema.optional(),
  /** Of a load to several servers: each, in the order in which requests were dealt to them, which is in turn by their index. */
  origins: z.array(originResultSchema).min(2).optional(),
  /** Unit and direction of figures that are not in METRICS: those of a client's or a command's own `metrics.json`. */
  ownMetrics: z.record(z.string(), ownMetricSchema).optional(),
  /** vLLM's own keys and meanings (`vllm bench serve --save-result`), beside ours. */
  vllm: z.record(z.string(), z.number()),
  /** Null: nothing was counted in tokens. */
  tokenSources: z.strictObject({ prompt: tokenSourceSchema, output: tokenSourceSchema }).nullable(),
  client: clientObservationSchema.nullable(),
  /** Where several clients sent the load together: each of them. */
  loadClients: z.array(loadClientSchema).optional(),
  /** Absent: nothing was sampled. */
  telemetry: telemetrySummarySchema.optional(),
  flags: z.array(pointFlagSchema),
});
export type PointResult = z.infer<typeof pointResultSchema>;

/** A point that bench's own client, or an engine's, drove: there is a load, and tokens were counted. */
export type LoadPointResult = PointResult & { load: LoadSpec; tokenSources: NonNullable<PointResult['tokenSources']> };
