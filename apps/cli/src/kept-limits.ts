import type { AskedCloud } from '@bench/results';

/**
 * The limits of one machine that is rented to be kept: what it may cost in all is a price that no machine may pass, also not the next one after
 * one that could not be had. A price that nobody says may pass any limit.
 */
export function keptLimits(asked: AskedCloud): AskedCloud {
  const { maxCostUsd, maxPriceUsdPerHour, keepS } = asked;
  const one = { ...asked, maxWorkers: 1 };
  if (maxCostUsd === null) return one;
  const price = maxCostUsd / (keepS / 3600);
  return { ...one, maxPriceUsdPerHour: Math.min(price, maxPriceUsdPerHour ?? price), allowUnknownPrice: false };
}
