import { z } from 'zod';
import { versionSchema } from './values.ts';

const smokeTestSchema = z
  .strictObject({
    prompt: z.string().min(1).default('What is 2+2?').describe('Sent once before the load.'),
    contains: z
      .string()
      .min(1)
      .optional()
      .describe('What the answer must hold. Default: 4 for the default prompt; else any token will do.'),
  })
  .describe('A question the engine must answer before it is measured. false: none.');

/** `deploy`: the machine, and how it is known that the engine works. */
export const deploySchema = z.strictObject({
  gpu: z.string().min(1).optional().describe('GPU by any of its names, "NVIDIA H200 141GB". Absent: whatever there is, the CPU too.'),
  gpu_count: z.int().positive().default(1).describe('GPUs of the machine.'),
  driver_version: versionSchema.optional().describe('NVIDIA driver, "550" or "595.58.03".'),
  cuda_version: versionSchema.optional().describe('CUDA, "12.4".'),
  gpu_concurrency: z.int().positive().default(1).describe('Machines of this kind that the tasks are split over.'),
  smoke_test: z.union([z.literal(false), smokeTestSchema], { error: 'expected {prompt, contains}, or false' }).optional(),
});
export type Deploy = z.output<typeof deploySchema>;
