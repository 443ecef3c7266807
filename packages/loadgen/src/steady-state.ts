import { generatesText, percentile, type LoadSpec, type RequestRecord, type SteadyResult } from '@bench/core';
import { distributionsOf } from './distributions.ts';
import { type InFlight, windowAbove } from './in-flight.ts';
import { requestSamples } from './request-samples.ts';
import { eachTokenTime } from './token-times.ts';

export interface SteadyStateOptions {
  load: LoadSpec;
  /** Measured records. */
  measured: readonly RequestRecord[];
  gapsOf: ReadonlyMap<number, Float32Array>;
  /** Of all measured records. */
  flight: InFlight;
  durationS: number;
}

interface Window {
  fromMs: number;
  toMs: number;
}

/** Figures of the steady state of a load, by the definition `STEADY_STATE` of `@bench/core`. Null: it has none. */
export function steadyState({ load, measured, gapsOf, flight, durationS }: SteadyStateOptions): SteadyResult | null {
  const window = closedWindow(load, flight) ?? openWindow(load, measured);
  if (!window) return null;
  const lengthS = (window.toMs - window.fromMs) / 1000;
  if (lengthS <= 0 || lengthS < 0.1 * durationS) return null;
  const within = (ms: number) => ms >= window.fromMs && ms <= window.toMs;
  const own = measured.filter(({ sentMs, endMs }) => endMs !== null && within(sentMs) && within(endMs));
  const ok = own.filter(({ status }) => status === 'ok');
  const failed = own.filter(({ status }) => status === 'failed').length;
  return {
    ...window,
    counts: { sent: own.length, ok: ok.length, failed, cancelled: own.length - ok.length - failed },
    scalars: throughputs({ load, measured, gapsOf, within, lengthS }),
    distributions: distributionsOf({ samples: requestSamples(ok), ok, gapsOf }),
  };
}

function closedWindow(load: LoadSpec, flight: InFlight): Window | null {
  if (load.arrival.kind !== 'closed' || load.arrival.stages || load.maxConcurrency === null) return null;
  // While someone thinks nothing of theirs is in flight: the cap is none of requests.
  return load.conversations?.thinkTime ? null : windowAbove(flight, 0.95 * load.maxConcurrency);
}

/**
 * Requests in flight have found their number when about as many end as arrive: once those that were sent first would have ended, the slow ones too.
 * A server that falls behind never gets there; then the 95th percentile reaches far into the run, and the window is short or none.
 */
function openWindow({ arrival, conversations }: LoadSpec, measured: readonly RequestRecord[]): Window | null {
  // Each conversation that arrives brings turns later: the rate of requests settles no sooner than the longest has ended.
  if ((arrival.kind !== 'constant' && arrival.kind !== 'poisson' && arrival.kind !== 'gamma') || conversations) return null;
  const took = requestSamples(measured.filter(({ status }) => status === 'ok')).get('e2el_ms') ?? [];
  if (took.length === 0) return null;
  let first = Number.POSITIVE_INFINITY;
  let toMs = Number.NEGATIVE_INFINITY;
  for (const { sentMs } of measured) {
    first = Math.min(first, sentMs);
    toMs = Math.max(toMs, sentMs);
  }
  return { fromMs: first + percentile(took, 95), toMs };
}

interface ThroughputOptions extends Pick<SteadyStateOptions, 'load' | 'measured' | 'gapsOf'> {
  within(ms: number): boolean;
  lengthS: number;
}

/** What happened in the window, whenever its request was sent: what is half done at one end makes up for what is half done at the other. */
function throughputs({ load, measured, gapsOf, within, lengthS }: ThroughputOptions): Record<string, number> {
  let ended = 0;
  let input: number | null = null;
  let output = 0;
  for (const r of measured) {
    if (r.status !== 'ok') continue;
    if (r.endMs !== null && within(r.endMs)) ended++;
    const readMs = r.firstTokenMs ?? r.endMs;
    if (r.promptTokens !== null) input = (input ?? 0) + (readMs !== null && within(readMs) ? r.promptTokens : 0);
    eachTokenTime(r, gapsOf.get(r.index), (at, tokens) => {
      if (within(at)) output += tokens;
    });
  }
  return {
    request_throughput: ended / lengthS,
    ...(generatesText(load.api) && { output_throughput: output / lengthS }),
    ...(input !== null && { input_throughput: input / lengthS, total_token_throughput: (input + output) / lengthS }),
  };
}
