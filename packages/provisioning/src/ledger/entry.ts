import type { MachineRef, MachineSpec } from '../contract/machine.ts';
import type { Offer, PriceSource } from '../contract/offer.ts';

/** Who works with a machine: decides whether `gc` may end it. */
export type Holder =
  /** A process: alive while pid, start and boot are its own; judged by its heartbeat from other computers. */
  | {
      kind: 'process';
      pid: number;
      start: string | null;
      bootId: string | null;
      machineId: string | null;
      /** Its namespace of process ids (Linux): equal numbers of two containers are two processes. Absent: not known. */
      pidNamespace?: string | null | undefined;
      /** Name of its file below `heartbeats/`, written every minute while it holds a machine. Absent: it has none. */
      heartbeat?: string | undefined;
    }
  /** Left up on purpose until then, ISO 8601: `--no-teardown`, `bench deploy`, `bench vm create`. */
  | { kind: 'lease'; until: string };

/** What the ledger says of one machine now. */
export interface LedgerEntry {
  /** `bench-<owner6>-<run>-<n>`; unique in the ledger. */
  name: string;
  provider: string;
  /** Whose money it is, as its provider names accounts (`Provider.account`); null: nobody could say. */
  account: string | null;
  run: string;
  /** Folder of the run; null: none (`bench vm create`). */
  runDir: string | null;
  /**
   * `intent`: a create may be on its way. `unknown`: its answer was lost. `created`: it is there. `ending`: being terminated. `gone`: the provider said so.
   * `refused`: the create failed for certain, nothing was made.
   */
  state: 'intent' | 'unknown' | 'created' | 'ending' | 'gone' | 'refused';
  /** Null until known. */
  ref: MachineRef | null;
  offer: Pick<Offer, 'id' | 'instanceType' | 'region' | 'zone' | 'gpu' | 'market'>;
  workload: MachineSpec['workload']['kind'];
  /** As the offer said at create, later as the machine itself says. */
  priceUsdPerHour: number | null;
  priceSource: PriceSource;
  storageUsdPerGbMonth: number | null;
  /** Whether the price holds the disk. Absent: it does. */
  diskInPrice?: boolean | undefined;
  diskGb: number;
  holder: Holder;
  /** ISO 8601. */
  intentAt: string;
  createdAt: string | null;
  /** When it was first seen running; null: never. */
  runningAt: string | null;
  endedAt: string | null;
  /** When its state last changed, ISO 8601. */
  changedAt: string;
  /** When the provider ends it by itself; null: it does not. */
  expiresAt: string | null;
  /** The last reason, in words. */
  note: string | null;
}
