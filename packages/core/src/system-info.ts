import { z } from 'zod';

/** The machine a figure was measured on. Unknown facts are absent, never guessed. */
export const systemInfoSchema = z.strictObject({
  hostname: z.string().optional(),
  os: z.string().optional(),
  kernel: z.string().optional(),
  arch: z.string().optional(),
  cpu: z.strictObject({ model: z.string(), logicalCores: z.int().positive() }).optional(),
  memoryBytes: z.int().positive().optional(),
  gpus: z
    .array(
      z.strictObject({
        name: z.string(),
        memoryMiB: z.number().optional(),
        /** When it was looked at: others may be at work on it. */
        memoryUsedMiB: z.number().optional(),
        driver: z.string().optional(),
        uuid: z.string().optional(),
      }),
    )
    .optional(),
  driverVersion: z.string().optional(),
  cudaVersion: z.string().optional(),
  dockerVersion: z.string().optional(),
  nodeVersion: z.string().optional(),
  diskFreeBytes: z.int().min(0).optional(),
});
export type SystemInfo = z.infer<typeof systemInfoSchema>;

/** The server program that was measured. */
export const engineInfoSchema = z.strictObject({
  name: z.string(),
  version: z.string().optional(),
  image: z.string().optional(),
  digest: z.string().optional(),
  /** Exactly what was run, secrets masked. */
  command: z.array(z.string()).optional(),
  model: z.string(),
  /** True when weights were generated: timings are real, text is noise. */
  randomWeights: z.boolean().optional(),
});
export type EngineInfo = z.infer<typeof engineInfoSchema>;
