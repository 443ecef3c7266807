import { percentile, type ClientAccuracy, type ClientObservation, type LoadSpec, type RequestRecord } from '@bench/core';
import { busyPeak } from './busy-peak.ts';
import type { SelfObservation } from './worker/protocol.ts';

export interface ObservationOptions {
  load: LoadSpec;
  /** One a worker. */
  selves: readonly SelfObservation[];
  records: readonly RequestRecord[];
  /** See `usedUp`. */
  quotaUsedUp: number | null;
}

/** What a client saw of itself, of what its workers saw. */
export function observationOf({ load, selves, records, quotaUsedUp }: ObservationOptions): ClientObservation {
  const most = (of: (self: SelfObservation) => number) => Math.max(...selves.map(of));
  const share = (ms: number, { wallMs }: SelfObservation) => (wallMs > 0 ? Math.min(1, ms / wallMs) : 0);
  const lags = load.arrival.kind === 'closed' ? [] : selves.flatMap((self) => [...self.lagsMs]).sort((a, b) => b - a);
  const wallMs = most((self) => self.wallMs);
  return {
    workers: selves.length,
    eluMax: most((self) => self.elu),
    loopDelayP99Ms: most((self) => self.loopDelayP99Ms),
    scheduleLagP99Ms: lags.length > 0 ? percentile(lags, 99) : null,
    cpuCores: wallMs > 0 ? selves.reduce((sum, self) => sum + self.cpuMs, 0) / wallMs : 0,
    eventsPerRead: eventsPerRead(records),
    scheduleLagTenthMs: lags[9] ?? null,
    busyMax: most((self) => self.busy),
    busyPeak: greatest(selves.map(({ seconds }) => busyPeak(seconds))),
    cpuWaitMax: greatest(selves.map((self) => (self.cpuWaitMs === null ? null : share(self.cpuWaitMs, self)))),
    gcMax: most((self) => share(self.gcMs, self)),
    quotaUsedUp,
  };
}

/** Of several clients: the worst of each, and the sum of workers and cores. Null: none is known. */
export function mergeObservations(
  clients: readonly (ClientObservation | null)[],
  records: readonly RequestRecord[],
): ClientObservation | null {
  const seen = clients.filter((client) => client !== null);
  if (seen.length === 0) return null;
  const sum = (of: (client: ClientObservation) => number) => seen.reduce((total, client) => total + of(client), 0);
  const worst = (of: (client: ClientObservation) => number | null | undefined) => greatest(seen.map(of));
  const busyMax = worst((client) => client.busyMax);
  const gcMax = worst((client) => client.gcMax);
  const accuracy = leastExact(seen.flatMap((client) => client.accuracy ?? []));
  return {
    workers: sum((client) => client.workers),
    eluMax: worst((client) => client.eluMax) ?? 0,
    loopDelayP99Ms: worst((client) => client.loopDelayP99Ms) ?? 0,
    scheduleLagP99Ms: worst((client) => client.scheduleLagP99Ms),
    cpuCores: sum((client) => client.cpuCores),
    eventsPerRead: eventsPerRead(records),
    scheduleLagTenthMs: worst((client) => client.scheduleLagTenthMs),
    ...(busyMax === null ? {} : { busyMax }),
    busyPeak: worst((client) => client.busyPeak),
    cpuWaitMax: worst((client) => client.cpuWaitMax),
    ...(gcMax === null ? {} : { gcMax }),
    quotaUsedUp: worst((client) => client.quotaUsedUp),
    ...(accuracy && { accuracy }),
  };
}

/** The one that is the most off in any of its 99th percentiles. */
function leastExact(known: readonly ClientAccuracy[]): ClientAccuracy | undefined {
  const off = ({ ttftP99Ms, itlP99Ms, tpotP99Ms }: ClientAccuracy) => Math.max(ttftP99Ms, itlP99Ms, tpotP99Ms);
  return known.toSorted((a, b) => off(b) - off(a))[0];
}

function eventsPerRead(records: readonly RequestRecord[]): number | null {
  const measured = records.filter((r) => r.phase === 'measured');
  const reads = measured.reduce((sum, r) => sum + r.reads, 0);
  return reads > 0 ? measured.reduce((sum, r) => sum + r.chunks, 0) / reads : null;
}

function greatest(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter((value) => value !== null && value !== undefined);
  return known.length > 0 ? Math.max(...known) : null;
}
