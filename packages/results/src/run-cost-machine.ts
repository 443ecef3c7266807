import { diskUsdPerHour } from '@bench/core';
import type { JournalLine } from './journal-events.ts';

/** What a machine's time went into; dollars, or seconds. */
export interface CostParts {
  /** Asked for until it was ready for work: booting, being connected and made ready. */
  startup: number;
  /** Engines coming up. */
  deploying: number;
  /** Points that count. */
  measuring: number;
  /** Nothing of the others: pauses between points, waiting. */
  idle: number;
  /** Ending it, until the provider said that it is gone. */
  teardown: number;
  /** Points that do not count (failed, void, interrupted), and all of a machine that never became ready. */
  failed: number;
  /**
   * Dollars: disks, where the price does not hold them, from create until gone; and those of machines that the provider stopped, until they
   * were ended. Seconds: how long machines were stopped, with nothing but their disk to pay for.
   */
  storage: number;
}

export interface MachineCost {
  machine: number;
  name: string;
  group: number | null;
  provider: string;
  offer: string;
  /** The latest; what came before was counted at the price of its time. Null: not known, and then `usd` is null too. */
  priceUsdPerHour: number | null;
  priceSource: string | null;
  /** `refused`: nothing was made, it cost nothing. `open`: it is not known to be gone. */
  outcome: 'used' | 'failed' | 'lost' | 'refused' | 'open';
  seconds: CostParts;
  /** By part; null: the price is not known. */
  usd: CostParts | null;
  /** All parts; null: the price is not known. */
  totalUsd: number | null;
  /** It had a disk that its price does not hold, or was stopped with nothing but its disk to pay for, and nobody knows what that costs. */
  diskUnknown?: boolean;
}

const HOUR_MS = 3_600_000;
/** No time, no money. */
export const NOTHING: CostParts = { startup: 0, deploying: 0, measuring: 0, idle: 0, teardown: 0, failed: 0, storage: 0 };
/** All parts, in no order. */
export const PARTS = Object.keys(NOTHING) as (keyof CostParts)[];
/** Ends of a create after which nobody knows whether a machine was made. */
const MAY_BE_MADE = new Set(['CLEANUP', 'UNKNOWN_OUTCOME', 'TRANSIENT', 'FAILED'].map((kind) => `BENCH_PROVIDER_${kind}`));

type Intent = Extract<JournalLine, { type: 'machine_intent' }>;

/** One machine's clock: at every moment its time goes into one part. Times are milliseconds of the timeline. */
export class MachineCounter {
  readonly #intent: Intent;
  readonly #askedAt: number;
  readonly #spans: Span[] = [];
  /** From when which price counts. */
  readonly #prices: { from: number; usdPerHour: number | null; source: string | null }[];
  #part: keyof CostParts = 'startup';
  /** When the part began, milliseconds; null: it costs nothing (yet, or any more). */
  #since: number | null = null;
  #exists = false;
  #queued = false;
  #ready = false;
  #failed = false;
  #mayBeMade = false;
  #lost = false;
  #gone = false;
  #kept = false;

  constructor(intent: Intent, askedAt: number) {
    this.#intent = intent;
    this.#askedAt = askedAt;
    this.#prices = [{ from: -Infinity, usdPerHour: intent.priceUsdPerHour, source: intent.priceSource }];
  }

