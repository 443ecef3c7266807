import type { ErrorScope, Io } from '@bench/core';
import type { Offer } from '../contract/offer.ts';
import type { OpenProviders } from '../core/open-providers.ts';

/** How long what one group was refused is tried last by the others, milliseconds. */
const SHARED_MS = 120_000;

/** What is not tried again, by scope. */
export interface Blocks {
  /** Blocks as much of the offer's provider as `scope` says. */
  add(offer: Offer, scope: ErrorScope): void;
  has(offer: Offer): boolean;
}

/** Of one acquire: until its end. */
export function blocks(): Blocks {
  const keys = new Set<string>();
  return {
    add: (offer, scope) => void keys.add(keyOf(offer, scope)),
    has: (offer) => keysOf(offer).some((key) => keys.has(key)),
  };
}

const shared = new WeakMap<OpenProviders, Map<string, number>>();

/** Of all that rent from the same open providers: for two minutes, so that groups that start together do not all ask a sold-out zone first. */
export function sharedBlocks(providers: OpenProviders, io: Io): Blocks {
  const until = shared.get(providers) ?? new Map<string, number>();
  shared.set(providers, until);
  return {
    add: (offer, scope) => void until.set(keyOf(offer, scope), io.monotonic() + SHARED_MS),
    has: (offer) => keysOf(offer).some((key) => (until.get(key) ?? -Infinity) > io.monotonic()),
  };
}

const SCOPES: readonly ErrorScope[] = ['offer', 'zone', 'region', 'provider'];
const keysOf = (offer: Offer): string[] => SCOPES.map((scope) => keyOf(offer, scope));

/** A place without zones is its region. */
function keyOf({ provider, region, zone, id }: Offer, scope: ErrorScope): string {
  switch (scope) {
    case 'offer':
      return JSON.stringify([provider, 'offer', id]);
    case 'zone':
      return zone === null ? JSON.stringify([provider, 'region', region]) : JSON.stringify([provider, 'zone', region, zone]);
    case 'region':
      return JSON.stringify([provider, 'region', region]);
    case 'provider':
      return JSON.stringify([provider]);
  }
}
