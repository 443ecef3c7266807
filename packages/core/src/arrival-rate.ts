import type { Arrival, RateStage } from './load.ts';
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
export function stagesMs(stages: readonly RateStage[]): number {
  return stages.reduce((sum, stage) => sum + stage.durationMs, 0);
}

/** Turns of a rate that a label shows; of more the first and the last. */
const SHOWN_TURNS = 6;

/** An open loop's arrivals in few words: `4 req/s`, `1→10→2 req/s`, `8 every 2.0 s`, `trace ×2`. */
export function arrivalLabel(arrival: Exclude<Arrival, { kind: 'closed' }>): string {
  if (arrival.kind === 'bursts') return `${arrival.size} every ${formatDuration(arrival.everyMs)}`;
  if (arrival.kind === 'trace') return arrival.speed === 1 ? 'trace' : `trace ×${arrival.speed}`;
  if (arrival.kind !== 'stages') return `${arrival.ratePerS} req/s`;
  const rates = arrival.stages.flatMap(({ ratePerS, toRatePerS }) => (toRatePerS === undefined ? [ratePerS] : [ratePerS, toRatePerS]));
  const turns = rates.filter((rate, i) => rate !== rates[i - 1]);
  const shown = turns.length > SHOWN_TURNS ? [...turns.slice(0, 3), '…', ...turns.slice(-2)] : turns;
  return `${shown.join('→')} req/s`;
}
