import { GPUS } from './catalogue.ts';

/** Drivers report what is usable and sellers round: two sizes this close are the same memory. */
const TOLERANCE = 0.07;

/** Whether a reported size can be that of a GPU sold with `nominalGb`. */
export function memoryFits(reportedGb: number, nominalGb: number): boolean {
  return Math.abs(reportedGb - nominalGb) <= TOLERANCE * nominalGb;
}

/**
 * The nominal size (GB, as sold) nearest to a reported one, among those that GPUs of the catalogue have and within 7 % of it:
 * 44.99 is 48, 179 is 180. Null: no GPU has that.
 */
export function snapGpuMemoryGb(reportedGb: number): number | null {
  let best: number | null = null;
  for (const { memoryGb } of GPUS) {
    if (memoryFits(reportedGb, memoryGb) && (best === null || Math.abs(memoryGb - reportedGb) < Math.abs(best - reportedGb)))
      best = memoryGb;
  }
  return best;
}
