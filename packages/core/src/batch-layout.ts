import { z } from 'zod';
import { apiKindSchema, type LoadSpecInput } from './load.ts';
import { clockOffsetSchema } from './point.ts';

/**
 * A deployment that a cluster's queue runs: one service job and some client jobs that speak to each other, and to whoever submitted them,
 * through files in one folder of the cluster's shared file system. Here are the files' names and what is in them.
 *
 * Every file of state is JSON with `atMs`, the writer's wall clock (epoch milliseconds), and is written whole: a temporary file beside it,
 * then a rename. A file that is there is therefore complete; one that is not says that it has not happened, or cannot be seen yet.
 */

/** Paths relative to the deployment's folder; `i` is the client, from 0, `k` the load, from 0. */
export const BATCH_FILES = {
  serviceScript: 'service.sh',
  clientScript: (i: number) => `client-${i}.sh`,
  commandScript: 'command.sh',
  /** `export NAME='…'` lines, mode 0600. */
  serviceEnv: 'service.env',
  clientEnv: 'client.env',
  /** The key that the service asks for, and a line end; mode 0600. Absent: it asks for none. */
  apiKey: 'api-key',
  engineLog: 'engine.log',
  serviceOut: 'service.out',
  /** A line each few seconds while the engine lives: `TelemetrySample`. */
  telemetry: 'telemetry.jsonl',
  /** The job, the process id of its engine, and whose GPUs it asked for, with blanks between. */
  enginePid: 'engine.pid',
  clientOut: (i: number) => `client-${i}.out`,
  stateFolder: 'state',
  state: (name: BatchStateName) => `state/${name}`,
  /** What the load clients are to do: {@link BatchClientPlan}. */
  clientPlan: 'orders/plan.json',
  /** {@link BatchOrder}. */
  order: (k: number) => `orders/${k}.json`,
  clientsFolder: 'clients',
  client: (i: number) => `clients/${i}`,
  /** What the client printed; its job sees to that. */
  clientLog: (i: number) => `clients/${i}/client.log`,
  /** What client `i` measured of load `k`; of other recipes' clients: their own files, with `k` 0. */
  result: (i: number, k: number) => `clients/${i}/${k}`,
  /** Client 0 has prepared the load: {@link batchPreparedSchema}. */
  prepared: (k: number) => `clients/0/${k}/prepared.json`,
  /** The client could send its first measured request now: {@link batchHereSchema}. */
  here: (i: number, k: number) => `clients/${i}/${k}/here.json`,
  /** When all begin: {@link batchGoSchema}. */
  go: (k: number) => `clients/0/${k}/go.json`,
  /** The client is done with the load, and its result or error is beside this: {@link BatchEnded}. */
  ended: (i: number, k: number) => `clients/${i}/${k}/ended.json`,
} as const;

const at = { atMs: z.number() };
const job = { ...at, jobId: z.string(), node: z.string() };

/** Other keys are let pass: a newer version may have written them. */
const states = {
  /** The job has begun. */
  'service.running': z.object(job),
  /** The image is there. `action`: what was done for it (`none`, `given`, `cached`, `pulled`). `sha256`: of the file that a registry gave. */
  'service.image': z.object({ ...at, action: z.string(), durationMs: z.number(), sha256: z.string().optional() }),
  /** Names and addresses under which the node may be reached, the likeliest first, and the port that the engine was given. */
  'service.announced': z.object({ ...at, hosts: z.array(z.string()).min(1), port: z.int().min(1).max(65_535) }),
  /** Something listens on the port. */
  'service.listening': z.object(at),
  /** The engine's health address answered. */
  'service.ready': z.object(at),
  /** A first answer was as it should be, or none was asked for: written by client 0. */
  'service.tested': z.object({ ...at, durationMs: z.number() }),
  /** The service is over. `reason` is for people: `stopped`, `time limit`, `cancelled`, `the engine exited with code 1`, … */
  'service.exit': z.object({ ...at, code: z.int().nullable(), signal: z.string().optional(), reason: z.string() }),
  /** Whoever writes it asks the service to end. */
  stop: z.object({ ...at, reason: z.string() }),
};

const clientStates = {
  /** The job has begun. */
  running: z.object(job),
  /** It has reached the service at `url`. */
  ready: z.object({ ...at, url: z.string() }),
  /** Where it is; written anew every few seconds while it lives. */
  progress: z.object({
    ...at,
    /** Counts up with each writing: life shows in this, not in clocks. */
    beat: z.int(),
    /** `starting`, `waiting for …`, or a phase of the load client. */
    phase: z.string(),
    /** The load it is at, from 0; null: at none yet. */
    order: z.int().nullable(),
    orders: z.int(),
    sent: z.int().default(0),
    done: z.int().default(0),
    failed: z.int().default(0),
    cancelled: z.int().default(0),
    /** Measured requests that the client will send in this load; null: it ends by time. */
    total: z.int().nullable().default(null),
    tokensPerS: z.number().default(0),
    etaMs: z.number().nullable().default(null),
  }),
  /** It is over. 0: all it had to do is done; 130: it was told to end. */
  exit: z.object({ ...at, code: z.int().nullable(), reason: z.string() }),
};

