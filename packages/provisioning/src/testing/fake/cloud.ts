import type { FakeClock } from './clock.ts';
import type { FakeMachines } from './machines.ts';
import type { FakeServer } from './server.ts';

/** What every fake provider takes. */
export interface FakeCloudOptions {
  /** What stands behind its machines; ended by the cloud's `close`. Default: nothing, see `noMachines`. */
  machines?: FakeMachines;
  port?: number;
  clock?: FakeClock;
  keys?: readonly string[];
  /** Of everything that is drawn. Default 1. */
  seed?: number;
  /** Names of the awkward things it does. Default: none. */
  misbehave?: 'all' | readonly string[];
}

/** What a fake provider knows to be true, whatever it says. */
export interface FakeTruth {
  /** Creates whose answer the client was sent whole, and those it was not. */
  createsAcknowledged: number;
  createsLost: number;
  /** Machines that cost money now. */
  live: { id: string; name: string; owner: string | null; since: string }[];
  /** All machines, until now, by the fake's clock. */
  billedUsd: number;
  /** Every call that ended a machine, or would have. */
  terminates: { id: string; name: string | null; at: string }[];
}

/** A provider's fake: a server that keeps state, and how a test sees and changes it. */
export interface FakeCloud {
  readonly server: FakeServer;
  truth(): FakeTruth;
  /** From now on; see {@link FakeCloudOptions.misbehave}. @throws Error for a name that it does not know */
  misbehave(names: 'all' | readonly string[]): void;
  /** Ends the server and all machines behind it. Idempotent. */
  close(): Promise<void>;
}

/** For the registry of `bench-fake-cloud`. */
export interface FakeCloudKind {
  name: string;
  /** What it can be told to do: name -> a line of help. */
  misbehaviours: Readonly<Record<string, string>>;
  start(options: FakeCloudOptions): Promise<FakeCloud>;
}

/** Which misbehaviours are on. `known`: all of one fake. */
export function misbehaviours<Name extends string>(known: Readonly<Record<Name, string>>, first: FakeCloudOptions['misbehave']) {
  const on = new Set<Name>();
  const set = (names: 'all' | readonly string[]) => {
    const all = Object.keys(known) as Name[];
    const wanted = names === 'all' ? all : names;
    for (const name of wanted) {
      if (!Object.hasOwn(known, name)) throw new Error(`no misbehaviour "${name}"; there are ${all.join(', ')}`);
    }
    on.clear();
    for (const name of wanted) on.add(name as Name);
  };
  set(first ?? []);
  return { is: (name: Name) => on.has(name), set };
}
