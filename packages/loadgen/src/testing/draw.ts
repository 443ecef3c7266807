import type { Prng } from '@bench/core';

/**
 * A number that is always the same, or one that is drawn: evenly between two bounds, or lognormal, of a median and of the
 * standard deviation `sigma` of its logarithm (0.5: one value in six is above 1.65 times the median).
 */
export type Drawn = number | { kind: 'uniform'; min: number; max: number } | { kind: 'lognormal'; median: number; sigma: number };

/** Draws from `what`; a constant takes nothing from `random`. */
export function draw(what: Drawn, random: Prng): number {
  if (typeof what === 'number') return what;
  if (what.kind === 'uniform') return what.min + (what.max - what.min) * random.next();
  // Box and Muller (1958).
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return what.median * Math.exp(what.sigma * normal);
}
