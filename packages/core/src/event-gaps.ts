import type { RequestRecord } from './record.ts';

/**
 * The gaps between all events with a choice of one request, milliseconds: vLLM's ITL samples. `gapsMs` are those between its chunks; before
 * and after come those of events that are no chunks. Where several come before the first chunk they share the time up to it evenly: their
 * number and their span are kept, not each one's time.
 */
export function eventGaps(record: RequestRecord, gapsMs: Float32Array | undefined): number[] {
  const { firstEventMs, firstTokenMs, lastTokenMs, lastEventMs } = record;
  // Older records do not count events before the first chunk; if there is time between, there was one.
  const before = record.eventsBefore || (firstEventMs !== null && firstTokenMs !== null && firstTokenMs > firstEventMs ? 1 : 0);
  return [...evenly(firstEventMs, firstTokenMs, before), ...(gapsMs ?? []), ...evenly(lastTokenMs, lastEventMs, record.eventsAfter)];
}

function evenly(fromMs: number | null, toMs: number | null, count: number): number[] {
  return fromMs === null || toMs === null ? [] : Array<number>(count).fill((toMs - fromMs) / count);
}
