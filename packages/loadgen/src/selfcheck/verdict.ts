import type { LevelCheck } from './run-selfcheck.ts';

/** A client that is off by no more than this, at the 99th percentile, is believed. Milliseconds. */
const ERROR_P99_MS = 5;
/** As `client_bound` has them. */
const BUSY = 0.8;
const LAG_P99_MS = 10;
const RATE = 0.98;
/** A server later than a token's time at the median does not send what it was asked for any more. */
const SERVER_LATE_MS = 20;

/** Why the client cannot be believed at a level; none: it can. */
export function doubts(check: Omit<LevelCheck, 'doubts'>): string[] {
  const { error, eluMax, scheduleLagP99Ms: lag, rateReached, counts } = check;
  const found: string[] = [];
  if (counts.failed > 0) found.push(`${counts.failed} of ${counts.sent} requests failed`);
  const worst = Math.max(0, ...[error.stampMs, error.itlMs].map((each) => each?.p99 ?? 0));
  if (worst > ERROR_P99_MS) found.push(`it was ${worst.toFixed(1)} ms off (p99)`);
  if (eluMax > BUSY) found.push(`its event loop was busy ${Math.round(eluMax * 100)} % of the time`);
  if (lag !== null && lag > LAG_P99_MS) found.push(`requests left ${lag.toFixed(1)} ms late (p99)`);
  if (rateReached !== null && rateReached < RATE) found.push(`it reached ${(rateReached * 100).toFixed(1)} % of the rate`);
  return found;
}

/** Nothing is to be learnt from more load of this kind: client or server is at its end. */
export function atItsLimit({ eluMax, counts, error, rateReached }: LevelCheck): boolean {
  return counts.failed > 0 || eluMax > BUSY || serverAtItsLimit({ error }) || (rateReached !== null && rateReached < RATE);
}

export function serverAtItsLimit({ error }: Pick<LevelCheck, 'error'>): boolean {
  return (error.serverLateMs?.p50 ?? 0) > SERVER_LATE_MS;
}

/**
 * Token events a second that one worker can read at an event loop that is busy 80 % of the time: what the busiest level read, by how busy it was.
 * A loop that has more to do takes more events a turn, so that levels far below that tell too little, not too much. Null: no streams were checked.
 */
export function capacityOf(levels: readonly LevelCheck[]): number | null {
  const rates = levels
    .filter(({ level, eluMax, counts }) => level.kind === 'streams' && eluMax > 0 && counts.failed === 0)
    .map(({ eventsPerS, workers, eluMax }) => ({ perWorker: eventsPerS / workers, eluMax }));
  const best = rates.reduce<(typeof rates)[number] | null>((a, b) => (a && a.perWorker >= b.perWorker ? a : b), null);
  return best && Math.floor((best.perWorker * BUSY) / best.eluMax);
}

/** The highest level of a kind before the first that is in doubt; null: already the lowest is, or there is none. */
export function believedUpTo(levels: readonly LevelCheck[], kind: LevelCheck['level']['kind']): LevelCheck | null {
  const its = levels.filter(({ level }) => level.kind === kind);
  const doubted = its.findIndex((check) => check.doubts.length > 0);
  return its[(doubted === -1 ? its.length : doubted) - 1] ?? null;
}

/** In one or two sentences, up to which load the client can be believed. */
export function verdictOf({ levels, tokensPerS }: { levels: readonly LevelCheck[]; tokensPerS: number }): string {
  const streams = (check: LevelCheck) =>
    check.level.kind === 'streams' ? `${check.level.streams} ${check.level.streams === 1 ? 'stream' : 'streams'}` : '';
  const rate = (check: LevelCheck) => (check.level.kind === 'rate' ? `${check.level.ratePerS} requests/s` : '');
  const good = believedUpTo(levels, 'streams');
  const goodRate = believedUpTo(levels, 'rate');
  const parts = [good && `${streams(good)} of ${tokensPerS} tokens/s`, goodRate && rate(goodRate)].filter((part) => part !== null);
  const doubt = levels.find((check) => check.level.kind === 'streams' && check.doubts.length > 0);
  const rateDoubt = levels.find((check) => check.level.kind === 'rate' && check.doubts.length > 0);
  const why = [
    doubt && `at ${streams(doubt)} ${doubt.doubts.join(', ')}`,
    rateDoubt && `at ${rate(rateDoubt)} ${rateDoubt.doubts.join(', ')}`,
  ];
  const limit = levels.find(serverAtItsLimit);
  const reasons = why.filter((part) => part !== undefined);
  if (limit && limit !== doubt) reasons.push(`at ${streams(limit) || rate(limit)} the test server itself was at its end`);
  const head =
    parts.length === 0
      ? 'This machine’s client cannot be believed as it is now, not even at the lowest load'
      : `This machine’s client can be believed up to ${parts.join(' and ')}`;
  return `${head}${reasons.length > 0 ? `; ${reasons.join('; ')}` : ''}.`;
}
