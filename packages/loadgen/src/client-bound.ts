import type { ClientObservation, PointFlag } from '@bench/core';
import type { LoadSummary } from './result.ts';

/** More than this share of the time at work is too much: what comes then waits for what came before. */
const BUSY = 0.8;
/** Arrivals that leave this late are late whatever the server takes; milliseconds. */
const LATE_MS = 10;
/** Less than this nothing can be done about: timers. Milliseconds. */
const TIMER_MS = 1;
/** A shorter point is its start: connections, and code that is not compiled yet. Seconds. */
const ENOUGH_S = 1;
/** Less of the asked rate is too little. */
const RATE = 0.98;
/** What took this share of the time is worth telling as the cause. */
const WORTH_TELLING = 0.05;

const percent = (ratio: number) => `${(ratio * 100).toFixed(1)} %`;

/**
 * Was the client the limit, and not the server? By what it saw of itself:
 * - requests left late: by more than 10 ms, or 5 % of the median TTFT (and 1 ms). It is the 99th percentile that counts, and ten of them: of fewer
 *   than a thousand arrivals the 99th percentile is one of the last nine, which a single hiccup makes late;
 * - a thread was at work, or waiting for a CPU, more than 80 % of the time or of any three seconds on end. Closed loops have no schedule to be late
 *   for: this is what tells of them;
 * - less than 98 % of the asked rate was sent, and requests left late.
 * Of points that lasted less than a second only the first is asked.
 * @param reached achieved ÷ asked rate; null: there was none, or it says nothing of the client
 */
export function clientBound(summary: LoadSummary, reached: number | null): PointFlag | null {
  const { client, distributions, durationS } = summary;
  if (!client) return null;
  const reasons = [late(client, distributions.ttft_ms?.p50)];
  if (durationS >= ENOUGH_S) reasons.push(busy(client), slow(summary, client, reached));
  const found = reasons.filter((reason) => reason !== null);
  return found.length > 0 ? { code: 'client_bound', message: `the client was the limit: ${found.join('; ')}${causes(client)}` } : null;
}

function late({ scheduleLagP99Ms: p99, scheduleLagTenthMs: tenth = p99 }: ClientObservation, ttftMs: number | undefined): string | null {
  if (p99 === null || tenth === null) return null;
  const limitMs = Math.min(LATE_MS, Math.max(TIMER_MS, 0.05 * (ttftMs ?? Number.POSITIVE_INFINITY)));
  if (Math.min(p99, tenth) <= limitMs) return null;
  return `requests left ${p99.toFixed(1)} ms late (p99; ${limitMs.toFixed(1)} ms are allowed)`;
}

function busy({ eluMax, busyMax, busyPeak, cpuWaitMax, quotaUsedUp }: ClientObservation): string | null {
  if (eluMax > BUSY) return `its event loop was busy ${percent(eluMax)} of the time`;
  if (busyMax !== undefined && busyMax > BUSY) return `a thread of it was at work or waiting for a CPU ${percent(busyMax)} of the time`;
  if (typeof busyPeak === 'number' && busyPeak > BUSY)
    return `a thread of it was at work or waiting for a CPU ${percent(busyPeak)} of three seconds on end`;
  // Where nobody tells how long a thread waits, more than half of the periods cut short are as good.
  if (typeof cpuWaitMax !== 'number' && typeof quotaUsedUp === 'number' && quotaUsedUp > 0.5)
    return `it had used up its CPU quota in ${percent(quotaUsedUp)} of the periods`;
  return null;
}

/** Behind a cap it is the server that keeps arrivals waiting; and where they left in time it is connections that took theirs. */
function slow({ load }: LoadSummary, { scheduleLagP99Ms: p99 }: ClientObservation, reached: number | null): string | null {
  if (reached === null || reached >= RATE || load.maxConcurrency !== null || (p99 ?? 0) <= LATE_MS) return null;
  return `it reached ${percent(reached)} of the asked rate`;
}

function causes({ cpuWaitMax, gcMax, quotaUsedUp }: ClientObservation): string {
  const told = [
    [cpuWaitMax, 'of the time it waited for a CPU'],
    [quotaUsedUp, 'of the periods its CPU quota was used up'],
    [gcMax, 'of the time it collected garbage'],
  ] as const;
  const parts = told.flatMap(([share, what]) => (typeof share === 'number' && share > WORTH_TELLING ? [`${percent(share)} ${what}`] : []));
  return parts.length > 0 ? ` (${parts.join(', ')})` : '';
}
