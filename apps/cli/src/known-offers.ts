import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { offerKey } from '@bench/benchmark';
import { makeFolder, writeAtomic } from '@bench/core';
import type { Offer } from '@bench/provisioning';

/** More than all providers have for a few kinds of machine. */
const MOST = 2000;

/** `$XDG_CACHE_HOME/bench/offers.json`, by default `~/.cache/bench/offers.json`: what was for rent when it was last asked. */
function cacheFile(): string {
  const cache = process.env['XDG_CACHE_HOME'];
  return join(cache === undefined || cache === '' ? join(homedir(), '.cache') : cache, 'bench', 'offers.json');
}

/** Offers as they were last known; empty: nobody was ever asked. */
export async function knownOffers(): Promise<Offer[]> {
  try {
    const read = JSON.parse(await readFile(cacheFile(), 'utf8')) as { version?: unknown; offers?: unknown };
    return read.version === 1 && Array.isArray(read.offers) ? (read.offers as Offer[]) : [];
  } catch {
    return [];
  }
}

/** Remembers offers for `bench plan --offline`; newer ones replace the same of before. What cannot be written is not. */
export async function rememberOffers(offers: readonly Offer[]): Promise<void> {
  if (offers.length === 0) return;
  const fresh = new Map(offers.map((offer) => [offerKey(offer), offer]));
  const kept = (await knownOffers()).filter((offer) => !fresh.has(offerKey(offer)));
  const file = cacheFile();
  try {
    await makeFolder(dirname(file));
    await writeAtomic(file, JSON.stringify({ version: 1, offers: [...fresh.values(), ...kept].slice(0, MOST) }));
  } catch {
    // A convenience: a read-only home is no reason to stop.
  }
}
