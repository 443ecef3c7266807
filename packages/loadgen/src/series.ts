import { percentile, type RequestRecord, type SeriesRow, type GapList } from '@bench/core';
import { eachTokenTime } from './token-times.ts';

/** The point second by second, from measured records. Tokens and times to the first are those of requests that ended well, as in the point's figures. */
export function buildSeries(records: readonly RequestRecord[], gaps: readonly GapList[]): SeriesRow[] {
  const measured = records.filter((r) => r.phase === 'measured');
  const endMs = measured.reduce((end, r) => Math.max(end, r.endMs ?? r.sentMs), 0);
  if (measured.length === 0) return [];
  const seconds = Math.floor(Math.max(0, endMs) / 1000) + 1;
  const rows: SeriesRow[] = Array.from({ length: seconds }, (_, t) => ({
    t,
    sent: 0,
    done: 0,
    failed: 0,
    outputTokens: 0,
    inFlight: 0,
    ttftP50Ms: null,
  }));
  const ttfts: number[][] = rows.map(() => []);
  const second = (ms: number) => Math.min(seconds - 1, Math.max(0, Math.floor(ms / 1000)));
  const row = (ms: number) => rows[second(ms)] as SeriesRow;
  const gapsOf = new Map(gaps.map((g) => [g.index, g.gapsMs]));
  for (const record of measured) {
    row(record.sentMs).sent++;
    if (record.endMs !== null) {
      if (record.status === 'ok') row(record.endMs).done++;
      if (record.status === 'failed') row(record.endMs).failed++;
      for (let t = second(record.sentMs); t <= second(record.endMs); t++) {
        const from = Math.max(record.sentMs, t * 1000);
        const to = Math.min(record.endMs, (t + 1) * 1000);
        (rows[t] as SeriesRow).inFlight += Math.max(0, to - from) / 1000;
      }
    }
    if (record.status !== 'ok') continue;
    if (record.firstTokenMs !== null) ttfts[second(record.firstTokenMs)]?.push(record.firstTokenMs - record.sentMs);
    eachTokenTime(record, gapsOf.get(record.index), (at, tokens) => {
      row(at).outputTokens += tokens;
    });
  }
  for (const [t, values] of ttfts.entries()) if (values.length > 0) (rows[t] as SeriesRow).ttftP50Ms = percentile(values, 50);
  return rows;
}
