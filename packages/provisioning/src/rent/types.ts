import type { BenchError, Host, Io } from '@bench/core';
import type { Machine, MachineConnection, MachineRef, Workload } from '../contract/machine.ts';
import type { Market, Offer, OfferCriteria, PriceSource } from '../contract/offer.ts';
import type { OpenProviders } from '../core/open-providers.ts';
import type { Ledger } from '../ledger/ledger.ts';

/** What is to be rented, and the user's limits, which failover never widens. */
export interface Wanted {
  /** GPU by any name that the catalogue knows; null: any machine. */
  gpu: string | null;
  count: number;
  /** Names of providers that may be used; null: all that are open. */
  providers: readonly string[] | null;
  regions: readonly string[];
  markets: readonly Market[];
  /** For the whole machine. */
  maxPriceUsdPerHour: number | null;
  /** May an offer without a price be taken in spite of a limit? */
  allowUnknownPrice: boolean;
  diskGb: number;
  /** The provider's own word for an image of a VM; null: chosen by GPU. */
  image: string | null;
  maxLifetimeS: number;
  bidUsdPerHour: number | null;
  workload: Workload;
  criteria: OfferCriteria;
}

export interface RentContext {
  ledger: Ledger;
  providers: OpenProviders;
  io: Io;
  /** Id of the run that the machine is for; for machines without one, a made-up id of the same form. */
  run: string;
  /** Null: none. */
  runDir: string | null;
  /** Values in the workload that are never shown. Default: none. */
  secrets?: readonly string[];
  /** Default: `io.signal`. When aborted, what was rented by then is ended before the call throws. */
  signal?: AbortSignal;
  on?: (event: RentEvent) => void;
  /** Asked before each try at an offer, when nothing of it is written down or sent yet. What it throws ends the acquire. */
  admit?: ((offer: Offer) => void) | undefined;
}

export type RentEvent =
  | { type: 'offers'; provider: string; found: number; fitting: number; error: BenchError | null }
  | { type: 'renting'; name: string; offer: Offer }
  /** `answerLost`: nobody was told when it was made; it was found under its name. */
  | { type: 'state'; name: string; offer: Offer; machine: Machine; answerLost?: true }
  /** What the machine itself says that it costs from now on, where that is not what was known. */
  | { type: 'price'; name: string; priceUsdPerHour: number; priceSource: PriceSource }
  /** The candidate failed; the next one is tried. */
  | { type: 'failed'; name: string; offer: Offer; error: BenchError }
  | { type: 'running'; name: string; offer: Offer; machine: Machine }
  | { type: 'ending'; name: string; reason: string }
  | { type: 'gone'; name: string };

/** A machine that we hold and pay for. */
export interface RentedMachine {
  readonly name: string;
  readonly ref: MachineRef;
  readonly offer: Offer;
  /** As it was last seen. */
  machine(): Machine;
  /** How SSH reaches it; null: it has none. */
  readonly connection: MachineConnection | null;
  /** When its provider ends it by itself, ISO 8601; null: never, or it is not known. */
  readonly expiresAt: string | null;
  /** Milliseconds on `io.monotonic`; as ISO 8601 in the ledger. Of an adopted machine: reckoned from there. */
  readonly times: { intentMs: number; createdMs: number; runningMs: number };
  /** Resolves, with an error of kind `preempted` or `failed`, when the provider takes it away or it disappears. Looks every 30 s. */
  readonly lost: Promise<BenchError>;
  /**
   * Somebody has reason to think that it is gone: looks at once, and every `pollMs` of its provider, until it is known to be or so much time
   * has passed. Resolves with the error that `lost` resolves with too; null: the provider still has it.
   */
  suspect(withinMs: number): Promise<BenchError | null>;
  /** Opens it by SSH with the ledger's key; waits until it lets us in (deadline `sshMs`). Close the host afterwards. */
  connect(options?: { signal?: AbortSignal }): Promise<Host>;
  /** The provider's log of it so far; nothing where it has none. */
  logs(): AsyncIterable<string>;
  /**
   * Terminates it, and looks until the provider says that it is gone. Idempotent; goes on when `io.signal` was aborted.
   * @throws BenchError of kind `cleanup` (exit code 6) with the id and the command, when it is not gone in time
   */
  end(reason: string): Promise<void>;
  /** Leaves it up until then: the ledger takes it as claimed. */
  keep(until: Date): Promise<void>;
  /** Stops looking at it, without ending it. */
  release(): void;
}
