import { diskUsdPerHour, type Io } from '@bench/core';
import type { LedgerEntry } from '@bench/provisioning';
import { type JournalLine, runCost } from '@bench/results';
import type { Meter } from './meter.ts';

const HOUR_MS = 3_600_000;

/**
 * Dollars that earlier invocations of a run cost, and their machines since, until now; from now on the meter counts those that are still
 * there, so that no hour counts twice or not at all.
 */
export function spentBefore(o: {
  events: readonly JournalLine[];
  /** What may still cost, as the ledger knows it; the journal may end before. */
  entries: readonly LedgerEntry[];
  io: Pick<Io, 'now'>;
  meter: Pick<Meter, 'began'>;
}): number {
  const { events, entries, io, meter } = o;
  const now = io.now();
  const { usd, machines } = runCost(events, { now });
  let spent = usd;
  for (const entry of entries) {
    // An intent whose answer was lost may have been made all the same; until that is known it is taken to cost nothing.
    if (entry.createdAt === null) continue;
    const { name, priceUsdPerHour } = entry;
    const disk = diskUsdPerHour(entry) ?? 0;
    const told = machines.find((machine) => machine.name === name);
    const counted = told && Object.values(told.seconds).some((seconds) => seconds > 0);
    // The ledger's create is when it was found, where the answer was lost: as early as it can have been.
    if (!counted) spent += (Math.max(0, now - Date.parse(entry.intentAt)) / HOUR_MS) * ((priceUsdPerHour ?? 0) + disk);
    meter.began(name, priceUsdPerHour, disk);
  }
  return spent;
}
