import { didYouMean, findGpus } from '@bench/core';
import type { Problem } from '../report.ts';
import type { PriceBook, PriceEntry } from './price-book.ts';
import { catalogued, type PricedThing, priceFits, rowPrice } from './row-price.ts';

/** Keys that are named of many. */
const MOST_KEYS = 8;

/**
 * What was said about prices to no effect. Of prices that were asked for, each that fits nothing, with what would have fitted. Those of the settings are
 * for all machines that somebody has, so they are told of only where something has no price at all: what it would take, and which seems misspelt. A `path`
 * is who said it: `--price h100=2`, or `pricing`, the section of the settings. Pure.
 */
export function unusedPrices(things: readonly PricedThing[], book: PriceBook | undefined): Problem[] {
  if (!book || things.length === 0) return [];
  const unused = (entries: readonly PriceEntry[]) => entries.filter((entry) => !things.some((thing) => priceFits(thing, entry)));
  const keys = distinct(things.flatMap(keysOf));
  const asked = unused(book.whatIf).map((entry) => ({
    path: entry.source,
    message: `it is the price of nothing here; ${keys.length === 0 ? 'no GPU, machine or partition is known of it' : named(keyOf(entry), keys)}`,
  }));
  return [...asked, ...missing(things, book, unused(book.known))];
}

function missing(things: readonly PricedThing[], book: PriceBook, unused: readonly PriceEntry[]): Problem[] {
  const without = things.filter((thing) => rowPrice(thing, book) === null);
  // Whoever prices GPUs alone has not forgotten a laptop.
  const near = distinct(without.flatMap(keysOf).map(inSettings));
  const misspelt = unused
    .filter((entry) => !namesGpu(entry))
    .flatMap((entry) => {
      const key = inSettings(keyOf(entry));
      const hint = didYouMean(key, near);
      return hint === null ? [] : [{ path: 'pricing', message: `${key} is the price of nothing here, and something has none; ${hint}` }];
    });
  if (book.known.length === 0) return [];
  const keys = distinct(
    without
      .filter(({ gpu }) => gpu !== null)
      .flatMap(keysOf)
      .map(inSettings),
  );
  if (keys.length === 0) return misspelt;
  return [...misspelt, { path: 'pricing', message: `something here has no price; it would have one by ${listed(keys)}` }];
}

/** Is it of a GPU that there is? It is no slip of another one's name then, however near that is. */
function namesGpu({ per, name, count }: PriceEntry): boolean {
  return (per === 'gpu' || count !== undefined) && findGpus(name).length > 0;
}

/** Names by which `--price` prices it, the most general first. */
function keysOf({ gpu, instanceType, machine, partition }: PricedThing): string[] {
  const known = gpu && catalogued(gpu);
  const whole = instanceType ?? machine;
  return [
    ...(gpu && known ? [known.id, `${gpu.count}x${known.id}`] : []),
    ...(gpu && partition !== null ? [`partition:${partition}`] : []),
    ...(whole === null ? [] : [`machine:${whole}`]),
  ];
}

function keyOf({ per, name, count }: PriceEntry): string {
  if (count !== undefined) return `${count}x${name}`;
  return per === 'gpu' ? name : `${per}:${name}`;
}

/** The same in the settings: `gpus.H200`, `machines.8xH200`, `partitions.gpu`. */
function inSettings(key: string): string {
  const [, per, name] = /^(machine|partition):(.*)$/s.exec(key) ?? [];
  if (per !== undefined) return `${per}s.${name}`;
  return /^\d+x/.test(key) ? `machines.${key}` : `gpus.${key}`;
}

function named(key: string, keys: readonly string[]): string {
  return [`a price would fit by ${listed(keys)}`, didYouMean(key, keys) ?? []].flat().join('; ');
}

function listed(keys: readonly string[]): string {
  const more = keys.length - MOST_KEYS;
  return keys.slice(0, MOST_KEYS).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

const distinct = (keys: readonly string[]): string[] => [...new Set(keys)];
