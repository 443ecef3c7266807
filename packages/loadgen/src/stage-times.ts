import { prng, seedOf, type Arrival, type RateStage } from '@bench/core';

/** Below this the rate's integral and an arrival's place in it are the same: what is left of sums of binary fractions. */
const ROUNDING = 1e-9;

/**
 * The arrivals of stages, milliseconds from the start, ascending. A process of rate 1 is drawn and its times are taken back through the integral of the
 * rate (the time-rescaling theorem; Lewis and Shedler 1979 for the use of it): what comes out has exactly the asked rate at every moment.
 */
export function stageTimes(arrival: Extract<Arrival, { kind: 'stages' }>, seed: number): Float64Array {
  const random = prng(seedOf(seed, 'arrivals'));
  const gap = arrival.process === 'constant' ? () => 1 : () => -Math.log(1 - random.next());
  const times: number[] = [];
  let place = arrival.process === 'constant' ? 0 : gap();
  let fromMs = 0;
  let before = 0;
  for (const stage of arrival.stages) {
    const requests = requestsWithin(stage);
    while (place < before + requests - ROUNDING) {
      times.push(fromMs + timeWithin(stage, Math.max(0, place - before)));
      place += gap();
    }
    before += requests;
    fromMs += stage.durationMs;
  }
  return Float64Array.from(times);
}

/** The integral of the rate over the stage. */
function requestsWithin({ durationMs, ratePerS, toRatePerS = ratePerS }: RateStage): number {
  return (durationMs * (ratePerS + toRatePerS)) / 2000;
}

/** When in the stage its integral has reached `requests`, milliseconds: the root of the parabola, in the form that loses no digits when the ramp is flat. */
function timeWithin({ durationMs, ratePerS, toRatePerS = ratePerS }: RateStage, requests: number): number {
  if (requests <= 0) return 0;
  const slope = (1000 * (toRatePerS - ratePerS)) / durationMs;
  const root = Math.sqrt(Math.max(0, ratePerS * ratePerS + 2 * slope * requests));
  return Math.min(durationMs, (2000 * requests) / (ratePerS + root));
}
