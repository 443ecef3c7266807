import type { Io, RenderedStep, StandardSchemaLike } from '@bench/core';
import type { Machine, MachineRef, MachineSpec } from './machine.ts';
import type { Market, Offer, OfferQuery, WorkloadKind } from './offer.ts';

/** The only version of this contract. */
export const CONTRACT_VERSION = 1;

/** What a provider can do; what it cannot is refused before anything costs. */
export interface Capabilities {
  workloads: readonly WorkloadKind[];
  markets: readonly Market[];
  /** A second create with an equal key answers with the first one's machine. */
  idempotentCreate: boolean;
  /** The owner stands in full in a label; otherwise only its first six characters, in the name. */
  labels: boolean;
  /** The provider itself ends a machine after `maxLifetimeS`. */
  nativeTtl: boolean;
  /** A machine that shuts itself down bills nothing any more. False also where nobody knows. */
  shutdownEndsBilling: boolean;
  /**
   * `never`: the machines go on without us (they are the user's own), so none is shut down from inside when nobody renews its lease.
   * Default `allowed`.
   */
  shutdown?: 'allowed' | 'never';
  stopStart: boolean;
  livePrices: boolean;
  logs: boolean;
  /** How long after a create call its machine may be invisible to `find`, `owned` and `observe`, milliseconds. */
  visibleWithinMs: number;
}

/** Least time between two calls of one kind, and how many a minute. The core keeps to both for all machines together. */
export interface CallLimit {
  minIntervalMs?: number;
  perMinute?: number;
}

/** Made by us or by a plugin. `S`: what the schema of its settings returns. */
export interface ProviderFactory<S = unknown> {
  readonly contractVersion: typeof CONTRACT_VERSION;
  /** Lower case; its name as a site and its section under `providers` of the settings file. */
  readonly name: string;
  /** For people: `CloudRift`. */
  readonly title: string;
  readonly capabilities: Capabilities;
  /** By the kinds that its calls name, see {@link ProviderRequest.kind}. */
  readonly limits: Readonly<Record<string, CallLimit>>;
  readonly settings: StandardSchemaLike;
  /** Deadlines of its own, milliseconds; see `DEFAULT_DEADLINES`. */
  readonly deadlines?: Partial<Deadlines>;
  /**
   * Whether there is anything to open: credentials in its settings or where its own tools keep them. Connects to nothing. Null: there is;
   * otherwise why not, in words, with what to do.
   */
  configured(settings: S, io: Io): Promise<{ reason: string; hint: string } | null>;
  /** Reads credentials; connects to nothing. @throws BenchError of kind `auth`. */
  open(settings: S, context: ProviderContext): Promise<Provider>;
}

/** How long each phase of a machine's start may take, milliseconds. */
export interface Deadlines {
  /** In a queue (`pending`). Default 2 h, for a market that queues; otherwise 10 minutes. */
  pendingMs: number;
  /** From leaving the queue until it runs and its connection is known. Default 30 minutes. */
  provisioningMs: number;
  /** Until SSH lets us in. Default 10 minutes. */
  sshMs: number;
  /** Until it is gone after `terminate`. Default 15 minutes. */
  terminateMs: number;
  /** Between two looks at machines that start. Default 5 s. */
  pollMs: number;
}

/**
 * What an open provider has from the core. Its `signal` is never aborted: machines must be looked at and ended after the user stopped everything,
 * so a call is stopped by the signal of its own options and by nothing else.
 */
export interface ProviderContext extends Io {
  /**
   * One HTTP exchange, paced by the factory's limits. A repeatable one is tried again after connection errors, 429, 502, 503 and 504, with
   * jitter and the server's Retry-After; one that is not is never sent twice unless the server certainly did not act.
   * @throws BenchError of kind `unknown-outcome` when a request that is not repeatable may have been acted on, else of the kind that
   *   `explain` or the status says
   */
  http(request: ProviderRequest): Promise<ProviderAnswer>;
  /** Waits until a call of this kind may be made; for providers that do not speak HTTP. */
  pace(kind: string, signal?: AbortSignal): Promise<void>;
}

