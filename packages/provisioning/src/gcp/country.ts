/**
 * Countries of regions, ISO 3166: the locations of https://cloud.google.com/compute/docs/regions-zones, compared in November 2026 with those that
 * https://cloud.google.com/memorystore/docs/redis/regions names. Where the regions of one area lie in several countries each has its number; one
 * that is in neither list has no country.
 */
const COUNTRIES: Readonly<Record<string, string>> = {
  'northamerica-northeast': 'CA',
  'northamerica-south': 'MX',
  'southamerica-east': 'BR',
  'southamerica-west': 'CL',
  'europe-central2': 'PL',
  'europe-north1': 'FI',
  'europe-north2': 'SE',
  'europe-southwest1': 'ES',
  'europe-west1': 'BE',
  'europe-west2': 'GB',
  'europe-west3': 'DE',
  'europe-west4': 'NL',
  'europe-west6': 'CH',
  'europe-west8': 'IT',
  'europe-west9': 'FR',
  'europe-west10': 'DE',
  'europe-west12': 'IT',
  'asia-east1': 'TW',
  'asia-east2': 'HK',
  'asia-northeast1': 'JP',
  'asia-northeast2': 'JP',
  'asia-northeast3': 'KR',
  'asia-south': 'IN',
  'asia-southeast1': 'SG',
  'asia-southeast2': 'ID',
  'australia-southeast': 'AU',
  'me-central1': 'QA',
  'me-central2': 'SA',
  'me-west1': 'IL',
  'africa-south1': 'ZA',
};
/** Where a region is; null: not in the table. A key without a number stands for all of its area, one with a number for itself alone. */
export function countryOf(region: string): string | null {
  return COUNTRIES[region] ?? COUNTRIES[region.replace(/\d+$/, '')] ?? (region.startsWith('us-') ? 'US' : null);
}
