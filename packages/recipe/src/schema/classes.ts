import type { LengthRange } from '@bench/core';
import { z } from 'zod';
import { sloSchema } from './slo.ts';

/** `benchmark.classes`. @param length of prompts and answers, as elsewhere in a recipe */
export function classesSchema<T extends z.ZodType<number | LengthRange>>(length: T) {
  return z
    .array(
      z.strictObject({
        name: z.string().min(1).describe('As its figures are called.'),
        weight: z.number().positive().default(1).describe('How often it is drawn, against the weights of the others.'),
        model: z.string().min(1).optional().describe('Model or LoRA adapter that its requests name. Default: that of the deployment.'),
        random_input_len: length.optional().describe('Prompt tokens of its own.'),
        random_output_len: length.optional().describe('Output tokens of its own.'),
        slo: sloSchema.optional(),
      }),
    )
    .min(1, { error: 'classes need at least one class' })
    .describe('Kinds of requests that are mixed, each drawn by weight; figures are told of each, too.');
}

interface Classed {
  classes?: { name: string; random_input_len?: unknown; random_output_len?: unknown }[] | undefined;
  dataset: { type: string };
  shared_prefix: number;
}

/** What classes contradict, with the place. */
export function classProblems({ classes = [], dataset, shared_prefix: prefix }: Classed): [path: string[], problem: string][] {
  const made = dataset.type === 'random' || dataset.type === 'sonnet';
  return classes.flatMap((each, i) => {
    const at = (key: string) => ['classes', String(i), key];
    const problems: [string[], string][] = [];
    if (classes.findIndex(({ name }) => name === each.name) < i) problems.push([at('name'), `two classes are called "${each.name}"`]);
    const shortest = least(each.random_input_len);
    if (shortest !== null && !made) problems.push([at('random_input_len'), 'random_input_len goes with random prompts only']);
    else if (shortest !== null && shortest < prefix)
      problems.push([at('random_input_len'), `shared_prefix (${prefix}) is longer than its shortest prompt (${shortest})`]);
    if (each.random_output_len !== undefined && dataset.type === 'trace')
      problems.push([at('random_output_len'), 'a trace says how long answers are']);
    return problems;
  });
}

function least(length: unknown): number | null {
  if (typeof length === 'number') return length;
  return typeof length === 'object' && length !== null ? (length as LengthRange).min : null;
}
