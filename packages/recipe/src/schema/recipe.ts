import type { StandardSchemaLike } from '@bench/core';
import { z } from 'zod';
import type { Engine } from '../engines/engine.ts';
import { benchmarkSchema, type Benchmark } from './benchmark.ts';
import { aggregateSchema, commandSchema, type Aggregate, type CommandSection } from './command.ts';
import { deploySchema, type Deploy } from './deploy.ts';
import { llmFields, type LlmSettings } from './llm.ts';
import { modelSchema, type Model } from './model.ts';
import { clientsSchema, serviceSchema, type ClientSection, type ServiceSection } from './service.ts';
import { slurmSchema, type SlurmSection } from './slurm.ts';
import { schemaToZod } from './standard.ts';

export type RecipeKind = 'inference' | 'service' | 'command';

/** A section of recipes that belongs to a provider. */
export interface ProviderSection {
  /** Key at the top of the recipe. */
  readonly name: string;
  readonly settings: StandardSchemaLike;
}

/** Provider sections that are known without any plugin. */
export const BUILTIN_PROVIDER_SECTIONS: readonly ProviderSection[] = [{ name: 'slurm', settings: slurmSchema }];

/**
 * A recipe that was checked, of one variant, with every default filled in. Names are those of the YAML. It can be written as YAML
 * and read again, with the same result.
 */
export interface Recipe {
  kind: RecipeKind;
  /** What it is for, in the author's words. */
  description?: string | undefined;
  model?: Model | undefined;
  /** `engine.llm` holds the named fields and the section of exactly one engine. */
  engine?: { llm: LlmSettings & Record<string, unknown> } | undefined;
  benchmark?: Benchmark | undefined;
  deploy: Deploy;
  command?: CommandSection | undefined;
  aggregate?: Aggregate | undefined;
  service?: ServiceSection | undefined;
  clients?: Record<string, ClientSection> | undefined;
  slurm?: SlurmSection | undefined;
}

/** Sections that only one kind of recipe has. */
export const KIND_SECTIONS: Record<string, readonly RecipeKind[]> = {
  model: ['inference'],
  engine: ['inference'],
  benchmark: ['inference'],
  command: ['command'],
  service: ['service'],
  clients: ['service'],
};

export interface SchemaOptions {
  /** Default: the built-in ones. */
  engines: readonly Engine[];
  /** Default: none; the built-in sections are always known, and one of the same name replaces them. */
  providers: readonly ProviderSection[];
}

/** The schema of a recipe without `matrices`, made of what is passed in. */
export function variantSchema({ engines, providers }: SchemaOptions) {
  const engineSections = Object.fromEntries(
    engines.map((e) => [e.name, schemaToZod(e.settings).optional().describe(`Settings of ${e.name}.`)]),
  );
  const sections = new Map([...BUILTIN_PROVIDER_SECTIONS, ...providers].map((p) => [p.name, schemaToZod(p.settings).optional()]));
  return z.strictObject({
    ...Object.fromEntries(sections),
    kind: z.enum(['inference', 'service', 'command']).optional().describe('Follows from the sections; may be said.'),
    description: z.string().optional().describe('What the recipe is for.'),
    model: modelSchema.optional(),
    engine: z.strictObject({ llm: z.strictObject({ ...llmFields, ...engineSections }) }).optional(),
    benchmark: benchmarkSchema.optional(),
    deploy: deploySchema.default({ gpu_count: 1, gpu_concurrency: 1 }),
    command: commandSchema.optional(),
    aggregate: aggregateSchema.optional(),
    service: serviceSchema.optional(),
    clients: clientsSchema.optional(),
  });
}
