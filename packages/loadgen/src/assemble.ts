import type { LoadSpec, RequestRecord } from '@bench/core';
import type { Calibration } from './calibration.ts';
import { observationOf } from './client-observation.ts';
import { withClientSeconds } from './client-seconds.ts';
import type { LoadResult } from './result.ts';
import { buildSeries } from './series.ts';
import { summarizeRecords } from './summarize.ts';
import { moveTimes } from './times.ts';
import { unpackGaps } from './worker/gap-list.ts';
import { unpack } from './worker/packed-records.ts';
import type { WorkerReport } from './worker/protocol.ts';

/** In the order of their indexes, with times from `zeroMs` on. */
export function recordsOf(reports: readonly WorkerReport[], zeroMs: number): RequestRecord[] {
  const records: RequestRecord[] = [];
  // One by one: a list of them on the worker's clock beside this one would be as large again.
  for (const report of reports) for (const record of unpack(report.records)) records.push(moveTimes(record, -zeroMs));
  return records.sort((a, b) => a.index - b.index);
}

/** What one load leaves behind. */
export interface AssembleOptions {
  load: LoadSpec;
  origins: readonly string[];
  reports: WorkerReport[];
  /** Those of the reports, their tokens counted. */
  records: RequestRecord[];
  zeroMs: number;
  zeroEpochMs: number;
  calibration: Calibration;
  quotaUsedUp: number | null;
  interrupted: boolean;
}

/** The result of a load from what its workers saw: the same, whichever worker saw what. */
export function assemble(options: AssembleOptions): LoadResult {
  const { load, origins, reports, records, zeroMs, zeroEpochMs, calibration, quotaUsedUp, interrupted } = options;
  const gaps = reports.flatMap((report) => unpackGaps(report)).sort((a, b) => a.index - b.index);
  const client = observationOf({ load, selves: reports.map((r) => r.self), records, quotaUsedUp });
  const promptEntries = reports[0]?.promptEntries ?? null;
  const { templateTokens } = calibration;
  const startedAt = new Date(zeroEpochMs).toISOString();
  const summary = summarizeRecords({ load, records, gaps, origins, startedAt, client, templateTokens, promptEntries, interrupted });
  const seconds = reports.flatMap(({ self }) => self.seconds);
  const series = withClientSeconds(buildSeries(records, gaps), seconds);
  return { summary, records, gaps, series, zeroMonotonicMs: zeroMs, zeroEpochMs, calibration, promptEntries };
}
