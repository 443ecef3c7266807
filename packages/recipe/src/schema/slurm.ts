import { SLURM_VALUES, slurmOptionProblem } from '@bench/core';
import { z } from 'zod';
import { durationSchema } from './values.ts';

const word = z.string().min(1);
const count = z.int().positive();

/** Text that sbatch takes for that key, and nothing that could be taken for another option. */
function valueOf(key: keyof typeof SLURM_VALUES, error = `expected something like ${JSON.stringify(SLURM_VALUES[key].example)}`) {
  return z.string().regex(SLURM_VALUES[key].pattern, { error });
}
const gpusOf = (key: 'gpus' | 'gpus_per_node') => {
  const error = 'expected a number of GPUs, or text such as "a100:2"';
  return z.union([count, valueOf(key, error)], { error });
};
const mem = z.union([count, valueOf('mem')], { error: 'expected memory as sbatch takes it: "64G"' });

/** An option that has no key of its own, and is not bench's. */
const option = z.string().superRefine((text, context) => {
  // A job is told of its end by one.
  const problem = slurmOptionProblem(text, ['signal']);
  if (problem !== null) context.addIssue({ code: 'custom', message: problem });
});

/** What a job asks the queue for; names are those of sbatch(1) with `_`. */
const job = {
  partition: valueOf('partition').optional().describe('Default: the settings file’s, else the cluster’s.'),
  account: valueOf('account').optional().describe('Who is charged. Default: the settings file’s, else the user’s own.'),
  qos: valueOf('qos').optional().describe('Quality of service. Default: the settings file’s, else the account’s own.'),
  reservation: valueOf('reservation').optional().describe('A reservation to run in.'),
  constraint: valueOf('constraint').optional().describe('Node features, as sbatch takes them.'),
  exclude: valueOf('exclude').optional().describe('Nodes to stay off, as sbatch takes them.'),
  time: durationSchema.optional().describe('Wall time of the job: "01:00:00", "90m".'),
  time_limit: durationSchema.optional().describe('The same as `time`.'),
  nodes: count.optional().describe('Default: 1.'),
  ntasks_per_node: count.optional().describe('Tasks of a node, as srun starts them.'),
  gres: valueOf('gres').optional().describe('Generic resources, "gpu:a100:2". Default: the GPUs that the recipe asks for.'),
  gpus_per_node: gpusOf('gpus_per_node').optional().describe('A number, or "a100:2".'),
  gpus: gpusOf('gpus').optional().describe('GPUs of the whole job: a number, or "a100:2".'),
  cpus_per_task: count.optional().describe('CPU cores of each task.'),
  mem: mem.optional().describe('Memory of each node as sbatch takes it: "64G"; a number is megabytes.'),
  comment: valueOf('comment', 'expected one line of text without " and \\').optional().describe('A comment of the job.'),
  extra: z.array(option).default([]).describe('Options of sbatch that have no key here, "--nice=100".'),
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
