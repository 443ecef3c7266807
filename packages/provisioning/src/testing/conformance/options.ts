import type { Io } from '@bench/core';
import type { MachineRef, MachineSpec, Workload } from '../../contract/machine.ts';
import type { Offer, OfferQuery, WorkloadKind } from '../../contract/offer.ts';
import type { ProviderFactory } from '../../contract/provider.ts';

type Awaitable<T> = T | Promise<T>;

/** One promise of a provider, checked. Give those that are not skipped to any test runner: `it(name, run)`. */
export interface ConformanceCase {
  name: string;
  /** Why it cannot be tried here (what a hook or an option would enable); null: it can. */
  skipped: string | null;
  /** Rejects with an assertion error when the promise is not kept. */
  run(): Promise<void>;
}

/** What the provider of one case stands on: a fake that was started for it, or an account. */
export interface ConformanceWorld {
  /** The provider's section of the settings file; default: those of {@link ConformanceOptions}. */
  settings?: unknown;
  io?: Io;
  /** Credentials and other values that must be seen nowhere. Those that the provider reads or masks through its Io are known anyway. */
  secrets?: readonly string[];
  close?(): Awaitable<void>;
}

export interface ConformanceOptions<W extends ConformanceWorld = ConformanceWorld> {
  factory: ProviderFactory;
  /** The provider's section of the settings file. Default `{}`. */
  settings?: unknown;
  /** Default: a real one. */
  io?: Io;
  /** Makes the world of one case. Default: all cases share the account that `settings` name. */
  prepare?: () => Awaitable<W>;
  /** False: nothing is rented, for an account that costs money. Default true. */
  rent?: boolean;
  /** Narrows what is looked for, and so what is rented. */
  query?: Partial<OfferQuery>;
  /** Which of the offers is rented. Default: the cheapest. */
  choose?: (offers: readonly Offer[]) => Offer | undefined;
  /** Beside what the suite chooses: `image`, `sshPublicKeys`, … */
  spec?: Partial<Pick<MachineSpec, 'image' | 'diskGb' | 'sshPublicKeys' | 'bidUsdPerHour' | 'maxLifetimeS'>>;
  /** What is run, by kind. Default: an empty VM, a container that sleeps, a script that does. */
  workloads?: Partial<Record<WorkloadKind, Workload>>;
  /** An id of the provider's form that no machine ever had. */
  unknownId?: string;
  /** How many machines are rented at once to see that a list is read to its end; default 30 where {@link ConformanceHooks.advance} is there, else 2. */
  many?: number;
  /** Names for {@link ConformanceHooks.misbehave}: a life goes well, or ends clean, under each. */
  misbehaviours?: readonly string[];
  /** How long a phase of a machine may take, milliseconds. Default: the provider's own deadlines. */
  patienceMs?: number;
  hooks?: ConformanceHooks<W>;
}

/** How a create is refused. */
export type Refusal = 'capacity' | 'quota' | 'balance' | 'request' | 'rate-limit';

/** What a fake can be told. Each is optional: without it, the cases that need it are left out. */
export interface ConformanceHooks<W> {
  /** Lets so much time pass for the provider. With it nothing waits: every sleep of the provider and of the suite does this instead. */
  advance?(world: W, ms: number): Awaitable<void>;
  /** Names of all machines that cost money now, in truth. */
  alive?(world: W): Awaitable<readonly string[]>;
  /** The next create is acted upon, and its answer is lost: the connection ends, half of the JSON comes, or a 500. */
  loseAnswer?(world: W, how: 'reset' | 'malformed' | 'error'): Awaitable<void>;
  /** The next create is acted upon, and its answer begins and never ends. Needs `alive`. */
  endlessAnswer?(world: W): Awaitable<void>;
  /** The next create is lost before the provider acts upon it. */
  loseRequest?(world: W): Awaitable<void>;
  /** Creates are refused from now on, so. */
  refuse?: Partial<Record<Refusal, (world: W) => Awaitable<void>>>;
  /** Every call fails, until the function that is returned was called. */
  breakDown?(world: W): Awaitable<() => Awaitable<void>>;
  /** The credentials are refused from now on. */
  revoke?(world: W): Awaitable<void>;
  /** Settings whose credentials were never right. */
  wrongSettings?(world: W): unknown;
  /** Puts machines into the account that this bench did not make: of another owner, and of no bench at all. Returns their ids. */
  strangers?(world: W): Awaitable<readonly string[]>;
  /** The provider takes a machine away. */
  preempt?(world: W, ref: MachineRef): Awaitable<void>;
  /** Switches one of {@link ConformanceOptions.misbehaviours} on. */
  misbehave?(world: W, name: string): Awaitable<void>;
}
