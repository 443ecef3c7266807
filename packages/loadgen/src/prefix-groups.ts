import { prng, seedOf } from '@bench/core';
import type { PromptIdentity } from './prompts.ts';
import { zipf } from './zipf.ts';

/** Groups whose requests share the beginning of their prompts. */
export interface PrefixGroups {
  count: number;
  /** Of Zipf's law, by which a request's group is drawn. */
  exponent: number;
}

/** Prefixes of the most frequent groups are made once; of those beyond, anew for each prompt: many long ones would not fit in memory. */
const KEPT = 256;

/** The group of each request, drawn from the seed and the request alone. Without groups all are in one. */
export function groupOf(groups: PrefixGroups | undefined): (identity: PromptIdentity) => number {
  if (!groups) return () => 0;
  const rank = zipf(groups.count, groups.exponent);
  return ({ seed, phase, ordinal }) => rank(prng(seedOf(seed, 'group', phase, ordinal)).next());
}

/** `make` of a group, remembered for the most frequent ones. */
export function perGroup<T>(make: (group: number) => T): (group: number) => T {
  const kept = new Map<number, T>();
  return (group) => {
    const found = kept.get(group);
    if (found !== undefined) return found;
    const made = make(group);
    if (group < KEPT) kept.set(group, made);
    return made;
  };
}

/** The seed of what a group shares. That of the only group is what it was when there were no groups. */
export function groupSeed(seed: number, group: number): number {
  return group === 0 ? seedOf(seed, 'shared') : seedOf(seed, 'shared', group);
}