  begin(t: number): void {
    if (this.#exists) return;
    this.#exists = true;
    this.#since = t;
  }

  /** It exists, and nobody was told since when: as early as it can. What waited in a queue cost nothing. */
  beginAsked(): void {
    if (!this.#queued) this.begin(this.#askedAt);
  }

  queue(): void {
    this.#queued = true;
  }

  price(t: number, { priceUsdPerHour, priceSource }: { priceUsdPerHour: number; priceSource: string }): void {
    this.#prices.push({ from: t, usdPerHour: priceUsdPerHour, source: priceSource });
  }

  /** Ends a part and begins another. */
  enter(part: keyof CostParts, t: number): void {
    if (this.#since === null) return;
    this.#add(this.#part, t);
    if (this.#part !== 'storage') this.#part = part;
  }

  /** Ends the part as which time since its beginning turned out to count. */
  leave(as: keyof CostParts, t: number): void {
    if (this.#since === null || this.#part === 'storage') return;
    this.#add(as, t);
    this.#part = 'idle';
  }

  ready(t: number): void {
    this.enter('idle', t);
    this.#ready = true;
  }

  /** Left up on purpose. */
  get kept(): boolean {
    return this.#kept;
  }

  keep(kept: boolean): void {
    this.#kept = kept;
  }

  fail(code: string): void {
    this.#failed = true;
    this.#mayBeMade = MAY_BE_MADE.has(code);
  }

  /** Nobody knows whether it was made; nothing of it is counted. */
  get inDoubt(): boolean {
    return this.#mayBeMade && !this.#exists && !this.#gone;
  }

  lose(t: number): void {
    this.#lost = true;
    this.enter('storage', t);
  }

  end(t: number): void {
    if (this.#since !== null) this.#add(this.#part, t);
    this.#since = null;
    this.#gone = true;
  }

  #add(part: keyof CostParts, t: number): void {
    const since = this.#since ?? t;
    const to = Math.max(t, since);
    this.#spans.push({ part, from: since, to });
    this.#since = to;
  }

  cost(now: number): MachineCost {
    const { machine, name, group, provider, offer } = this.#intent;
    const open = !this.#gone && (this.#exists || this.#mayBeMade || !this.#failed);
    if (this.#since !== null) this.#add(this.#part, now);
    const seconds = this.#inWhole(({ part, from, to }) => ({ [part]: (to - from) / 1000 }));
    const latest = this.#prices.at(-1);
    const nothing = !this.#exists && !open;
    const usd = nothing ? NOTHING : latest?.usdPerHour == null ? null : this.#inWhole((span) => this.#usd(span));
    return {
      machine,
      name,
      group,
      provider,
      offer,
      priceUsdPerHour: latest?.usdPerHour ?? null,
      priceSource: latest?.source ?? null,
      outcome: open ? 'open' : !this.#exists ? 'refused' : this.#lost ? 'lost' : this.#ready ? 'used' : 'failed',
      seconds,
      usd,
      totalUsd: usd && PARTS.reduce((sum, part) => sum + usd[part], 0),
      ...(!nothing && (this.#intent.diskInPrice === false || seconds.storage > 0) && this.#intent.storageUsdPerGbMonth === null
        ? { diskUnknown: true }
        : {}),
    };
  }

  #inWhole(of: (span: Span) => Partial<CostParts>): CostParts {
    const sum = { ...NOTHING };
    for (const span of this.#spans) {
      const parts = of(span);
      for (const part of PARTS) sum[part] += parts[part] ?? 0;
    }
    return this.#ready ? sum : neverReady(sum);
  }

  #usd({ part, from, to }: Span): Partial<CostParts> {
    const usd = { ...NOTHING };
    if (part === 'storage' || this.#intent.diskInPrice === false)
      usd.storage += hours(to - from) * (diskUsdPerHour({ ...this.#intent, diskInPrice: false }) ?? 0);
    if (part === 'storage') return usd;
    for (const [i, { from: begins }] of this.#prices.entries()) {
      const ends = this.#prices[i + 1]?.from ?? Infinity;
      const known = this.#prices.slice(i).find(({ usdPerHour }) => usdPerHour !== null);
      usd[part] += hours(Math.max(0, Math.min(to, ends) - Math.max(from, begins))) * (known?.usdPerHour ?? 0);
    }
    return usd;
  }
}

/** Its milliseconds are those of the timeline. */
interface Span {
  part: keyof CostParts;
  from: number;
  to: number;
}

const hours = (ms: number) => ms / HOUR_MS;

/** What a machine cost that never did any work. */
function neverReady({ storage, ...rest }: CostParts): CostParts {
  return { ...NOTHING, storage, failed: Object.values(rest).reduce((sum, value) => sum + value, 0) };
}
