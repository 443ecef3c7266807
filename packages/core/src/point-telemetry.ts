import { z } from 'zod';
import { gpuSampleSchema } from './telemetry.ts';

/** A clock that samples were stamped by, and how it was moved onto the clock of the point. */
export const telemetryClockSchema = z.strictObject({
  kind: z.literal('clock'),
  /** Which lines it stamped: those of the host (GPUs and CPU), or those of the engine, which are stamped where bench runs. */
  of: z.enum(['host', 'engine']),
  /** Wall clock of the point's client minus this one's, milliseconds: what was added to the stamps. */
  offsetMs: z.number(),
  /** The offset is this sure, ± milliseconds. */
  uncertaintyMs: z.number().min(0),
  /** `same`: both are one clock. `exchange`: asked over the connection to the host, the quickest answer counts. */
  method: z.enum(['same', 'exchange']),
});

/** GPUs and CPU of the engine's machine at one moment. */
export const hostTelemetrySchema = z.strictObject({
  kind: z.literal('host'),
  /** Milliseconds since the point's zero, as in requests; before it, negative. The middle of the time that looking took. */
  atMs: z.number(),
  /** The GPUs that the deployment uses; empty: none; null: no tool told. */
  gpus: z.array(gpuSampleSchema).nullable(),
  /** All cores of the machine, since it booted, in seconds of one core: what was not idle, and all. Null: there is no `/proc/stat`. */
  cpu: z.strictObject({ busyS: z.number(), totalS: z.number() }).nullable(),
});
export type HostTelemetry = z.infer<typeof hostTelemetrySchema>;

const count = z.number().optional();

/** What an engine tells of itself at one moment, under common names: of several engines or ranks the sum, for shares the mean. Absent: it does not tell. */
export const engineFiguresSchema = z.strictObject({
  /** Requests in the batch. */
  running: count,
  /** Requests in its queue. */
  waiting: count,
  /** Share of the KV cache that is in use, 0 to 1. */
  kvCacheUsage: count,
  /** Requests that lost their place in the batch, since it started. */
  preemptions: count,
  /** Prompt tokens that were looked for in the prefix cache, since it started. */
  prefixQueries: count,
  /** Those of them that were there. */
  prefixHits: count,
  /** Tokens that speculative decoding proposed, since it started. */
  draftTokens: count,
  /** Those of them that were accepted. */
  acceptedTokens: count,
  /** Prompt tokens since it started. */
  promptTokens: count,
  /** Tokens generated since it started. */
  generationTokens: count,
});
export type EngineFigures = z.infer<typeof engineFiguresSchema>;

export const engineTelemetrySchema = engineFiguresSchema.extend({
  kind: z.literal('engine'),
  /** Milliseconds since the point's zero. The middle of the time that asking took. */
  atMs: z.number(),
});
export type EngineTelemetry = z.infer<typeof engineTelemetrySchema>;

/** A line of a point's `telemetry.jsonl.gz`: the clocks first, then samples in the order of their times. */
export const pointTelemetrySchema = z.discriminatedUnion('kind', [telemetryClockSchema, hostTelemetrySchema, engineTelemetrySchema]);
export type PointTelemetry = z.infer<typeof pointTelemetrySchema>;

/** What there is of a point's telemetry, and how far it can be believed: `telemetry` of its `result.json`. */
export const telemetrySummarySchema = z.strictObject({
  /** Asked for so often, milliseconds. */
  intervalMs: z.number().positive(),
  /** Samples of the machine within the measured window. */
  hostSamples: z.int().min(0),
  /** Samples of the engine within it. */
  engineSamples: z.int().min(0),
  /** Why the energy is not known; null: it is, and stands among the figures. */
  noEnergy: z.string().nullable(),
});
export type TelemetrySummary = z.infer<typeof telemetrySummarySchema>;
