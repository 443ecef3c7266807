import type { Buffer } from 'node:buffer';
import { gunzipSync, gzipSync } from 'node:zlib';
import { BenchError, messageOf, type PointTelemetry, pointTelemetrySchema } from '@bench/core';

/** The content of `telemetry.jsonl.gz`: a line of JSON each, gzipped. */
export function encodeTelemetry(lines: readonly PointTelemetry[]): Buffer {
  return gzipSync(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/**
 * Reads what {@link encodeTelemetry} wrote. Lines that are none, as a newer version may write, are left out.
 * @throws BenchError `BENCH_TELEMETRY_DAMAGED` when it is no gzip, or ends before its end
 */
export function decodeTelemetry(content: Uint8Array): PointTelemetry[] {
  let text: string;
  try {
    text = gunzipSync(content).toString('utf8');
  } catch (cause) {
    throw new BenchError({
      code: 'BENCH_TELEMETRY_DAMAGED',
      message: `telemetry cannot be read: ${messageOf(cause)}`,
      hint: 'the file was changed after it was written',
      cause,
    });
  }
  return text.split('\n').flatMap((line) => {
    try {
      return pointTelemetrySchema.safeParse(JSON.parse(line)).data ?? [];
    } catch {
      return [];
    }
  });
}
