import type { ErrorScope } from '@bench/core';
import type { ProviderErrorKind } from './error.ts';
import type { SlurmDirectives } from '../slurm/directives.ts';
import type { Market, Offer, PriceSource, WorkloadKind } from './offer.ts';

/** What runs on a machine. A `vm` is empty but for its operating system. */
export type Workload =
  | { kind: 'vm' }
  | {
      kind: 'container';
      image: string;
      /** Replaces the image's entrypoint; null: the image's own. */
      entrypoint: readonly string[] | null;
      args: readonly string[];
      env: Readonly<Record<string, string>>;
      /** Ports of the container that are published. */
      ports: readonly number[];
    }
  | {
      kind: 'batch';
      /** With its first line, `#!…`. What its `#SBATCH` lines ask for holds where neither `directives` nor the offer says otherwise. */
      script: string;
      /** What the job asks for; before what the offer says. Default: the offer’s partition and GPUs. */
      directives?: SlurmDirectives;
      /** Working folder, on the file system that login host and nodes share; made when it is not there. Default: `<remote_dir>/<run>`. */
      folder?: string;
      /** File of stdout and stderr, relative to the folder. Default `<name>.log`. */
      log?: string;
    };

/** What is to be rented. Deterministic: equal specs make equal requests. */
export interface MachineSpec {
  /** `bench-<owner6>-<run>-<n>`: lower case, at most 60 characters, legal everywhere. */
  name: string;
  /** This user's owner id, in full. */
  owner: string;
  /** Id of the run that it is for. */
  run: string;
  offer: Offer;
  market: Market;
  /** OpenSSH public keys, one a line. Empty: no SSH (a container). */
  sshPublicKeys: readonly string[];
  /** The provider's own word for an image of a VM; null: the provider chooses by GPU. */
  image: string | null;
  diskGb: number;
  /** How long it may live at the most, seconds; a provider with a limit of its own sets it. */
  maxLifetimeS: number;
  /** When that is, ISO 8601; goes into a label. */
  expiresAt: string;
  /** The most that is bid an hour in an auction; null: the provider's own bid. */
  bidUsdPerHour: number | null;
  workload: Workload;
  /** Values that {@link Provider.plan} must not show. */
  secrets: readonly string[];
}

/** Data: names a machine for ever. */
export interface MachineRef {
  provider: string;
  id: string;
  name: string;
  region: string | null;
  zone: string | null;
}

/** `stopped`: exists and may bill its disk. `terminated`: bills nothing any more. `unknown`: the provider cannot say now. */
export type MachineState = 'pending' | 'provisioning' | 'running' | 'stopping' | 'stopped' | 'terminated' | 'failed' | 'unknown';

export interface MachineConnection {
  host: string;
  port: number;
  user: string;
}

/** A machine as its provider sees it now. */
export interface Machine {
  ref: MachineRef;
  state: MachineState;
  /** The provider's own word. */
  rawState: string;
  /** Why it is in that state, in the provider's words. */
  stateReason: string | null;
  /** How SSH reaches it. Null until that is complete and final, and where there is no SSH. */
  connection: MachineConnection | null;
  /** Where a container's ports are reached from outside: port of the container, address, port. Empty until known. */
  published: readonly { port: number; host: string; publicPort: number }[];
  priceUsdPerHour: number | null;
  priceSource: PriceSource | null;
  /** ISO 8601. */
  createdAt: string | null;
  /** It was taken away, or stopped, by the provider. */
  preempted: boolean;
  /**
   * Set with state `failed`. `code` is the provider's own. A provider whose create is only a promise (GCP: a stockout arrives in an operation,
   * after the create was answered) says with `kind` and `scope` what a failed create would have said, so that failover can obey it;
   * absent: kind `failed`, of this offer.
   */
  failure: { code: string; message: string; kind?: ProviderErrorKind; scope?: ErrorScope; hint?: string } | null;
  /** From its label or name; null: made by something else, or not readable. */
  owner: string | null;
  run: string | null;
  expiresAt: string | null;
  market: Market;
  workload: WorkloadKind;
}
