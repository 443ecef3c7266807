import { findGpu, findGpus } from '@bench/core';
import { formatNumber, formatUsd } from '../format.ts';
import type { CurrencyRate, PriceBook, PriceEntry } from './price-book.ts';

/** What an hour of all that a row ran on costs, and who says so. */
export interface RowPrice {
  /** Null: it is said in a currency to which no rate is known. */
  usdPerHour: number | null;
  /** As it was said: for each of `times`. */
  said: { amount: number; currency: string };
  /** GPUs that it is multiplied with; 1 for a machine. */
  times: number;
  per: PriceEntry['per'];
  /** `what-if`: it was asked what would be. `run`: the run recorded it. `settings`: the run knew none, and the settings do. */
  from: 'what-if' | 'run' | 'settings';
  source: string;
  /** As of when, ISO 8601 date or time; null: the run did not record it. */
  date: string | null;
  /** By which it was turned into dollars; null: it needed none, or there is none. */
  rate: CurrencyRate | null;
}

/** What is known of what a row ran on, as far as prices depend on it. */
export interface PricedThing {
  /** Those that are paid for: all of a rented machine, else those in use. Null: none, or not known. */
  gpu: { name: string; count: number; memoryMiB?: number | undefined } | null;
  instanceType: string | null;
  machine: string | null;
  partition: string | null;
  /** What the run recorded. */
  own: { usdPerHour: number; source: string | null; date: string | null } | null;
}

/** Null: nobody knows a price, which is not the same as free. */
export function rowPrice(thing: PricedThing, book: PriceBook | undefined): RowPrice | null {
  const asked = book && best(thing, book.whatIf);
  if (asked) return priced(asked, 'what-if', book);
  if (thing.own) {
    const { usdPerHour, source, date } = thing.own;
    return {
      usdPerHour,
      said: { amount: usdPerHour, currency: 'USD' },
      times: 1,
      per: 'machine',
      from: 'run',
      source: source ?? 'the run',
      date,
      rate: null,
    };
  }
  const known = book && best(thing, book.known);
  return known ? priced(known, 'settings', book) : null;
}

interface Match {
  entry: PriceEntry;
  times: number;
  /** The greater, the more exactly it is meant. */
  rank: number;
}

function best(thing: PricedThing, entries: readonly PriceEntry[]): Match | null {
  let found: Match | null = null;
  for (const entry of entries) {
    const match = matchOf(thing, entry);
    if (match && (!found || match.rank >= found.rank)) found = match;
  }
  return found;
}

/** Is it a price of that, be it that another one counts? */
export function priceFits(thing: PricedThing, entry: PriceEntry): boolean {
  return matchOf(thing, entry) !== null;
}

function matchOf(thing: PricedThing, entry: PriceEntry): Match | null {
  const same = (name: string | null) => name !== null && name.toLowerCase() === entry.name.toLowerCase();
  const { gpu } = thing;
  if (entry.per === 'machine' && entry.count === undefined)
    return same(thing.instanceType) || same(thing.machine) ? { entry, times: 1, rank: 4 } : null;
  if (entry.per === 'partition') return gpu && same(thing.partition) ? { entry, times: gpu.count, rank: 2 } : null;
  if (!gpu) return null;
  const exact = exactness(gpu, entry.name);
  if (exact === null) return null;
  if (entry.per === 'machine') return entry.count === gpu.count ? { entry, times: 1, rank: 3 + exact } : null;
  return { entry, times: gpu.count, rank: exact };
}

/** 0 to 1, the more the fewer GPUs a name may mean: `a100-40gb` counts before `a100`. Null: it does not mean this one. */
function exactness(gpu: NonNullable<PricedThing['gpu']>, name: string): number | null {
  const own = catalogued(gpu);
  const meant = findGpus(name);
  return own && meant.includes(own) ? 1 / meant.length : null;
}

/** The product of the catalogue that it is priced as. */
export function catalogued({ name, memoryMiB }: NonNullable<PricedThing['gpu']>): ReturnType<typeof findGpu> {
  return findGpu(name, { memoryMiB }) ?? findGpu(name);
}

function priced({ entry, times }: Match, from: RowPrice['from'], book: PriceBook): RowPrice {
  const { amount, currency, per, source, date } = entry;
  const rate = currency === 'USD' ? null : (book.rates[currency] ?? null);
  const usdPerHour = currency === 'USD' ? amount * times : rate && amount * times * rate.usd;
  return { usdPerHour, said: { amount, currency }, times, per, from, source, date, rate };
}

/** Who says what a price is, and as of when: `8 × $2.10 by --price h200=2.10, 2026-11-01`. */
function priceSource(price: RowPrice): string {
  const { said, times, source, date, rate, usdPerHour } = price;
  const amount = said.currency === 'USD' ? formatUsd(said.amount) : `${formatNumber(said.amount, 2)} ${said.currency}`;
  const how = times > 1 ? `${times} × ${amount} by ` : said.currency === 'USD' ? '' : `${amount} by `;
  const turned =
    usdPerHour === null
      ? `; no rate of ${said.currency} to dollars is known`
      : rate
        ? `; 1 ${said.currency} is $${rate.usd} of ${rate.date}`
        : '';
  const day = date === null ? null : date.slice(0, 10);
  return `${how}${source}${day === null || source.includes(day) ? '' : `, ${day}`}${turned}`;
}

/** The fields of a row that tell its price. */
export function priceFacts(price: RowPrice | null): { price: RowPrice | null; priceUsdPerHour: number | null; priceSource: string | null } {
  return { price, priceUsdPerHour: price?.usdPerHour ?? null, priceSource: price && priceSource(price) };
}
