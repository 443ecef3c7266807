import { prng, seedOf, type LoadClass, type LoadSpec } from '@bench/core';

/** The class that a request is of, as the load's seed says. Null: the load has none. */
export function classOf({ classes, seed }: Pick<LoadSpec, 'classes' | 'seed'>, phase: string, ordinal: number): LoadClass | null {
  if (!classes) return null;
  const total = classes.reduce((sum, { weight }) => sum + weight, 0);
  let place = prng(seedOf(seed, 'class', phase, ordinal)).next() * total;
  return classes.find(({ weight }) => (place -= weight) < 0) ?? classes.at(-1) ?? null;
}