export interface ProviderRequest {
  /** Names its limit: `create`. Also for messages. */
  kind: string;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  /** Values are never logged. */
  headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  body?: unknown;
  /** May it be sent again when nobody knows whether the server acted? */
  repeatable: boolean;
  /** Default 30 s. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  /** Statuses that are answers; default 200 to 299. */
  accept?: (status: number) => boolean;
  /**
   * What an answer that is not accepted means. Undefined: by its status alone. Must not throw. After a request that is not repeatable, a status
   * of 500 or more stays `unknown-outcome`, whatever kind this says, unless the error is `certain` or tells of a machine that was made.
   */
  explain?: (answer: ProviderAnswer) => Error | undefined;
}

export interface ProviderAnswer {
  status: number;
  headers: Headers;
  text: string;
  /** @throws BenchError of kind `transient` when the text is not JSON; `unknown-outcome` where the request was not repeatable. */
  json(): unknown;
}

export interface CheckItem {
  /** `credentials`, `balance`, `quota NVIDIA_H200_GPUS us-central1`. */
  name: string;
  state: 'ok' | 'warning' | 'failed';
  /** What was found: `ada@example.org`, `12.50 USD`, `0 of 8`. Never a secret. */
  text: string;
  /** What to do; absent when it is ok. */
  fix?: string;
  /** Of what failed: the exit code of a command that ends for it. Absent: that of credentials and quotas, 4. */
  exitCode?: number;
}
export interface CheckReport {
  items: CheckItem[];
}

export interface CallOptions {
  signal?: AbortSignal | undefined;
}

/** An open provider. The core polls, repeats, times out and fails over; a method makes its calls and says what it found. */
export interface Provider {
  /** Does not throw for what it finds: that is an item with its fix. */
  check(options?: CallOptions): Promise<CheckReport>;
  /**
   * A stable name of the account that pays (a user's or team's id, a project), never a key or what is made of one. The same whichever key of
   * the account is used, and unlike those of other accounts: a machine that is not seen is gone only for the account that rented it. Asked
   * for once, then remembered; a call that fails is not. Absent: nobody can tell accounts apart, as with machines of one's own.
   * @throws BenchError as any call
   */
  account?(options?: CallOptions): Promise<string>;
  offers(query: OfferQuery, options?: CallOptions): AsyncIterable<Offer>;
  /**
   * Pure: what `create` would send, secrets masked. Where `spec.offer.data` is null nobody made the offer, and words in capitals stand for what
   * only a real one tells; that is no error.
   */
  plan(spec: MachineSpec): RenderedStep[];
  /**
   * Returns at once, with a machine that may be far from ready. Called once for a spec; a second time only after `find` saw nothing, or with
   * the same key where {@link Capabilities.idempotentCreate}.
   * @throws BenchError; when of kind `capacity`, `quota`, `auth`, `balance`, `request` or `rate-limit`, nothing was made. When of kind
   *   `unknown-outcome`, something may have been. `details.ref`: a machine that was made nevertheless, and must be terminated.
   */
  create(spec: MachineSpec, options: CallOptions & { idempotencyKey: string }): Promise<Machine>;
  /** All at once, by `ref.id`. Null: gone for good. One that is not in the answer could not be looked at. */
  observe(refs: readonly MachineRef[], options?: CallOptions): Promise<Map<string, Machine | null>>;
  /** After a lost answer. Null: no such machine is visible now. */
  find(name: string, options?: CallOptions): Promise<Machine | null>;
  /** Idempotent. `gone`: bills nothing any more, or never was. */
  terminate(ref: MachineRef, options?: CallOptions): Promise<'gone' | 'accepted' | 'still-there'>;
  /** Machines that bench made, of one owner or of all, by label or name; ended ones are left out. */
  owned(filter: { owner?: string; run?: string }, options?: CallOptions): AsyncIterable<Machine>;
  /** The machine's own log (serial console, container), as far as there is one. */
  logs?(ref: MachineRef, options?: CallOptions): AsyncIterable<string>;
  start?(ref: MachineRef, options?: CallOptions): Promise<void>;
  stop?(ref: MachineRef, options?: CallOptions): Promise<void>;
  reboot?(ref: MachineRef, options?: CallOptions): Promise<void>;
  /**
   * What a machine can do to itself when nobody renews its lease: a request that ends it for good, with a credential that can do nothing else.
   * Null or absent: it can only shut down.
   */
  selfDestruct?(ref: MachineRef): { method: string; url: string; headers: Readonly<Record<string, string>>; body?: unknown } | null;
  close(): Promise<void>;
}
