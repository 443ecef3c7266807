import type { ApiKind, EngineInfo, Host, Io, Phases } from '@bench/core';
import type { Engine, EnvValue, Task } from '@bench/recipe';

/** What a plan needs to know of the place it is for; gathered once, so that plans are pure. */
export interface SiteFacts {
  gpuVendor: 'nvidia' | 'amd' | null;
  /** The GPUs there are, in PCI bus order. */
  gpus: readonly SiteGpu[];
  /** Ports on 127.0.0.1 that were free, one a deployment. */
  freePorts: readonly number[];
  /** Names the deployment, and begins every name that is made for it there. */
  namePrefix: string;
  /** Folder of the run's deployment on this machine: rendered files and logs. */
  deploymentDir: string;
  /** Where each engine's program lies, for engines that are run as a process; absent: not installed. */
  programs: Readonly<Record<string, FoundProgram | undefined>>;
}

export interface SiteGpu {
  /** As the runtime names it: `0`. */
  id: string;
  /** As the driver reports it. */
  name: string;
  memoryMiB?: number | undefined;
}

/** How to start an engine's program on the local machine. */
export interface FoundProgram {
  /** Put before the engine's arguments: interpreter and script, or the executable. */
  argv: readonly [string, ...string[]];
  version?: string | undefined;
}

/** A reason why a task cannot run at a site. */
export interface Problem {
  code: `BENCH_${string}`;
  message: string;
  hint?: string;
}

/** What a plan would do, for people: `--dry-run` prints these. Secrets are masked. */
export type RenderedStep =
  | { kind: 'command'; description: string; argv: readonly string[]; cwd?: string }
  | { kind: 'file'; description: string; path: string; content: string }
  | { kind: 'http'; description: string; method: string; url: string; body?: unknown };

/** Data: all that adopting and stopping a deployment need. */
export interface DeploymentRecord {
  id: string;
  target: string;
  /** Tasks whose key is equal may share it. */
  key: string;
  engine: EngineInfo;
  api: ApiKind;
  servedModel: string;
  address: string;
  port: number;
  logPath: string;
  /** Process target: what is started. */
  argv: readonly string[];
  /** Secrets stay references; they are read when the program starts. */
  env: Readonly<Record<string, EnvValue>>;
  cwd: string;
  /** Process target, after the start: the supervisor's process id, which is its group's too. */
  pid?: number;
  /** When the process was started, in the kernel's clock ticks since boot: tells a reused process id apart. */
  pidStart?: string | null;
}

export interface Endpoint {
  address: string;
  port: number;
  scope: 'host' | 'cluster' | 'public';
  model: string;
  api: ApiKind;
  /** What the engine's API can do, for the load generator. */
  server: { tokenIdPrompts: boolean; ignoreEos: boolean; streamUsage: boolean; tokenizePath: string | null; resetCachePath: string | null };
}

export type DeployEvent =
  | { type: 'phase'; phase: string }
  | { type: 'log'; line: string }
  /** The record with what became known at the start; journal it. */
  | { type: 'started'; record: DeploymentRecord };

export interface TargetContext {
  io: Io;
  host?: Host;
  engines?: readonly Engine[];
  signal?: AbortSignal;
  on(event: DeployEvent): void | Promise<void>;
}

/** An engine that is up. */
export interface Deployment {
  readonly record: DeploymentRecord;
  readonly endpoint: Endpoint;
  readonly phases: Phases;
  /** Null while it runs; why it ended otherwise. */
  exited(): string | null;
  /** Resolves, with the reason, when the engine ends by itself. */
  readonly died: Promise<string>;
  /** The engine's log so far, line by line. */
  logs(): AsyncIterable<string>;
  /** Ends it and everything it started. Idempotent. */
  stop(): Promise<void>;
}

/** Somewhere a deployment can live. */
export interface Target {
  readonly name: string;
  /** Refuses before anything is started. */
  check(task: Task, site: SiteFacts): Problem[];
  /** Pure. The record is journalled before `start`. */
  plan(task: Task, site: SiteFacts): { record: DeploymentRecord; steps: RenderedStep[] };
  /** @throws BenchError with `details.phases` and the last log lines when it does not come up; everything is down again then. */
  start(planned: { record: DeploymentRecord; task: Task }, context: TargetContext): Promise<Deployment>;
  /** Takes over what a record describes, or ends what is left of it and answers null. */
  adopt(record: DeploymentRecord, context: TargetContext): Promise<Deployment | null>;
}
