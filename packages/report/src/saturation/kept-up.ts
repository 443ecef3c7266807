import type { ReportRow } from '../rows.ts';
import { ENOUGH } from './knee.ts';
import { loadOf } from './load-of.ts';

/**
 * Of each rate of an open loop, whether the engine kept up: requests, the last answer's drain left out, came out at 90 % or more of the rate they were sent at. Arrivals at random
 * seldom have the rate that was asked: of n, their time to send varies by 1/√n. So it is the rate that was asked, or less where they were really sent more slowly: the last was sent
 * no earlier than the longest answer takes before the end, so the rate was at most n ÷ (duration − longest answer). Where the client is known to have missed the rate, it is the one
 * that was asked, and where no latency is known 2/√n less than that. Null: of one of them it is not known; conversations' requests follow from answers, not from the rate.
 */
export function keptUp(rows: readonly ReportRow[]): boolean[] | null {
  const drainS = Math.min(...rows.map((row) => row.distributions.e2el_ms?.p50 ?? 0)) / 1000;
  const judged = rows.map((row) => kept(row, drainS));
  return judged.some((each) => each === null) ? null : judged.map((each) => each === true);
}

function kept(row: ReportRow, drainS: number): boolean | null {
  const { counts, durationS, flags, lacks, load, repeats } = row;
  const requests = (counts?.sent ?? 0) / Math.max(1, repeats);
  if (!durationS || requests === 0 || load?.conversations) return null;
  const out = requests / Math.max(durationS - drainS, 1e-9);
  const asked = loadOf(row);
  const { p50, p99, max } = row.distributions.e2el_ms ?? {};
  const longestS = Math.max(p50 ?? 0, p99 ?? 0, max ?? 0) / 1000;
  const missed = flags.some(({ code }) => code === 'rate_missed');
  const sent = missed
    ? asked
    : longestS > 0
      ? Math.min(asked, requests / Math.max(durationS - longestS, 1e-9))
      : asked * (1 - 2 / Math.sqrt(counts?.sent ?? 1));
  if (out >= ENOUGH * sent) return true;
  // Failed requests that nobody counted were sent, too.
  return lacks.includes('failed') ? null : false;
}
