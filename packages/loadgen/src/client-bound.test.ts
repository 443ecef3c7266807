import { loadSpecSchema, requestRecord, type ClientObservation, type LoadSpecInput } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { summarizeRecords } from './index.ts';

/** A client that has little to do. */
const idle: ClientObservation = {
  workers: 1,
  eluMax: 0.2,
  loopDelayP99Ms: 1,
  scheduleLagP99Ms: null,
  cpuCores: 0.2,
  eventsPerRead: 1,
  scheduleLagTenthMs: null,
  busyMax: 0.25,
  busyPeak: 0.4,
  cpuWaitMax: 0.01,
  gcMax: 0.01,
  quotaUsedUp: null,
};

/** What the flag says of a point of 20 requests in so many seconds, answered within 400 ms; null: there is none. */
function said(
  client: Partial<ClientObservation>,
  { seconds = 10, lateMs = 0, load = {} }: { seconds?: number; lateMs?: number; load?: Partial<LoadSpecInput> } = {},
): string | null {
  const records = Array.from({ length: 20 }, (_, index) => {
    const intendedMs = (index * seconds * 1000) / 20;
    const sentMs = intendedMs + lateMs;
    return requestRecord({ index, intendedMs, sentMs, firstTokenMs: sentMs + 400, lastTokenMs: sentMs + 420, endMs: sentMs + 420 });
  });
  const spec = loadSpecSchema.parse({
    maxConcurrency: 2,
    numPrompts: 20,
    data: { kind: 'random', inputTokens: { min: 9, max: 9 }, outputTokens: { min: 5, max: 5 } },
    ...load,
  });
  const startedAt = '2026-01-01T00:00:00.000Z';
  const { flags } = summarizeRecords({ load: spec, records, gaps: [], startedAt, client: { ...idle, ...client } });
  return flags.find(({ code }) => code === 'client_bound')?.message ?? null;
}

const open = { arrival: { kind: 'constant' as const, ratePerS: 2 }, maxConcurrency: null };

describe('client_bound', () => {
  it('is not said of a client that has little to do', () => {
    expect(said({})).toBeNull();
    expect(said({ scheduleLagP99Ms: 9.5, scheduleLagTenthMs: 9 }, { load: open })).toBeNull();
  });

  it.each<[string, Partial<ClientObservation>, RegExp]>([
    ['an event loop that is busy', { eluMax: 0.85 }, /^the client was the limit: its event loop was busy 85\.0 % of the time$/],
    [
      'a thread that gets no CPU',
      { busyMax: 0.98, cpuWaitMax: 0.93, quotaUsedUp: 0.99 },
      /waiting for a CPU 98\.0 % of the time \(93\.0 % of the time it waited for a CPU, 99\.0 % of the periods its CPU quota was used up\)$/,
    ],
    ['a peak', { busyPeak: 0.9, gcMax: 0.3 }, /90\.0 % of three seconds on end \(30\.0 % of the time it collected garbage\)$/],
    [
      'a quota that is used up, where nothing tells of waiting',
      { cpuWaitMax: null, quotaUsedUp: 0.7 },
      /used up its CPU quota in 70\.0 % of the periods/,
    ],
  ])('is said of %s, in closed loops too', (_what, client, message) => {
    expect(said(client)).toMatch(message);
    expect(said(client, { load: open })).toMatch(message);
  });

  it('is not said for a quota that others of the group have used up, where the threads did not wait', () => {
    expect(said({ quotaUsedUp: 0.9 })).toBeNull();
  });

  it('is said of requests that left late: by 10 ms, or 5 % of the median TTFT', () => {
    const late = { scheduleLagP99Ms: 12, scheduleLagTenthMs: 40 };
    expect(said(late, { load: open })).toMatch(/left 12\.0 ms late \(p99; 10\.0 ms are allowed\)/);
    expect(said({ eluMax: 0.9, ...late }, { load: open })).toMatch(/12\.0 ms late.*; its event loop was busy 90\.0 %/);
  });

  it('is not said of single late ones among few, which a hiccup makes', () => {
    expect(said({ scheduleLagP99Ms: 60, scheduleLagTenthMs: 0.4 }, { load: open })).toBeNull();
    expect(said({ scheduleLagP99Ms: 60, scheduleLagTenthMs: null }, { load: open })).toBeNull();
  });

  it('is said of a rate that was missed by its being late, and by nothing else', () => {
    const lateMs = 600;
    const late = { scheduleLagP99Ms: 590, scheduleLagTenthMs: 3 };
    expect(said(late, { lateMs, load: open })).toMatch(/it reached 94\.1 % of the asked rate/);
    // They left in time: it was connections that took theirs.
    expect(said({ ...late, scheduleLagP99Ms: 0.5 }, { lateMs, load: open })).toBeNull();
    // Behind a cap the server keeps arrivals waiting.
    expect(said(late, { lateMs, load: { ...open, maxConcurrency: 2 } })).toBeNull();
  });

  it('is not said of the start that a point of less than a second is', () => {
    const busy = { eluMax: 0.95, busyMax: 0.95 };
    expect(said(busy, { seconds: 0.5 })).toBeNull();
    expect(said(busy, { seconds: 5 })).not.toBeNull();
  });

  it('goes by what results of older versions have', () => {
    const { workers, loopDelayP99Ms, cpuCores, eventsPerRead } = idle;
    const old = { workers, loopDelayP99Ms, cpuCores, eventsPerRead, eluMax: 0.3, scheduleLagP99Ms: 30 };
    const absent = Object.fromEntries(Object.keys(idle).map((key) => [key, undefined]));
    expect(said({ ...absent, ...old }, { load: open })).toMatch(/30\.0 ms late/);
    expect(said({ ...absent, ...old, scheduleLagP99Ms: null })).toBeNull();
  });
});