type ClientStateKind = keyof typeof clientStates;
/** Name of a file in the folder `state`. */
export type BatchStateName = keyof typeof states | `client.${number}.${ClientStateKind}`;
/** What the file of state `Name` holds. */
export type BatchState<Name extends BatchStateName> = Name extends keyof typeof states
  ? z.infer<(typeof states)[Name]>
  : Name extends `client.${number}.${infer Kind extends ClientStateKind}`
    ? z.infer<(typeof clientStates)[Kind]>
    : never;

/** Text of a file of state. */
export function encodeBatchState<Name extends BatchStateName>(_name: Name, state: BatchState<Name>): string {
  return `${JSON.stringify(state)}\n`;
}

/** What a file of state says; null when it is not of the form of that name. */
export function parseBatchState<Name extends BatchStateName>(name: Name, text: string): BatchState<Name> | null {
  const kind = /^client\.\d+\.([a-z]+)$/.exec(name)?.[1];
  const schema = (kind === undefined ? states[name as keyof typeof states] : clientStates[kind as ClientStateKind]) as
    | z.ZodType
    | undefined;
  return (schema ? readBatchJson(schema, text) : null) as BatchState<Name> | null;
}

/** Is this the name of a file of state? Others in the folder (temporary ones) are nobody's business. */
export function isBatchStateName(name: string): name is BatchStateName {
  const client = /^client\.(?:0|[1-9]\d*)\.([a-z]+)$/.exec(name)?.[1];
  return client === undefined ? Object.hasOwn(states, name) : Object.hasOwn(clientStates, client);
}

/** JSON of a file that others write; null when it is not of that form. */
export function readBatchJson<T>(schema: z.ZodType<T>, text: string): T | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = schema.safeParse(json);
  return parsed.success ? parsed.data : null;
}

/** What all load clients of a deployment are to know before its loads. */
export const batchClientPlanSchema = z.object({
  version: z.literal(1),
  /** Name of the model in request bodies. */
  model: z.string().min(1),
  /** Asked for 200 with the key, from the server's root: `/health`. */
  healthPath: z.string().startsWith('/'),
  /** POSTed to before each load, from the server's root; null: the engine has none. */
  resetCachePath: z.string().startsWith('/').nullable().default(null),
  /** How many loads there are: `orders/0.json` and on. */
  orders: z.int().min(0),
  /** Client 0's first request; null: none. */
  smokeTest: z
    .object({
      api: apiKindSchema,
      prompt: z.string(),
      /** Text that the answer must contain; null: some tokens are enough. */
      contains: z.string().nullable(),
      maxTokens: z.int().positive(),
    })
    .nullable()
    .default(null),
  /** From the client's start until the service is ready, milliseconds. */
  readyTimeoutMs: z.number().positive().default(3_600_000),
  /** How long another client may show no sign of life while it is waited for, milliseconds. Clients may wait in the queue for as long. */
  peerTimeoutMs: z.number().positive().default(900_000),
  /** Between two looks at the files, milliseconds. */
  pollMs: z.number().positive().default(1000),
});
export type BatchClientPlan = z.infer<typeof batchClientPlanSchema>;
/** What is written to `orders/plan.json`; defaults may be left out. */
export type BatchClientPlanInput = z.input<typeof batchClientPlanSchema>;

/** `orders/<k>.json`: one load of the whole, to be split among the clients. No secrets: the key is in a file of its own. */
export interface BatchOrder {
  /** `version` of the load client's orders. */
  version: 1;
  /** Names the load to whoever ordered it. */
  id: string;
  /** Prompt files are absolute paths on the cluster. */
  load: LoadSpecInput;
  /** What the server can, as the load client's `ServerAbilities`. */
  server?:
    | {
        tokenIdPrompts?: boolean | undefined;
        ignoreEos?: boolean | undefined;
        streamUsage?: boolean | undefined;
        tokenizePath?: string | null | undefined;
      }
    | undefined;
  /** Threads that send, of each client. */
  workers?: number | undefined;
}

/** What client 0 learnt of the server is in `calibration`, in the load client's own form. */
export const batchPreparedSchema = z.object({ ...at, calibration: z.unknown() });
export const batchHereSchema = z.object(at);
/** `startAtMs`: on client 0's wall clock. */
export const batchGoSchema = z.object({ ...at, startAtMs: z.number() });

export const batchEndedSchema = z.object({
  ...at,
  /** True: there is a result; false: there is an `error.json`. */
  result: z.boolean(),
  /** Of this client to client 0, found out before and after the load; null: it could not be. */
  clock: clockOffsetSchema.nullable(),
});
export type BatchEnded = z.infer<typeof batchEndedSchema>;
