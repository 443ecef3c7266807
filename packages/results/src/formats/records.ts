import { Buffer } from 'node:buffer';
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { BenchError, messageOf, type RequestRecord, requestRecordSchema } from '@bench/core';

export interface DecodedRecords {
  records: RequestRecord[];
  /** The file ends before its content does: what was there is in `records`. */
  truncated: boolean;
  /** Lines that are not records, by number from 1; the first 20. */
  problems: { line: number; message: string }[];
}

/** The content of `requests.jsonl.gz`: one record a line, gzipped. */
export function encodeRecords(records: readonly RequestRecord[]): Buffer {
  const parts: Buffer[] = [];
  // In slices: a million records as one string pass what a string can hold.
  for (let i = 0; i < records.length; i += 10_000) {
    parts.push(
      Buffer.from(
        records
          .slice(i, i + 10_000)
          .map((r) => `${JSON.stringify(r)}\n`)
          .join(''),
      ),
    );
  }
  return gzipSync(Buffer.concat(parts), { level: 4 });
}

/**
 * Reads what {@link encodeRecords} wrote. A cut file gives what is left of it and says so.
 * @throws BenchError `BENCH_RECORDS_DAMAGED` when it is no gzip, or its content was changed.
 */
export function decodeRecords(content: Uint8Array): DecodedRecords {
  const { body, cut } = unzip(content);
  const result: DecodedRecords = { records: [], truncated: cut, problems: [] };
  for (let at = 0, line = 1; at < body.length; line++) {
    const end = body.indexOf(10, at);
    if (end === -1) {
      // A line without its end was being written, even when it happens to parse.
      result.truncated = true;
      break;
    }
    if (end > at) read(body.toString('utf8', at, end), line, result);
    at = end + 1;
  }
  return result;
}

/**
 * How many requests are left in a file that was cut, found without reading them; null: it is whole.
 * @throws BenchError `BENCH_RECORDS_DAMAGED` when it is no gzip, or its content was changed.
 */
export function recordsLeft(content: Uint8Array): number | null {
  const { body, cut } = unzip(content);
  if (!cut && (body.length === 0 || body[body.length - 1] === 10)) return null;
  let lines = 0;
  for (let at = body.indexOf(10); at !== -1; at = body.indexOf(10, at + 1)) lines++;
  return lines;
}

function read(text: string, line: number, into: DecodedRecords): void {
  let message: string;
  try {
    const parsed = requestRecordSchema.safeParse(JSON.parse(text));
    if (parsed.success) {
      into.records.push(parsed.data);
      return;
    }
    const issue = parsed.error.issues[0];
    message = issue ? `${issue.path.join('.')}: ${issue.message}` : 'not a record';
  } catch (error) {
    message = messageOf(error);
  }
  if (into.problems.length < 20) into.problems.push({ line, message });
}

function unzip(content: Uint8Array): { body: Buffer; cut: boolean } {
  try {
    return { body: gunzipSync(content), cut: false };
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== 'Z_BUF_ERROR') throw damaged(cause);
  }
  try {
    return { body: gunzipSync(content, { finishFlush: constants.Z_SYNC_FLUSH }), cut: true };
  } catch (cause) {
    throw damaged(cause);
  }
}

function damaged(cause: unknown): BenchError {
  return new BenchError({
    code: 'BENCH_RECORDS_DAMAGED',
    message: `request records cannot be read: ${messageOf(cause)}`,
    hint: 'the file was changed after it was written',
    cause,
  });
}
