import type { RenderedStep } from '@bench/core';
import type { SlurmDirectives } from '@bench/provisioning/slurm';
import type { Engine, EnvValue, RecipeKind } from '@bench/recipe';
import type { DeploymentRecord, FoundProgram } from '../contract.ts';
import type { BatchImage, BatchRuntime } from './image.ts';
import type { BatchPlace } from './layout.ts';

/** What the batch target adds to a record. No secret. Address and port are known on the cluster only: in the file `service.announced`. */
export interface BatchRecord extends DeploymentRecord {
  target: 'batch';
  kind: RecipeKind;
  /** Absolute folder of the run on the cluster. */
  runFolder: string;
  /** Absolute folder of the deployment, below it. */
  folder: string;
  runtime: BatchRuntime;
  /** Null: without a container. */
  image: BatchImage | null;
  /** How many client jobs there are; of a command 0. */
  clients: number;
  /** The recipe's own clients, in order of their index; empty for load clients. */
  clientNames: readonly string[];
  /** Answers 200 with the key when the engine works; null: it is no inference engine. */
  healthPath: string | null;
  /** POSTed to before a load; null: the engine has none. */
  resetCachePath: string | null;
}

/** A file of a deployment on the cluster. */
export interface BatchFile {
  /** Absolute. */
  path: string;
  content: string;
  mode: number;
  /** It holds secrets. */
  secret: boolean;
}

/** One job. Of a service or inference recipe the service's is the first, and the clients' begin only when it has (`--dependency=after:<id>`). */
export interface BatchJob {
  role: 'service' | 'client' | 'command';
  /** Which client; 0 for the others. */
  index: number;
  /** Content of the script, given to sbatch as it is. */
  script: string;
  /** Absolute path of the same script in the deployment's folder, for people. */
  path: string;
  directives: SlurmDirectives;
  /** File of the job's standard output and error, relative to the deployment's folder. */
  log: string;
}

export interface BatchPlan {
  record: BatchRecord;
  /** Absolute folders that must be there, mode 0700, parents first. */
  folders: readonly string[];
  files: readonly BatchFile[];
  /** Files and folders of this machine that go to the cluster. */
  copies: readonly { from: string; to: string }[];
  /** What `command.stage` names goes below `to`; null: nothing. */
  stage: { paths: readonly string[]; to: string } | null;
  jobs: readonly BatchJob[];
  /** For people; secrets masked. */
  steps: RenderedStep[];
}

/** How long a job waits for what, seconds. */
export interface BatchTiming {
  /** For an image. */
  pullS: number;
  /** For the engine of an inference recipe, from its start until it is healthy. A service says so itself (`ready.timeout`). */
  readyS: number;
  /** For a service's client, from its start until the service is ready. */
  serviceS: number;
  /** For a service that is ready to be reached from a client's node. */
  reachS: number;
  /** Between TERM and KILL. Slurm itself kills after KillWait, 30 s where nothing else was set. */
  graceS: number;
  /** For an answer to one question for health. */
  probeS: number;
  /** Between two samples of GPUs and processes. */
  telemetryS: number;
  /** Without a sign of life a lock is broken. */
  staleLockS: number;
  /** How long before its time limit a job is told of it. */
  noticeS: number;
}

export const BATCH_TIMING: BatchTiming = {
  pullS: 10_800,
  readyS: 3600,
  serviceS: 14_400,
  reachS: 120,
  graceS: 15,
  probeS: 5,
  telemetryS: 5,
  staleLockS: 60,
  noticeS: 60,
};

/** What a plan needs to know beside the task. */
export interface BatchPlanOptions {
  place: BatchPlace;
  /** Folder of the deployment in the run directory of this machine. */
  deploymentDir: string;
  engines?: readonly Engine[];
  /** Where an engine's program lies on the nodes, for `runtime: none`. Default: what the engine says, found by the node's PATH. */
  programs?: Readonly<Record<string, FoundProgram | undefined>>;
  /** Node and the load generator's file on the cluster, absolute; needed by inference recipes. */
  loadClient: { node: string; file: string };
  /** The generated key or password of this deployment. */
  apiKey: string;
  /** Reads the secrets that an environment names. */
  resolve(env: Readonly<Record<string, EnvValue>>): Record<string, string>;
  /** Variables that are passed on because they are set here: `HF_TOKEN`. */
  passed?: Readonly<Record<string, string>>;
  /** What jobs ask for where the recipe is silent. */
  defaults?: SlurmDirectives;
  /**
   * How long the queue lets a job run whose recipe says nothing of time, seconds, by what else it asks for. The job asks for so much then. Default: not
   * known, and nothing is asked for.
   */
  limitOf?(directives: SlurmDirectives): number;
  /** Types of GPUs as the cluster's partition names them (`a100`); with exactly one that is the recipe's GPU, it is asked for by name. */
  gpuTypes?: readonly string[];
  timing?: Partial<BatchTiming>;
}
