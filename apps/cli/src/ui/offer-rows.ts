import { shortGpuName } from '@bench/core';
import type { Offer } from '@bench/provisioning';
import { offerPrice } from './money.ts';

export const OFFER_HEADER = ['PROVIDER', 'MACHINE', 'GPU', 'WHERE', 'MARKET', 'PRICE', 'CPUS', 'MEMORY', 'FROM'];

/** An offer as a row of a table. */
export function offerRow(offer: Offer, limits: Parameters<typeof offerPrice>[1]): string[] {
  return [
    offer.provider,
    offer.instanceType,
    gpuText(offer.gpu),
    whereText(offer),
    offer.availability === 'available' || offer.availability === 'unknown' ? offer.market : `${offer.market}, ${offer.availability}`,
    offerPrice(offer, limits),
    offer.cpus === null ? '' : String(offer.cpus),
    offer.memoryGb === null ? '' : `${Math.round(offer.memoryGb)} GB`,
    offer.priceSource.kind === 'live' ? 'live' : `${offer.priceSource.name}, ${offer.priceSource.at.slice(0, 10)}`,
  ];
}

/** `us-east-1 (US)`; a place that ends with its country says it once. */
function whereText({ zone, region, country }: Offer): string {
  const place = zone ?? region;
  return country === null || place.endsWith(`, ${country}`) ? place : `${place} (${country})`;
}

/** `8× h200 141 GB`; empty: none. */
export function gpuText(gpu: Offer['gpu']): string {
  if (gpu === null) return '-';
  return `${gpu.count > 1 ? `${gpu.count}× ` : ''}${gpu.id ?? shortGpuName(gpu.name)} ${Math.round(gpu.memoryGb)} GB`;
}
