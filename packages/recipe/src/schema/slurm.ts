import { z } from 'zod';
import { durationSchema } from './values.ts';

const place = {
  partition: z.string().min(1).optional().describe('Default: the cluster’s, or the settings file’s.'),
  account: z.string().min(1).optional(),
  qos: z.string().min(1).optional(),
  reservation: z.string().min(1).optional(),
  constraint: z.string().min(1).optional().describe('Node features, as sbatch takes them.'),
  exclude: z.string().min(1).optional().describe('Nodes to stay off, as sbatch takes them.'),
  time_limit: durationSchema.optional().describe('Wall time of the job: "01:00:00", "90m".'),
};

/** `slurm`: what only a Slurm cluster needs to know. Other sites ignore the whole section. */
export const slurmSchema = z.strictObject({
  ...place,
  modules: z.array(z.string().min(1)).default([]).describe('Environment modules to load, in order.'),
  prelude: z.array(z.string().min(1)).default([]).describe('Shell lines run before the program.'),
  clients: z.strictObject(place).optional().describe('Where the jobs of the clients go. Default: where the service goes.'),
});
export type SlurmSection = z.output<typeof slurmSchema>;
