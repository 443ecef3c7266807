import type { BenchError, Io } from '@bench/core';
import type { MachineState } from '../contract/machine.ts';
import type { OpenProviders } from '../core/open-providers.ts';
import type { LedgerEntry } from '../ledger/entry.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LedgerDamage } from '../ledger/log-file.ts';

export interface GcOptions {
  ledger: Ledger;
  providers: OpenProviders;
  io: Io;
  /** Says what would be ended, and changes nothing. Default false. */
  dryRun?: boolean;
  /**
   * Ends the machines of this owner too: the id in full or its first six characters, which is all that is compared where a machine carries no
   * more. Default: none.
   */
  owner?: string;
  /**
   * Ends machines of other owners that are past the expiry that stands on them by an hour and a half at least: so that a clock that is an hour
   * wrong does nobody harm. Default false.
   */
  expired?: boolean;
  /** Which entries of the ledger are looked after; machines of the others are left to whoever asks for those. Default: all. */
  only?: (entry: LedgerEntry) => boolean;
  /** Default: `io.signal`. */
  signal?: AbortSignal;
  on?: (event: GcEvent) => void;
}

export type GcEvent =
  | { type: 'looking'; provider: string }
  /** A create may have been on its way: its machine is looked for as long as it may be invisible. */
  | { type: 'searching'; name: string; forMs: number }
  | { type: 'ending'; name: string; reason: string }
  | { type: 'gone'; name: string }
  | { type: 'failed'; name: string; error: BenchError };

/** A machine as gc tells of it. */
export interface GcMachine {
  name: string;
  provider: string;
  /** The provider's id; null: not known. */
  id: string | null;
  owner: string | null;
  run: string | null;
  state: MachineState | null;
  priceUsdPerHour: number | null;
  createdAt: string | null;
  /** Milliseconds; null: not known. */
  ageMs: number | null;
  expiresAt: string | null;
}

export interface GcResult {
  /** Ended now; with `dryRun`: would be. */
  ended: (GcMachine & { reason: string })[];
  /** Left up because somebody works with them. */
  alive: (GcMachine & { by: string })[];
  /** What may still cost money. `name` null: nobody could ask the provider what there is. */
  unresolved: { name: string | null; provider: string; id: string | null; problem: string; hint: string; error: BenchError | null }[];
  /** Machines of bench that are not this owner's. `uncertain`: they may be, but all that is known is six characters in a name. */
  foreign: (GcMachine & { expired: boolean; uncertain: boolean })[];
  /** How many machines of `owner` were found, whatever became of them. */
  ofOwner: number;
  /** Lines of `ledger.jsonl` that could not be read: a machine that one of them tells of may be unknown, or taken for somebody else's. */
  damage: readonly LedgerDamage[];
  /** 6 when something is unresolved or damaged, else 0. */
  exitCode: number;
}
