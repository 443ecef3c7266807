import { BenchError } from '@bench/core';
import type { ForeignResult } from './foreign-result.ts';
import { asObject, parseLooseJson } from './loose-json.ts';

export type Json = Record<string, unknown>;

/** What one JSON object says. Null: it is none of the reader's. An empty list: it is, and holds no result. */
export type ResultReader = (json: Json, format: ForeignResult['format']) => ForeignResult | ForeignResult[] | null;

/**
 * Every result in a text of JSON objects, each read by the first reader that knows it. What is not a result is told among the last one's
 * problems.
 * @throws BenchError `BENCH_NO_RESULT` when there is none.
 */
export function readResults(text: string, readers: readonly ResultReader[]): ForeignResult[] {
  const { values, lines, problems } = parseLooseJson(text);
  const objects = values.flatMap((v) => (Array.isArray(v) ? v : [v])).map(asObject);
  const format = lines && objects.length > 1 ? 'jsonl' : 'json';
  const results: ForeignResult[] = [];
  objects.forEach((object, i) => {
    const read = object && first(readers, (reader) => reader(object, format));
    const found = read === null ? [] : [read].flat();
    results.push(...found);
    if (found.length === 0 && problems.length < 20)
      problems.push(`JSON value ${i + 1} ${read === null ? 'is not a benchmark result' : 'holds no benchmark result'}`);
  });
  const last = results.at(-1);
  if (!last) {
    throw new BenchError({
      code: 'BENCH_NO_RESULT',
      message: ['no benchmark result in this JSON', ...problems.slice(0, 3)].join('\n'),
      hint: 'expected a file of "vllm bench … --save-result" or "--output-json", SGLang "bench_serving --output-file", GuideLLM, AIPerf or genai-perf',
    });
  }
  last.problems.push(...problems);
  return results;
}

function first<T, R>(items: readonly T[], of: (item: T) => R | null): R | null {
  for (const item of items) {
    const result = of(item);
    if (result !== null) return result;
  }
  return null;
}
