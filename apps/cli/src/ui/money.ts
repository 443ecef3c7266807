import { diskUsdPerHour, usd } from '@bench/core';
import { expectedPrice, type Offer } from '@bench/provisioning';

/** Of an hour: `$4.10/h`. */
export const usdPerHour = (amount: number | null): string => (amount === null ? 'unknown' : `${usd(amount)}/h`);

/** Of an offer with its disk, and the bid: `$4.10/h`; `$4.10/h + disk` where that bills beside it and nobody says how much. */
export function offerPrice(offer: Offer, limits: { diskGb: number; bidUsdPerHour: number | null }): string {
  const price = usdPerHour(expectedPrice(offer, limits));
  return offer.priceUsdPerHour !== null && diskUsdPerHour({ ...offer, ...limits }) === null ? `${price} + disk` : price;
}
