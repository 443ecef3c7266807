import { BenchError } from '@bench/core';
import { type DeplodockFile, parseDeplodockText } from '../formats/deplodock-text.ts';
import { type DeplodockParts, readDeplodockTwin } from '../formats/deplodock-twin.ts';
import type { ForeignResult } from '../formats/foreign-result.ts';
import { asObject, parseLooseJson } from '../formats/loose-json.ts';
import { parseResultJson } from '../formats/parse-json.ts';
import { parseResultText } from '../formats/parse-text.ts';

/** What a file of another tool holds. */
export interface ForeignFile {
  results: readonly ForeignResult[];
  /** Of a deplodock file: the rest of it. */
  parts: DeplodockParts | null;
  problems: string[];
}

/** What is understood, for a message. */
const UNDERSTOOD =
  'read are run directories, and results of vllm bench, SGLang bench_serving, deplodock, GuideLLM, AIPerf and genai-perf, text or JSON';

/** Reads a file's text by what is in it, whatever it is called. @throws BenchError `BENCH_NO_RESULT` when nothing in it is a result. */
export function readForeignText(content: string): ForeignFile {
  const text = content.startsWith('\uFEFF') ? content.slice(1) : content;
  if (text.trim() === '') throw none('the file is empty');
  if (text.slice(0, 4096).includes('\0')) throw none('the file is not text');
  // A log may begin with "[", too.
  if (/^\s*[[{]/.test(text.slice(0, 4096)) && !BLOCK.test(text)) return understandJson(text);
  if (DEPLODOCK.test(text)) return understandDeplodock(text);
  return { results: parseResultText(text), parts: null, problems: [] };
}

/** How the text of a result begins; JSON has no line like it. */
const BLOCK = /^.{0,200}={3,60} Serving Benchmark Result ={3,60}$/m;
/** Sections that only deplodock writes. */
const DEPLODOCK = /^={8,} (Benchmark Task|Docker Compose Configuration|Benchmark Command|System Information) ={8,}/m;

function understandDeplodock(text: string): ForeignFile {
  const file: DeplodockFile = parseDeplodockText(text);
  if (file.results.length === 0) throw none('the file has no benchmark result: it may have been cut, or the benchmark failed');
  return { results: file.results, parts: file, problems: file.problems };
}

function understandJson(text: string): ForeignFile {
  const { values } = parseLooseJson(text.length < TWIN ? text : '');
  const parts = values.length === 1 ? twinOf(values[0]) : null;
  return parts ? { results: parts.results, parts, problems: [] } : { results: parseResultJson(text), parts: null, problems: [] };
}

/** Longer than any deplodock twin: a few kilobytes and a compose file. */
const TWIN = 4_000_000;

function twinOf(value: unknown): DeplodockParts | null {
  const object = asObject(value);
  return object && readDeplodockTwin(object);
}

function none(message: string): BenchError {
  return new BenchError({ code: 'BENCH_NO_RESULT', message, hint: UNDERSTOOD });
}
