import { z } from 'zod';

/** What the settings may hold: names as Slurm has them, never an option. */
const nameSchema = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.@+-]*$/, 'expected a name as Slurm spells it');

/** Section `providers.slurm` of the settings file. */
export const slurmSettingsSchema = z.strictObject({
  login: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Where sbatch is run: `local`, or what ssh takes (`me@login1`, an alias of ~/.ssh/config). Must be set, or said with the site: `slurm:LOGIN`; site `slurm` alone is `local`.',
    ),
  partition: nameSchema.optional().describe('Partition of jobs whose recipe names none. Default: the cluster’s own.'),
  account: nameSchema.optional().describe('Account of jobs whose recipe names none. Default: the user’s own.'),
  qos: nameSchema.optional().describe('Quality of service of jobs whose recipe names none. Default: the account’s own.'),
  cluster: nameSchema.optional().describe('Cluster of several that one login host serves (`--clusters`). Default: the login host’s own.'),
  remote_dir: z
    .string()
    .regex(/^(~|\/)[^\0\n\r%\\]*$/, 'expected an absolute path, or one that begins with ~/, without % and \\')
    .default('~/bench')
    .describe('Folder on a file system that login host and nodes share; each run has its own in it.'),
  poll_interval_s: z.number().min(1).default(10).describe('Least time between two looks at the queue, seconds; one look is for all jobs.'),
  prices_usd_per_gpu_hour: z
    .record(z.string().min(1), z.number().positive())
    .default({})
    .describe('What an hour of one GPU costs you, dollars, by partition. Default: not known.'),
  gpus: z
    .record(z.string().min(1), z.string().min(1))
    .default({})
    .describe(
      'Which GPU a type of the cluster is, by its name in the catalogue: `{a100: A100-40GB}`; GPUs without a type by partition. Default: what the type’s name says.',
    ),
});
export type SlurmSettings = z.output<typeof slurmSettingsSchema>;
