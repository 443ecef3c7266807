import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { BenchError, messageOf } from '@bench/core';
import type { DeplodockParts } from '../formats/deplodock-twin.ts';
import type { FileInput } from './find-inputs.ts';
import { type ForeignFile, readForeignText } from './foreign-file.ts';
import type { Found } from './measurement.ts';
import { joinTwins } from './twins.ts';

/** A file that was read, or why it was not. */
export interface Read extends FileInput {
  /** Null: it is no result, and nobody said it was one. */
  file: ForeignFile | null;
  problems: string[];
}

/** Longest file that is read: a longer one cannot be held as one string. */
const MAX_BYTES = 400 * 2 ** 20;
/** Longest that is read because it is in a folder. */
const MAX_FOUND_BYTES = 64 * 2 ** 20;

/** Names that results have, whatever is in them. */
const RESULT_NAME = /(_benchmark\.(txt|json)|^profile_export_(aiperf|genai_perf)\.json|^benchmarks\.json)$/;
/** What only results say. */
const RESULT_TEXT = /= Serving Benchmark Result =|"(request_throughput|mean_ttft_ms|guidellm_version|request_latency)"/;

/** Reads a file. What is not a result is a problem when it was named, or when its name or a part of it says that it should be one. */
export async function readInput(
  input: FileInput,
  { signal, must = input.below === null }: { signal: AbortSignal; must?: boolean },
): Promise<Read> {
  const expected = must || RESULT_NAME.test(basename(input.path));
  let text = '';
  try {
    const { size } = await stat(input.path);
    if (size > (expected ? MAX_BYTES : MAX_FOUND_BYTES)) {
      const message = `not read: it is larger than ${MAX_BYTES / 2 ** 20} MiB`;
      return { ...input, file: null, problems: expected ? [message] : [] };
    }
    text = await readFile(input.path, { encoding: 'utf8', signal });
    const file = readForeignText(text);
    return { ...input, file, problems: [...file.problems, ...file.results.flatMap(({ problems }) => problems)] };
  } catch (error) {
    signal.throwIfAborted();
    const told = expected || !isNoResult(error) || RESULT_TEXT.test(text);
    return { ...input, file: null, problems: told ? [reasonOf(error)] : [] };
  }
}

function isNoResult(error: unknown): boolean {
  return BenchError.is(error) && error.code === 'BENCH_NO_RESULT';
}

/** Why something could not be read, on one line, with what would be. */
export function reasonOf(error: unknown): string {
  const hint = BenchError.is(error) && error.hint !== undefined ? ` (${error.hint})` : '';
  return `${messageOf(error).split('\n').join('; ')}${hint}`;
}

/** A text and a JSON file of one measurement as one: the figures are from the JSON file. Null: they are of different ones. */
export function joinReads(json: Read, text: Read): { found: Found; contradictions: string[] } | null {
  const [a, b] = [json.file, text.file];
  const [ours, theirs] = [a?.results[0], b?.results[0]];
  if (!a || !b || !ours || !theirs || a.results.length !== 1 || b.results.length !== 1) return null;
  if ((a.parts === null) !== (b.parts === null) || ours.tool !== theirs.tool || theirs.format !== 'text' || ours.format === 'text')
    return null;
  const { parts, contradictions } = joinTwins(a.parts ?? partsOf(a), b.parts ?? partsOf(b));
  return { found: { path: json.path, below: json.below, results: parts.results, parts: a.parts && parts }, contradictions };
}

function partsOf({ results }: ForeignFile): DeplodockParts {
  return { task: null, results: [...results], compose: null, command: null, system: null };
}
