import { generatesText } from '@bench/core';
import type { ReportRow } from '../rows.ts';

/** Equal for points whose requests were the same but for how many were sent at a time: data, API, conversations, and whether a server answered them. */
export function workOf({ dataText, load, program }: ReportRow): string {
  return JSON.stringify([dataText, load?.api ?? null, load?.conversations ?? null, program]);
}

/** How a row's figures came about: `serve` and `pooling` are of a server under load, `throughput` and `latency` of batches without one. */
export function measuredAs({ program, load }: ReportRow): NonNullable<ReportRow['program']> {
  return program ?? (load && !generatesText(load.api) ? 'pooling' : 'serve');
}

/** Equal for points whose figures can be set against each other: model (else recipe), data, conversations, and how they came about. */
export function contestKey(row: ReportRow): string {
  return JSON.stringify([row.model ?? row.recipe, row.dataText, row.load?.conversations ?? null, measuredAs(row)]);
}

/** What was done without a server; null: there was one. */
export function offlineText(row: ReportRow): string | null {
  const as = measuredAs(row);
  return as === 'throughput' ? 'offline, all at once' : as === 'latency' ? 'offline, batch by batch' : null;
}
