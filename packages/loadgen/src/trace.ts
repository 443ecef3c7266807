import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { BenchError, messageOf, type TraceFormat } from '@bench/core';

/** Tokens of a block that `hash_ids` stands for. */
export const TRACE_BLOCK_TOKENS = 512;

/** One request of a trace. */
export interface TraceRequest {
  /** From the first request on, speed applied. */
  atMs: number;
  inputTokens: number;
  outputTokens: number;
  /** One id for each block of {@link TRACE_BLOCK_TOKENS} of the prompt, the last of which may be shorter: equal ids, equal tokens. Empty: shares nothing. */
  blocks: number[];
}

export interface ReadTraceOptions {
  path: string;
  format: TraceFormat;
  speed: number;
  /** The first so many … */
  count?: number | undefined;
  /** … that come before this, milliseconds after the first, speed applied. */
  durationMs?: number | undefined;
}

/** A line as it stands: null is one to be left out. */
type ReadLine = (line: string, fail: (what: string) => never) => TraceRequest | null;

/**
 * Reads a trace line by line, no further than it is needed (some have millions), and sorts what it took by time.
 *
 * `mooncake` (github.com/kvcache-ai/Mooncake, FAST25-release/traces): JSONL of `timestamp` in ms, `input_length`, `output_length`, and `hash_ids`, one for
 * each 512 tokens of the prompt.
 * `azure` (github.com/Azure/AzurePublicDataset, AzureLLMInferenceDataset2023.md and 2024.md): CSV of `TIMESTAMP` as `2023-11-16 18:17:03.9799600`, the later
 * ones with an offset such as `+00:00`, `ContextTokens`, `GeneratedTokens`.
 * `burstgpt` (github.com/HPMLL/BurstGPT): CSV of `Timestamp` in seconds, `Request tokens`, `Response tokens` and more. Lines of 0 response tokens are
 * requests that failed; they are left out.
 * @throws BenchError `BENCH_DATASET` with file and line for what cannot be read, or without a request.
 */
export async function readTrace({ path, format, speed, count, durationMs }: ReadTraceOptions): Promise<TraceRequest[]> {
  const read: ReadLine = format === 'mooncake' ? mooncakeLine : csvLine(format);
  const requests: TraceRequest[] = [];
  const stream = createReadStream(path, 'utf8');
  let number = 0;
  try {
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++;
      if (line.trim() === '') continue;
      const found = read(number === 1 ? line.replace(/^\uFEFF/, '') : line, (what) => {
        throw problem(`${path}:${number}`, what);
      });
      if (!found) continue;
      const first = requests[0] ?? found;
      if (durationMs !== undefined && (found.atMs - first.atMs) / speed >= durationMs) break;
      requests.push(found);
      if (requests.length === count) break;
    }
  } catch (error) {
    throw BenchError.is(error) ? error : problem(path, messageOf(error), error);
  } finally {
    stream.destroy();
  }
  if (requests.length === 0) throw problem(path, 'there is no request in it');
  requests.sort((a, b) => a.atMs - b.atMs);
  const zero = (requests[0] as TraceRequest).atMs;
  return requests.map((r) => ({ ...r, atMs: (r.atMs - zero) / speed }));
}

const mooncakeLine: ReadLine = (line, fail) => {
  let json: Record<string, unknown> | null;
  try {
    json = JSON.parse(line) as Record<string, unknown> | null;
  } catch {
    return fail('it is not JSON');
  }
  const number = (key: string, valid: (value: number) => boolean, what: string): number => {
    const value = json?.[key];
    return typeof value === 'number' && valid(value) ? value : fail(`"${key}" is not ${what}`);
  };
  const inputTokens = number('input_length', isCount, 'a number of tokens');
  const blocks = json?.['hash_ids'] ?? [];
  if (!Array.isArray(blocks) || !blocks.every((id) => Number.isInteger(id))) return fail('"hash_ids" is not a list of whole numbers');
  const most = Math.ceil(inputTokens / TRACE_BLOCK_TOKENS);
  if (blocks.length > most)
    return fail(`${blocks.length} "hash_ids" for ${inputTokens} tokens, which have ${most} blocks of ${TRACE_BLOCK_TOKENS}`);
  return {
    atMs: number('timestamp', Number.isFinite, 'a time in milliseconds'),
    inputTokens,
    outputTokens: number('output_length', isCount, 'a number of tokens'),
    blocks: blocks as number[],
  };
};

const COLUMNS = {
  azure: ['TIMESTAMP', 'ContextTokens', 'GeneratedTokens'],
  burstgpt: ['Timestamp', 'Request tokens', 'Response tokens'],
} as const;

/** Neither form quotes anything. The first line names the columns. */
function csvLine(format: keyof typeof COLUMNS): ReadLine {
  const names = COLUMNS[format];
  let places: number[] | null = null;
  return (line, fail) => {
    const cells = line.split(',').map((cell) => cell.trim());
    if (!places) {
      places = names.map((name) => cells.indexOf(name));
      const missing = names.filter((_, i) => places?.[i] === -1);
      return missing.length > 0 ? fail(`the first line names no column ${missing.map((name) => `"${name}"`).join(', ')}`) : null;
    }
    const [time, input, output] = places.map((place) => cells[place] ?? '') as [string, string, string];
    const tokens = (text: string, name: string): number => {
      const value = text === '' ? Number.NaN : Number(text);
      return isCount(value) ? value : fail(`"${name}" is not a number of tokens`);
    };
    const seconds = time === '' ? Number.NaN : Number(time);
    const atMs = format === 'azure' ? utcMs(time) : seconds * 1000;
    if (!Number.isFinite(atMs)) return fail(`"${names[0]}" is not ${format === 'azure' ? 'a date and time' : 'a number of seconds'}`);
    const found = { atMs, inputTokens: tokens(input, names[1]), outputTokens: tokens(output, names[2]), blocks: [] };
    return format === 'burstgpt' && found.outputTokens === 0 ? null : found;
  };
}

/** `Date` has whole milliseconds; the fraction may have seven digits. */
function utcMs(text: string): number {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (!match) return Number.NaN;
  return Date.parse(`${match[1]}T${match[2]}${match[4] ?? 'Z'}`) + Number(match[3] ?? 0) * 1000;
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0;
}

function problem(where: string, what: string, cause?: unknown): BenchError {
  return new BenchError({
    code: 'BENCH_DATASET',
    message: `trace ${where}: ${what}`,
    hint: 'see the README of @bench/loadgen for the forms of traces',
    cause,
  });
}
