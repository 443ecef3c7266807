import { z } from 'zod';
import { durationSchema } from './values.ts';

const word = z.string().min(1);
const count = z.int().positive();
const gpus = z.union([count, word], { error: 'expected a number of GPUs, or text such as "a100:2"' });
const mem = z.union([count, z.string().regex(/^\d+[KMGT]?$/i)], { error: 'expected memory as sbatch takes it: "64G"' });

/** What a job asks the queue for; names are those of sbatch(1) with `_`. */
const job = {
  partition: word.optional().describe('Default: the settings file’s, else the cluster’s.'),
  account: word.optional(),
  qos: word.optional(),
  reservation: word.optional(),
  constraint: word.optional().describe('Node features, as sbatch takes them.'),
  exclude: word.optional().describe('Nodes to stay off, as sbatch takes them.'),
  time_limit: durationSchema.optional().describe('Wall time of the job: "01:00:00", "90m".'),
  nodes: count.optional().describe('Default: 1.'),
  ntasks_per_node: count.optional(),
  gres: word.optional().describe('Generic resources, "gpu:a100:2". Default: the GPUs that the recipe asks for.'),
  gpus_per_node: gpus.optional().describe('A number, or "a100:2".'),
  gpus: gpus.optional().describe('GPUs of the whole job: a number, or "a100:2".'),
  cpus_per_task: count.optional(),
  mem: mem.optional().describe('Memory of each node as sbatch takes it: "64G"; a number is megabytes.'),
  comment: word.optional(),
  extra: z.array(word).default([]).describe('Further options of sbatch, "--nice=100".'),
};

/** `source:/target[:ro]` of two absolute paths. */
const bind = z
  .string()
  .regex(/^\/[^:,\n]*:\/[^:,\n]*(:r[ow])?$/, { error: 'write "/folder/of/the/cluster:/folder/inside" or the same with ":ro" behind it' });

/** `slurm`: what only a Slurm cluster needs to know. Other sites ignore the whole section. */
export const slurmSchema = z.strictObject({
  ...job,
  runtime: z
    .enum(['apptainer', 'singularity', 'charliecloud', 'none'])
    .default('apptainer')
    .describe('What runs the image on a node. none: no image, the program is on the nodes already.'),
  binds: z.array(bind).default([]).describe('Folders of the cluster that the container sees, "/data:/data:ro".'),
  modules: z.array(word).default([]).describe('Environment modules to load, in order.'),
  prelude: z.array(word).default([]).describe('Shell lines run before the program.'),
  clients: z
    .strictObject({ ...job, count: count.default(1).describe('Load clients of an inference recipe: each sends its share of every load.') })
    .optional()
    .describe('The jobs of the clients. Default: one load client, where the service goes.'),
});
export type SlurmSection = z.output<typeof slurmSchema>;
