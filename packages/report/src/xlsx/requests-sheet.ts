import { maskSecrets, type RequestRecord } from '@bench/core';
import { FORMAT, type CellValue, type SheetColumn } from './cells.ts';

export const REQUEST_COLUMNS: SheetColumn[] = [
  { header: 'Run', width: 14 },
  { header: 'Recipe', width: 20 },
  { header: 'Variant', width: 22 },
  { header: 'Point', width: 8 },
  { header: 'Repeat', width: 10 },
  { header: 'Request', width: 10, format: FORMAT.integer },
  { header: 'Phase', width: 10 },
  { header: 'Status', width: 10 },
  ...['Intended', 'Sent', 'First byte', 'First token', 'Last token', 'End', 'TTFT', 'E2EL'].map((name) => ({
    header: `${name} (ms)`,
    width: 12,
    format: FORMAT.threeDecimals,
  })),
  ...['Prompt tokens', 'Cached tokens', 'Output tokens', 'Chunks'].map((header) => ({ header, width: 11, format: FORMAT.integer })),
  { header: 'Finish reason', width: 12 },
  { header: 'HTTP status', width: 9 },
  { header: 'Error class', width: 12 },
  { header: 'Error', width: 40 },
];

/** One line of the Requests sheet. */
export function requestCells(
  where: { run: string; recipe: string; variant: string; point: number; repeat: number },
  record: RequestRecord,
): CellValue[] {
  const since = (ms: number | null) => (ms === null ? null : ms - record.sentMs);
  return [
    where.run,
    where.recipe,
    where.variant,
    where.point + 1,
    where.repeat + 1,
    record.index,
    record.phase,
    record.status,
    record.intendedMs,
    record.sentMs,
    record.firstByteMs,
    record.firstTokenMs,
    record.lastTokenMs,
    record.endMs,
    since(record.firstTokenMs),
    since(record.lastTokenMs ?? record.endMs),
    record.promptTokens,
    record.cachedTokens,
    record.outputTokens,
    record.chunks,
    record.finishReason,
    record.httpStatus,
    record.error?.class,
    record.error && maskSecrets(record.error.message),
  ];
}
