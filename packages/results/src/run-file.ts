import { engineInfoSchema, phaseSchema, systemInfoSchema } from '@bench/core';
import { z } from 'zod';
import { askedBatchSchema } from './asked-batch.ts';
import { askedCloudSchema } from './asked-cloud.ts';
import { searchFileSchema } from './search-file.ts';

/** Version of everything in a run directory. Readers accept this and older ones. */
export const SCHEMA_VERSION = 1;

export const runStatusSchema = z.enum(['running', 'done', 'failed', 'interrupted']);
export type RunStatus = z.infer<typeof runStatusSchema>;

export const plannedTaskSchema = z.strictObject({
  recipe: z.string(),
  variant: z.string(),
  /** The task key: what resume, compare and history match by. */
  key: z.string(),
  /** Index of the execution group (tasks that share a machine). */
  group: z.int().min(0),
  /** Tasks with an equal key share one deployment. */
  deploymentKey: z.string(),
  /** Points of the task, repeats not counted. */
  points: z.int().min(0),
  repeats: z.int().positive(),
  /** There may be fewer: each follows from what those before it measured. Absent: there are as many. */
  atMost: z.literal(true).optional(),
});
export type PlannedTask = z.infer<typeof plannedTaskSchema>;

/** `run.json`: what was asked, and how it stands. */
export const runFileSchema = z.strictObject({
  schemaVersion: z.int(),
  id: z.string(),
  createdAt: z.string(),
  endedAt: z.string().nullable(),
  status: runStatusSchema,
  exitCode: z.int().nullable(),
  tools: z.record(z.string(), z.string()),
  asked: z.strictObject({
    /** Absolute folders or files of the recipes, in the order given. */
    recipes: z.array(z.string()),
    site: z.string(),
    filter: z.array(z.string()),
    seed: z.int(),
    /** `deploy`: nothing is measured, and what comes up stays up. Absent in runs of before there was a choice: `measure`. */
    mode: z.enum(['measure', 'deploy']).optional(),
    /** The last deployment of each machine stays up when the run ends. */
    keep: z.boolean().optional(),
    /** What spare GPUs are used for. */
    scaleOut: z.enum(['data-parallel', 'replicas']).optional(),
    /** Only variants with one of these names. */
    variants: z.array(z.string()).optional(),
    /** Only variants for this GPU. */
    gpu: z.string().optional(),
    /** How the hosts are reached. */
    ssh: z
      .strictObject({ identities: z.array(z.string()).optional(), transport: z.enum(['auto', 'ssh2', 'system']).optional() })
      .optional(),
    /** The endpoint faces the network, behind a generated key. */
    expose: z.boolean().optional(),
    /** Folder on the hosts where model weights are kept. */
    modelDir: z.string().optional(),
    /** Image in which the load generator runs on a host without Node. */
    nodeImage: z.string().optional(),
    /** Of a run whose machines are rented. */
    cloud: askedCloudSchema.optional(),
    /** Of a run in the queue of a cluster. */
    batch: askedBatchSchema.optional(),
  }),
  tasks: z.array(plannedTaskSchema),
});
export type RunFile = z.infer<typeof runFileSchema>;

/** `notes.json`: tags and remarks of the user. */
export const notesSchema = z.strictObject({
  tags: z.array(z.string()).default([]),
  remarks: z.array(z.strictObject({ at: z.string(), text: z.string() })).default([]),
});
export type Notes = z.infer<typeof notesSchema>;

/** What was rented, of whom, and since when; no secret. */
export const rentedSchema = z.strictObject({
  /** Its name at the provider and in the ledger. */
  name: z.string(),
  provider: z.string(),
  /** The provider's own id of it. */
  id: z.string(),
  offer: z.string(),
  instanceType: z.string(),
  region: z.string(),
  zone: z.string().nullable(),
  country: z.string().nullable(),
  gpu: z.strictObject({ name: z.string(), count: z.int().positive(), memoryGb: z.number() }).nullable(),
  market: z.string(),
  workload: z.enum(['vm', 'container', 'batch']),
  diskGb: z.number(),
  storageUsdPerGbMonth: z.number().nullable(),
  egressUsdPerGb: z.number().nullable(),
  /** When the price was asked for, or its table's date; ISO 8601. */
  priceAt: z.string().nullable(),
  /** When its provider says that it was created, ISO 8601; null: it does not say. */
  createdAt: z.string().nullable(),
});
export type RentedFile = z.infer<typeof rentedSchema>;

/** `machines/<n>/machine.json`. */
export const machineFileSchema = z.strictObject({
  name: z.string(),
  kind: z.enum(['local', 'ssh', 'rented', 'node']),
  system: systemInfoSchema,
  /** Null: not known, which is not the same as free. */
  priceUsdPerHour: z.number().nullable(),
  priceSource: z.string().nullable(),
  /** Of a node of a cluster: the partition of the job. */
  partition: z.string().optional(),
  /** Of a machine that was rented. */
  rented: rentedSchema.optional(),
});
export type MachineFile = z.infer<typeof machineFileSchema>;

/** `deployments/<id>/deployment.json`. */
export const deploymentFileSchema = z.strictObject({
  id: z.string(),
  key: z.string(),
  target: z.string(),
  status: z.enum(['starting', 'ready', 'stopped', 'failed']),
  engine: engineInfoSchema,
  machine: z.int().min(0),
  phases: z.array(phaseSchema),
  error: z.strictObject({ code: z.string(), message: z.string(), hint: z.string().optional() }).nullable(),
});
export type DeploymentFile = z.infer<typeof deploymentFileSchema>;

/** One measured repeat of a point, and where it lies. */
export const pointEntrySchema = z.strictObject({
  attempt: z.int().positive(),
  point: z.int().min(0),
  repeat: z.int().min(0),
  /** Folder below the task's own. */
  path: z.string(),
  status: z.enum(['ok', 'failed']),
  error: z.string().nullable(),
});
export type PointEntry = z.infer<typeof pointEntrySchema>;

/** `tasks/<recipe>/<variant>/result.json`: the index of a task. */
export const taskFileSchema = z.strictObject({
  schemaVersion: z.int(),
  recipe: z.string(),
  variant: z.string(),
  key: z.string(),
  kind: z.enum(['inference', 'service', 'command']),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  gpu: z.strictObject({ name: z.string().nullable(), count: z.int().min(0) }),
  status: z.enum(['pending', 'running', 'done', 'failed', 'interrupted']),
  deployment: z.string().nullable(),
  machine: z.int().min(0).nullable(),
  points: z.array(pointEntrySchema),
  /** Of a task that searches the highest load under an SLO. */
  search: searchFileSchema.optional(),
  error: z.strictObject({ code: z.string(), message: z.string(), hint: z.string().optional() }).nullable(),
});
export type TaskFile = z.infer<typeof taskFileSchema>;
