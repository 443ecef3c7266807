import type { RequestRecord } from '@bench/core';

const TIMES = [
  'intendedMs',
  'sentMs',
  'firstByteMs',
  'firstEventMs',
  'firstTokenMs',
  'firstAnswerMs',
  'lastTokenMs',
  'lastEventMs',
  'endMs',
] as const;

/** The record with `byMs` added to all its times. */
export function moveTimes(record: RequestRecord, byMs: number): RequestRecord {
  const out: RequestRecord = { ...record };
  for (const key of TIMES) {
    const value = out[key];
    // Whole nanoseconds: more digits would be noise of the sum.
    if (value !== null) out[key] = Math.round((value + byMs) * 1e6) / 1e6;
  }
  return out;
}
