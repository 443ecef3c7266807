import type { Arrival, ConcurrencyStage } from './load.ts';
import { formatDuration } from './units.ts';

/** Requests per second that an arrival process asks for, in the mean over its time. Null: a closed loop asks for none, and a trace's is in its file. */
export function meanRatePerS(arrival: Arrival): number | null {
  if (arrival.kind === 'closed' || arrival.kind === 'trace') return null;
  if (arrival.kind === 'bursts') return (arrival.size * 1000) / arrival.everyMs;
  if (arrival.kind === 'stages') {
    const requests = arrival.stages.reduce((sum, s) => sum + (s.durationMs * (s.ratePerS + (s.toRatePerS ?? s.ratePerS))) / 2000, 0);
    return (requests * 1000) / stagesMs(arrival.stages);
  }
  return arrival.ratePerS;
}

/** How long the stages take together, milliseconds. */
export function stagesMs(stages: readonly { durationMs: number }[]): number {
  return stages.reduce((sum, stage) => sum + stage.durationMs, 0);
}

/** Turns of a rate that a label shows; of more the first and the last. */
const SHOWN_TURNS = 6;

/** An open loop's arrivals in few words: `4 req/s`, `1→10→2 req/s`, `8 every 2.0 s`, `trace ×2`. */
export function arrivalLabel(arrival: Exclude<Arrival, { kind: 'closed' }>): string {
  if (arrival.kind === 'bursts') return `${arrival.size} every ${formatDuration(arrival.everyMs)}`;
  if (arrival.kind === 'trace') return arrival.speed === 1 ? 'trace' : `trace ×${arrival.speed}`;
  if (arrival.kind !== 'stages') return `${arrival.ratePerS} req/s`;
  return `${turnsOf(arrival.stages.flatMap(({ ratePerS, toRatePerS = ratePerS }) => [ratePerS, toRatePerS]))} req/s`;
}

/** The concurrency of a closed loop in stages in few words: `1→32`. */
export function concurrencyLabel(stages: readonly ConcurrencyStage[]): string {
  return turnsOf(stages.flatMap(({ concurrency, toConcurrency = concurrency }) => [concurrency, toConcurrency]));
}

function turnsOf(levels: readonly number[]): string {
  const turns = levels.filter((level, i) => level !== levels[i - 1]);
  const shown = turns.length > SHOWN_TURNS ? [...turns.slice(0, 3), '…', ...turns.slice(-2)] : turns;
  return shown.join('→');
}
