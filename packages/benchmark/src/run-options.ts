import type { ApiKind, Io } from '@bench/core';
import type { Endpoint } from '@bench/deploy';
import type { DatedSelfcheck } from '@bench/loadgen/selfcheck';
import type { Ledger, OpenProviders } from '@bench/provisioning';
import type { Engine, Task } from '@bench/recipe';
import type { RunCost, RunFile } from '@bench/results';
import type { FoundMachine } from './cloud/left-machines.ts';
import type { RunEvent } from './events.ts';
import type { TelemetryOptions } from './telemetry/index.ts';

/** What renting machines takes. */
export interface CloudAccess {
  ledger: Ledger;
  providers: OpenProviders;
}

/** What renting for a run would take, before any of it is rented. */
export interface RentRequest {
  /** All tasks of the run. */
  tasks: readonly Task[];
  /** Indices of the execution groups for which machines are to be rented. */
  groups: readonly number[];
  /** Machines of earlier invocations that may cost money: used again where they have no `problem`. */
  left: readonly FoundMachine[];
}

export interface RunOptions {
  io: Io;
  tasks: readonly Task[];
  /** What was asked, kept in `run.json`. */
  asked: RunFile['asked'];
  /** The user named variants: one that fits no machine is refused, not left out. Default: when there is a filter. */
  explicit?: boolean;
  /** What the hosts lack may be installed there; see {@link OpenMachinesOptions.bootstrap}. Default false. */
  bootstrap?: boolean;
  /** How engines and machines are sampled while points are measured; null: they are not. Default: once a second. */
  telemetry?: TelemetryOptions | null;
  /** Folder of runs. */
  root: string;
  /** Versions of what runs, by name. */
  tools: Record<string, string>;
  /** Where programs of engines are looked for, nearest first. */
  folders: readonly string[];
  /** Where bench runs: files of command recipes are relative to it. Default: the process's folder. */
  cwd?: string;
  engines?: readonly Engine[];
  /** Folder of a run to go on with, instead of a new one. */
  resume?: string;
  /** Needed where machines are rented, and on a cluster. */
  cloud?: CloudAccess;
  /** On a cluster: leaves the jobs to the queue as soon as they are submitted. Default false. */
  detach?: boolean;
  /** Asked before machines are rented, and before those that were left are used again; what it throws refuses the run. Default: they may be. */
  confirm?: (request: RentRequest) => Promise<void>;
  /** The latest self-check of the load client on this machine: the results of load that is sent from here carry it. */
  selfcheck?: DatedSelfcheck;
  /** File to which accepted host keys were added while connecting; its text is kept with the run. */
  knownHosts?: string;
  on?: (event: RunEvent) => void;
}

export interface RunOutcome {
  id: string;
  dir: string;
  status: 'done' | 'failed' | 'interrupted';
  exitCode: number;
  /** What could not be taken down, in words; exit code 6 when there is any. */
  leftBehind: string[];
  /** Deployments that were left up as asked, with their machines. */
  kept: KeptDeployment[];
  /** Its jobs were left to the queue: claimed until then, ISO 8601. Absent: they were not. */
  detached?: { until: string; jobs: string[] };
  /** What its rented machines cost, of all its invocations; absent where nothing was rented. */
  cost?: RunCost;
  /** Why the run came to nothing through no task of its own: it reached what it may cost, or no machine could be rented for any of it. */
  stoppedBy?: { code: string; message: string; hint: string | undefined };
}

/** A deployment that was left up. */
export interface KeptDeployment {
  deployment: string;
  machine: string;
  engine: string;
  /** As its host sees it. */
  endpoint: { address: string; port: number; scope: Endpoint['scope']; model: string; api: ApiKind } | null;
  /** File on this machine that holds the API key; null: none is asked for. */
  apiKeyFile: string | null;
  /** The machine that stays with it, and costs until it is ended; absent: it was not rented. */
  rented?: { name: string; provider: string; priceUsdPerHour: number | null; until: string };
}
