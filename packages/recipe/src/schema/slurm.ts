import { z } from 'zod';
import { durationSchema } from './values.ts';

const word = z.string().min(1);
/** An option of sbatch or its value: one line, and nothing that ends a word in quotes. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const text = z.string().regex(/^[^\u0000-\u001f\u007f"\\]+$/, { error: 'expected one line of text without " and \\' });
const count = z.int().positive();
const gpus = z.union([count, text], { error: 'expected a number of GPUs, or text such as "a100:2"' });
const mem = z.union([count, z.string().regex(/^\d+[KMGT]?$/i)], { error: 'expected memory as sbatch takes it: "64G"' });

/** What a job asks the queue for; names are those of sbatch(1) with `_`. */
const job = {
  partition: text.optional().describe('Default: the settings file’s, else the cluster’s.'),
  account: text.optional().describe('Who is charged. Default: the settings file’s, else the user’s own.'),
  qos: text.optional().describe('Quality of service. Default: the settings file’s, else the account’s own.'),
  reservation: text.optional().describe('A reservation to run in.'),
  constraint: text.optional().describe('Node features, as sbatch takes them.'),
  exclude: text.optional().describe('Nodes to stay off, as sbatch takes them.'),
  time: durationSchema.optional().describe('Wall time of the job: "01:00:00", "90m".'),
  time_limit: durationSchema.optional().describe('The same as `time`.'),
  nodes: count.optional().describe('Default: 1.'),
  ntasks_per_node: count.optional().describe('Tasks of a node, as srun starts them.'),
  gres: text.optional().describe('Generic resources, "gpu:a100:2". Default: the GPUs that the recipe asks for.'),
  gpus_per_node: gpus.optional().describe('A number, or "a100:2".'),
  gpus: gpus.optional().describe('GPUs of the whole job: a number, or "a100:2".'),
  cpus_per_task: count.optional().describe('CPU cores of each task.'),
  mem: mem.optional().describe('Memory of each node as sbatch takes it: "64G"; a number is megabytes.'),
  comment: text.optional().describe('A comment of the job.'),
  extra: z.array(text).default([]).describe('Further options of sbatch, "--nice=100".'),
};

/** `source:/target[:ro]` of two absolute paths. */
const bind = z
  .string()
  .regex(/^\/[^:,\n]*:\/[^:,\n]*(:r[ow])?$/, { error: 'write "/folder/of/the/cluster:/folder/inside" or the same with ":ro" behind it' });

/** Two spellings, one meaning: what was checked has `time_limit`. */
function oneTime<T extends { time?: string | number | undefined; time_limit?: string | number | undefined }>(
  { time, ...rest }: T,
  context: z.RefinementCtx,
) {
  if (time === undefined) return rest;
  if (rest.time_limit !== undefined) {
    context.addIssue({ code: 'custom', path: ['time_limit'], message: '"time" says it already: leave one of them out' });
    return z.NEVER;
  }
  return { ...rest, time_limit: time };
}

/** `slurm`: what only a Slurm cluster needs to know. Other sites ignore the whole section. */
export const slurmSchema = z
  .strictObject({
    ...job,
    runtime: z
      .enum(['apptainer', 'singularity', 'charliecloud', 'none'])
      .default('apptainer')
      .describe('What runs the image on a node. none: no image, the program is on the nodes already.'),
    binds: z.array(bind).default([]).describe('Folders of the cluster that the container sees, "/data:/data:ro".'),
    modules: z.array(word).default([]).describe('Environment modules to load, in order.'),
    prelude: z.array(word).default([]).describe('Shell lines run before the program.'),
    clients: z
      .strictObject({
        ...job,
        count: count.default(1).describe('Load clients of an inference recipe: each sends its share of every load.'),
      })
      .transform(oneTime)
      .optional()
      .describe('The jobs of the clients. Default: one load client, where the service goes.'),
  })
  .transform(oneTime);
export type SlurmSection = z.output<typeof slurmSchema>;
