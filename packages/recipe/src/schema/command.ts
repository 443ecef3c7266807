import { z } from 'zod';
import { durationSchema, envSchema } from './values.ts';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()], { error: 'a variable is text, a number, true, false or null' });

/** Names the template may use besides the variant's own. */
export const COMMAND_BUILTINS = ['task_dir', 'gpu_device_ids', 'repo_dir'] as const;

/** `command`: any program, run once a variant. */
export const commandSchema = z.strictObject({
  stage: z
    .array(z.string().min(1))
    .default([])
    .describe('Files and folders, relative to where bench runs, copied to $repo_dir on the host.'),
  run: z
    .string()
    .min(1)
    .describe('Shell script. $name takes a value of the variant, $task_dir, $gpu_device_ids or $repo_dir; $$ is a dollar.'),
  result_files: z.array(z.string().min(1)).default([]).describe('Files to bring back; globs are expanded on the host, in $task_dir.'),
  timeout: durationSchema.default(3600),
  env: envSchema.default({}),
  variables: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/, { error: 'not a name: letters, digits and _' }), scalar)
    .default({})
    .describe('Values for the template. A key of matrices without a dot, which is no section, is one of these.'),
});
export type CommandSection = z.output<typeof commandSchema>;

/** `aggregate`: a program run here, once all variants are done. */
export const aggregateSchema = z.strictObject({
  run: z.string().min(1).describe('Shell script. $run_dir is the run directory.'),
  timeout: durationSchema.default(300),
});
export type Aggregate = z.output<typeof aggregateSchema>;
