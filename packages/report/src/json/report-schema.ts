import { distributionSchema } from '@bench/core';
import { z } from 'zod';

const number = (description: string) => z.number().describe(description);
const count = (description: string) => z.int().describe(description);
const text = (description: string) => z.string().describe(description);
const maybe = (description: string) => z.string().nullable().describe(description);

const boundsSchema = z.strictObject({ low: z.number(), high: z.number() });

const figureSchema = z
  .strictObject({
    unit: text('Unit of all members but `count`; empty: it has none, or nobody says.'),
    source: text('Who says so: `bench`, `recipe` (its own clients or command), or the tool whose file it is.'),
    value: number('Of a metric that is one figure a point.').optional(),
    ...distributionSchema.partial().shape,
    intervals: z
      .record(z.string(), boundsSchema)
      .optional()
      .describe(
        'By member: between which values it lies, with a confidence of 95 %; by the bootstrap over requests, of repeated points by Student’s t.',
      ),
  })
  .describe('One metric of one point. Of a repeated point the members are means of the repeats; `count` is their sum.');

const figuresSchema = z.record(z.string(), figureSchema).describe('By metric name; `metrics` says what each means.');

const countsSchema = z.strictObject({
  sent: count('Measured requests: ok, failed and cancelled.'),
  ok: count('Answered.'),
  failed: count('Not answered, or wrongly.'),
  cancelled: count('Given up by the client.'),
});
const partSchema = z.strictObject({ counts: countsSchema, figures: figuresSchema });
const turnsSchema = partSchema.extend({
  meanPromptTokens: z.number().nullable().describe('Tokens of a prompt with the conversation before it, mean. Null: not known.'),
});
const conversationsSchema = z.strictObject({
  asked: count('Conversations of all repeats: finished, broken and cut. Where a load ends by time alone: those that began.'),
  finished: count('Conversations of which every turn was answered.'),
  broken: count('Conversations that ended with a turn that failed or was given up.'),
  cut: count('Conversations in which the load ended before their last turn was answered.'),
  turnsNotSent: z
    .strictObject({
      failed: count('Turns: an earlier one failed.'),
      givenUp: count('Turns: an earlier one was given up.'),
      ended: count('Turns: the load had ended.'),
    })
    .describe('Turns that were never sent, by why; they are no requests.'),
  turns: z.strictObject({ first: turnsSchema, later: turnsSchema }).describe('First turns, and all later ones.'),
});
const scalarSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const rowSchema = z.strictObject({
  source: z
    .strictObject({ kind: text('`run`: a run directory of bench; else the tool whose file it is.'), path: text('Folder or file.') })
    .describe('Where the figures were read.'),
  lacks: z.array(z.string()).describe('What a reader might expect and the source does not say, by metric name.'),
  runId: text('Id of the run; of another tool’s file its path.'),
  recipe: z.string(),
  variant: z.string(),
  taskKey: text('Equal keys: the same resolved recipe.'),
  kind: z.enum(['inference', 'service', 'command']),
  params: z.record(z.string(), scalarSchema).describe('The values that make the variant.'),
  point: z.int().nullable().describe('Position of the point in its task, from 0. Null: the task has none.'),
  status: z.enum(['ok', 'partial', 'failed', 'not_run']).describe('`partial`: some repeats could not be measured.'),
  error: maybe('Why it failed, in words.'),
  measuredAt: maybe('When its first measurement began, ISO 8601.'),
  repeats: count('Repeats that the figures are of.'),
  load: z
    .strictObject({
      text: maybe('`8 concurrent`, `4 req/s`.'),
      axis: z
        .strictObject({
          kind: z.enum(['concurrency', 'rate']),
          value: number('Requests in flight, or requests a second.'),
          unit: z.enum(['req', 'req/s']),
        })
        .nullable(),
      data: maybe('What was sent, in words.'),
    })
    .nullable(),
  machine: maybe('`8xH200`, or the processor.'),
  gpuCount: count('0: none, or not known.'),
  engine: z.strictObject({ name: z.string(), version: z.string().nullable(), image: z.string().nullable() }).nullable(),
  model: maybe('As it is called where it was loaded.'),
  price: z
    .strictObject({ value: number('Of the whole machine.'), unit: z.literal('USD/hour'), source: maybe('Who says so, and as of when.') })
    .nullable()
    .describe('Null: not known, which is not the same as free.'),
  slo: z
    .strictObject({
      limits: z
        .strictObject({ ttft_ms: z.number(), tpot_ms: z.number(), e2el_ms: z.number() })
        .partial()
        .describe('Milliseconds; a request is good when it meets all.'),
      asked: z
        .boolean()
        .describe(
          'They were asked for when the report was made (`--slo`), in place of what the recipe names. False: they are the recipe’s.',
        ),
      judgedBy: z
        .enum(['requests', 'percentiles'])
        .nullable()
        .describe('`requests`: each was judged. `percentiles`: they bound the share. Null: nothing says.'),
      goodRatio: boundsSchema
        .nullable()
        .describe('Between which values the share of good requests lies; equal where each was judged. Null: not known.'),
      why: maybe('Why its requests were not judged one by one.'),
    })
    .nullable()
    .describe('Limits of a good request. Null: there are none.'),
  counts: countsSchema
    .partial()
    .nullable()
    .describe('Requests of all repeats; another tool’s file may say only some. Null: nothing was measured, or nothing that is a request.'),
  errors: z.record(z.string(), z.int()).describe('Failed requests by class.'),
  durationS: z.number().nullable().describe('Seconds, mean of the repeats.'),
  figures: figuresSchema,
  steady: partSchema
    .extend({ fromMs: number('Since the first dispatch.'), toMs: number('Since the first dispatch.') })
    .nullable()
    .describe('The steady state beside `figures`, which are of the whole run. Null: it has none.'),
  classes: z.record(z.string(), partSchema).nullable().describe('Of a load with classes of requests: each by its name.'),
  conversations: conversationsSchema.nullable().describe('Of a load of conversations. Null: its requests stand alone.'),
  notes: z
    .array(z.strictObject({ code: z.string(), message: z.string() }))
    .describe('What is to be known before the figures are believed.'),
});

/** What `bench report --json` prints: every figure with its metric, its unit and who says so. */
export const reportSchema = z
  .strictObject({
    schemaVersion: z.literal(1).describe('Raised when a member goes, or changes its meaning.'),
    reports: z.array(z.string()).describe('Paths of the files that were written with it.'),
    metrics: z
      .record(
        z.string(),
        z.strictObject({
          label: z.string(),
          unit: z.string(),
          better: z.enum(['higher', 'lower', 'neither']).nullable().describe('Null: nobody says.'),
          definition: z.string(),
        }),
      )
      .describe('Every metric that occurs, by name.'),
    rows: z.array(rowSchema).describe('One a point, and one a task that has none.'),
    problems: z
      .array(z.strictObject({ path: z.string(), message: z.string() }))
      .describe('What was left out, and why; prices that were named to no effect.'),
  })
  .meta({ title: 'A report of bench' });

export type ReportJson = z.infer<typeof reportSchema>;

/** The JSON Schema of it, as it is committed at `report.schema.json`. */
export function reportJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(reportSchema, { io: 'output' }) as Record<string, unknown>;
}
