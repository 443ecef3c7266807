import { diskUsdPerHour } from '@bench/core';
import { expectedPrice, type Offer } from '@bench/provisioning';

/** Dollars, with cents as far as they say something: `$4.10`, `$0.0031`. Null: `unknown`. */
export function usd(amount: number | null): string {
  if (amount === null) return 'unknown';
  if (amount === 0 || Math.abs(amount) >= 0.095) return `$${amount.toFixed(2)}`;
  return `$${Number(amount.toPrecision(2))}`;
}

/** Of an hour: `$4.10/h`. */
export const usdPerHour = (amount: number | null): string => (amount === null ? 'unknown' : `${usd(amount)}/h`);

/** Of an offer with its disk, and the bid: `$4.10/h`; `$4.10/h + disk` where that bills beside it and nobody says how much. */
export function offerPrice(offer: Offer, limits: { diskGb: number; bidUsdPerHour: number | null }): string {
  const price = usdPerHour(expectedPrice(offer, limits));
  return offer.priceUsdPerHour !== null && diskUsdPerHour({ ...offer, ...limits }) === null ? `${price} + disk` : price;
}
