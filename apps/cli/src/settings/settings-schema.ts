import { BenchError, didYouMean, parseDuration, parseGate } from '@bench/core';
import { machineProfileSchema } from '@bench/launch';
import type { ProviderFactory } from '@bench/provisioning';
import { schemaToZod } from '@bench/recipe';
import { z } from 'zod';
import { cloudDefaultsSchema } from './cloud-defaults.ts';
import { pricingSchema } from './pricing.ts';

const pluginsSchema = z
  .array(z.string().min(1))
  .describe(
    'Packages or paths of plugins. A package is looked for from the settings file, the working folder and bench; a path starts at the settings file.',
  );

export const launchSettingsSchema = z.strictObject({
  machines: z
    .array(machineProfileSchema)
    .default([])
    .describe(
      'Machine profiles, looked at before the known ones; one of the same name replaces a known one. Each has `name`, `scheduler`, `signs` (`env`: variables with a pattern of their value, `hostname`: patterns), `gpus_per_node`, `launcher`, `mpi`, `cpu_bind`, `launcher_args`.',
    ),
});

export const telemetrySettingsSchema = z.strictObject({
  interval: z
    .string()
    .refine((text) => isInterval(text), 'expected 200ms to 60s')
    .optional()
    .describe('Between two samples, `200ms` to `60s`. Default: `1s`.'),
});
const percent = z.string().regex(/^(\d+(\.\d+)?|\.\d+)\s*%$/, 'expected a per cent: 5%');
export const compareSettingsSchema = z.strictObject({
  tolerance: percent.optional().describe('A change smaller than this does not matter. Default: `5%`. Flag: `--tolerance`.'),
  between_runs: percent
    .optional()
    .describe(
      'How much one measurement alone is taken to vary, one standard deviation, where a side has no other. Default: `3%`. Flag: `--between-runs`.',
    ),
});

const gates = z.array(
  z.string().superRefine((text, context) => {
    try {
      parseGate(text);
    } catch (error) {
      if (!BenchError.is(error)) throw error;
      context.addIssue({ code: 'custom', message: error.message, params: { hint: error.hint ?? null } });
    }
  }),
);
export const gatesSettingsSchema = z.strictObject({
  default: gates.optional().describe('Limits that every recipe keeps: `["ttft_p99_ms<+5%", "error_ratio<1%"]`.'),
  recipes: z
    .record(z.string(), gates)
    .optional()
    .describe(
      'More limits, by the name of a recipe, or with `*` and `?` of several: `{"qwen*": ["ttft_p99_ms<+10%"]}`. One of a figure stands instead of a default one of it.',
    ),
});

const telemetrySchema = z
  .union([z.literal(false), telemetrySettingsSchema], { error: 'expected false, or {interval: 1s}' })
  .describe('How engines and machines are sampled while points are measured.');

function isInterval(text: string): boolean {
  try {
    const ms = parseDuration(text);
    return ms >= 200 && ms <= 60_000;
  } catch {
    return false;
  }
}

/**
 * The schema of a settings file, made of the providers that there are. With `open`, sections of providers that are not known are let pass:
 * a plugin that could not be loaded may have brought them.
 */
export function settingsSchema(providers: readonly ProviderFactory[], o: { open?: boolean } = {}) {
  const sections = Object.fromEntries(
    providers.map((p) => [p.name, unknownKeysRefused(schemaToZod(p.settings)).optional().describe(`Settings of ${p.title}.`)]),
  );
  const names = providers.map((p) => p.name);
  const provider = z.string().superRefine((name, context) => {
    if (o.open || names.includes(name)) return;
    const hint = didYouMean(name, names) ?? `known here: ${names.join(', ')}`;
    context.addIssue({ code: 'custom', message: 'no provider is called that', params: { hint } });
  });
  const { description } = cloudDefaultsSchema.shape.provider;
  const cloud = cloudDefaultsSchema.extend({
    provider: z
      .array(provider)
      .min(1)
      .optional()
      .describe(description ?? ''),
  });
  return z.strictObject({
    plugins: pluginsSchema.optional(),
    providers: (o.open ? z.looseObject(sections) : z.strictObject(sections)).optional(),
    launch: launchSettingsSchema.optional().describe('What bench launch and bench submit know of machines.'),
    telemetry: telemetrySchema.optional(),
    pricing: pricingSchema.optional().describe('What machines cost whose price no run knows.'),
    compare: compareSettingsSchema.optional().describe('Defaults of bench compare.'),
    gates: gatesSettingsSchema.optional().describe('Limits that bench compare --gate holds a candidate to.'),
    cloud: cloud.optional().describe('Defaults of the flags that say what may be rented.'),
  });
}

/** zod drops a key that it does not know unless it is told otherwise, and the author of a plugin may not have. */
function unknownKeysRefused(schema: z.ZodType): z.ZodType {
  const own = schema as Partial<z.ZodObject>;
  return own.def?.type === 'object' && own.def.catchall === undefined && typeof own.strict === 'function' ? own.strict() : schema;
}

/** What must be known before the providers are. */
export const pluginsOnlySchema = z.looseObject({ plugins: pluginsSchema.optional() });
