import type { ApiKind, EngineInfo, Host, Io, Phases, RenderedStep, RequestRecord } from '@bench/core';
import type { RentedMachine, Workload } from '@bench/provisioning';
import type { Engine, Task } from '@bench/recipe';

export type { RenderedStep } from '@bench/core';

/** What a plan needs to know of the place it is for; gathered once, so that plans are pure. */
export interface SiteFacts {
  /** The place as the user named it: `local`, `docker`, `ssh:gpu1`. For messages. */
  site: string;
  gpuVendor: 'nvidia' | 'amd' | null;
  /** The GPUs there are, in PCI bus order. */
  gpus: readonly SiteGpu[];
  /** Ports on the host's 127.0.0.1 that were free. A plan takes as many as it needs, from the front. */
  freePorts: readonly number[];
  /** The deployment's id in its run. */
  deploymentId: string;
  /** Begins every name that is made for it on the host (project, containers, networks): `bench-<run id>-<deployment id>`. */
  namePrefix: string;
  /** Folder of the run's deployment on this machine: rendered files and logs. */
  deploymentDir: string;
  /** Absolute folder on the host for the deployment's files; removed with it. */
  hostDir: string;
  /** Absolute folder on the host where model weights are kept between runs. */
  modelDir: string;
  /** What runs containers there; null: nothing that can be used. Absent: not looked for. */
  containers?: ContainerFacts | null;
  /** Why containers cannot be used there, as `inspectContainers` told it. Null or absent: they can, or it was not looked for. */
  containersProblem?: Problem | null | undefined;
  /** The endpoint faces the network, behind a generated API key. */
  expose: boolean;
  /** Where each engine's program lies, for engines that are run as a process; absent: not installed. */
  programs: Readonly<Record<string, FoundProgram | undefined>>;
}

export interface SiteGpu {
  /** As the runtime names it: `0`. */
  id: string;
  /** As the driver reports it. */
  name: string;
  memoryMiB?: number | undefined;
  /** In use when the machine was looked at. */
  memoryUsedMiB?: number | undefined;
}

/** What runs containers on a host. */
export interface ContainerFacts {
  /** Reaches the daemon: `docker`, or `sudo -n docker`. */
  docker: readonly [string, ...string[]];
  /** Version of the daemon. */
  dockerVersion: string;
  /** Null: no compose of either kind. `v1` lacks `--wait`, `gpus: all` and `ps --format json`. */
  compose: { argv: readonly [string, ...string[]]; version: string; flavour: 'v1' | 'v2' } | null;
  /** The daemon can hand NVIDIA GPUs to containers; null: not known. */
  nvidiaRuntime: boolean | null;
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

/** Data: all that adopting and stopping a deployment need. Each target adds its own fields; it is journalled, so it holds no secret. */
export interface DeploymentRecord {
  id: string;
  /** Name of the target that made it. */
  target: string;
  /** Tasks whose key is equal may share it. */
  key: string;
  /** For a service: its name and image. For a command: `command`. */
  engine: EngineInfo;
  /** Null: no inference engine. */
  api: ApiKind | null;
  servedModel: string;
  /** As seen on the host. */
  address: string;
  port: number;
  /** The engine's log on this machine. */
  logPath: string;
}

export interface Endpoint {
  address: string;
  port: number;
  scope: 'host' | 'cluster' | 'public';
  model: string;
  api: ApiKind;
  /** What the engine's API can do, for the load generator. */
  server: { tokenIdPrompts: boolean; ignoreEos: boolean; streamUsage: boolean; tokenizePath: string | null; resetCachePath: string | null };
  /** Where each engine behind it tells whether it works, with the key; paths under the endpoint. */
  healthPaths: readonly string[];
  /** Where each of them tells how it is, as Prometheus reads it, with the key; empty: nothing is known of such a place. */
  metricsPaths: readonly string[];
  /** Sent as a bearer token; never written down by whoever reads it. */
  apiKey?: string | undefined;
}

export type DeployEvent =
  | { type: 'phase'; phase: string }
  /** How far a phase is, in words: `3 of 11 layers, 2.1 of 8.4 GB`. */
  | { type: 'progress'; phase: string; text: string }
  | { type: 'log'; line: string }
  /** The record with what became known at the start; journal it. */
  | { type: 'started'; record: DeploymentRecord };

/** How a target rents the machine that is its deployment. */
export interface Rentals {
  /** As the run's limits allow, with failover. `secrets`: values in it that are never shown. */
  rent(
    workload: Extract<Workload, { kind: 'container' }>,
    options: { secrets: readonly string[]; signal?: AbortSignal },
  ): Promise<RentedMachine>;
  /** One that an earlier invocation rented, by its name; null: it is gone. */
  adopt(name: string): Promise<RentedMachine | null>;
}

export interface TargetContext {
  io: Io;
  /** The machine that the deployment lives on. Absent: this one. */
  host?: Host;
  engines?: readonly Engine[];
  /** Rents the machine that a deployment of target `container` is. */
  rentals?: Rentals;
  signal?: AbortSignal;
  on(event: DeployEvent): void | Promise<void>;
}

/** An engine that is up. */
export interface Deployment {
  readonly record: DeploymentRecord;
  /** Null for a service or a command, which {@link measure} themselves. */
  readonly endpoint: Endpoint | null;
  readonly phases: Phases;
  /** Null while it runs; why it ended otherwise. */
  exited(): string | null;
  /** Resolves, with the reason, when the engine ends by itself. */
  readonly died: Promise<string>;
  /** The engine's log so far, line by line. */
  logs(): AsyncIterable<string>;
  /** Runs a service's clients, or a command, once. Absent for an inference engine. */
  measure?(task: Task, options: MeasureOptions): Promise<OwnMeasurement>;
  /** Ends it and everything it started, and removes its files from the host. Idempotent. */
  stop(): Promise<void>;
  /** Lets go of it without ending it: connections and log readers are closed. */
  release(): Promise<void>;
}

export interface MeasureOptions {
  /** Names this measurement on the host; safe as a file name, unique in the run. */
  id: string;
  /** What clients see as `BENCHMARK_ID`. */
  runId: string;
  /** Empty folder on this machine for what comes back: `clients/<name>/…` of a service, `files/…` of a command. */
  dir: string;
  signal: AbortSignal;
  onProgress(text: string): void;
}

/** What a recipe's own clients or command brought. Their files are in {@link MeasureOptions.dir}. */
export interface OwnMeasurement {
  /** Wall clock at the start, ISO 8601. */
  startedAt: string;
  durationS: number;
  /** One a client (`name` is also its folder below `clients/`), or the one command. */
  parts: {
    name: string;
    /** Exit code; null: ended by a signal or its time-out. */
    code: number | null;
    durationS: number;
    /** Its `metrics.json`, checked; empty when it wrote none. */
    metrics: Record<string, { value: number; unit: string; better: 'higher' | 'lower' | null }>;
    /** Its `requests.jsonl`, checked; null when it wrote none. */
    requests: RequestRecord[] | null;
    /** Why it does not count; null: it does. */
    failure: string | null;
  }[];
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
