import { type RequestRecord, requestRecord, requestRecordSchema } from '@bench/core';

/** Rows of a `requests.jsonl`, and characters of one row. */
export const REQUESTS_LIMITS = { rows: 1_000_000, rowLength: 65_536 } as const;

/**
 * Reads rows of a `requests.jsonl`, each a record of the run directory's own schema (`requestRecordSchema`). A row needs `sentMs` and
 * `endMs` only; `index` follows from its place, `intendedMs` from `sentMs`, `status` from `error`, and the rest is unknown.
 * @returns the records, and what is wrong with the first rows that are none, by line.
 */
export function parseRequests(): {
  push(text: string): void;
  done(): { records: RequestRecord[]; problems: string[] };
} {
  const records: RequestRecord[] = [];
  const problems: string[] = [];
  let line = 0;
  return {
    push(text) {
      line++;
      if (text.trim() === '' || problems.length >= 5) return;
      const at = `line ${line}`;
      if (text.length > REQUESTS_LIMITS.rowLength) problems.push(`${at}: longer than ${REQUESTS_LIMITS.rowLength} characters`);
      else if (records.length >= REQUESTS_LIMITS.rows) problems.push(`${at}: more than ${REQUESTS_LIMITS.rows} rows`);
      else {
        const row = readRow(text, records.length);
        if (typeof row === 'string') problems.push(`${at}: ${row}`);
        else records.push(row);
      }
    },
    done: () => ({ records, problems }),
  };
}

function readRow(text: string, index: number): RequestRecord | string {
  let written: unknown;
  try {
    written = JSON.parse(text);
  } catch (error) {
    return `not JSON: ${(error as Error).message}`;
  }
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return 'expected an object';
  const own = written as Record<string, unknown>;
  for (const key of ['sentMs', 'endMs']) if (!Object.hasOwn(own, key)) return `"${key}" is missing`;
  if (typeof own['sentMs'] !== 'number') return 'sentMs: expected a number of milliseconds since the start';
  // Whatever it holds, the schema looks at it next.
  const parsed = requestRecordSchema.safeParse(requestRecord({ index, sentMs: own['sentMs'], ...own }));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return issue ? `${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}` : 'not a record';
  }
  return contradiction(parsed.data) ?? parsed.data;
}

/** What the schema cannot see. */
function contradiction(r: RequestRecord): string | null {
  if (r.endMs !== null && r.endMs < r.sentMs) return `endMs ${r.endMs} is before sentMs ${r.sentMs}`;
  if (r.status === 'ok' && r.error) return 'status is ok, and there is an error';
  if (r.status === 'ok' && r.endMs === null) return 'status is ok, and endMs is null';
  if (r.status === 'failed' && !r.error) return 'status is failed, and there is no error {class, message}';
  for (const [count, source] of [
    ['promptTokens', 'promptTokenSource'],
    ['outputTokens', 'outputTokenSource'],
  ] as const) {
    if (r[count] !== null && r[source] === 'none')
      return `${count} needs ${source}: server_usage, client_tokenizer, chunk_count or requested`;
  }
  return null;
}
