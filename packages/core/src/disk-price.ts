/** A month as clouds bill it. */
const MONTH_H = 730;

/**
 * What a disk costs beside the price of its running machine, dollars an hour. 0: the price holds it. Null: nobody knows.
 * A price a month is for 730 hours.
 */
export function diskUsdPerHour(o: {
  /** Absent: the price holds it. */
  diskInPrice?: boolean | undefined;
  storageUsdPerGbMonth: number | null;
  diskGb: number;
}): number | null {
  if (o.diskInPrice !== false) return 0;
  return o.storageUsdPerGbMonth === null ? null : (o.storageUsdPerGbMonth * o.diskGb) / MONTH_H;
}
