import { BenchError } from '@bench/core';
import { pythonNumber } from './clean-lines.ts';
import { complete, emptyResult, type ForeignResult, setStatistic } from './foreign-result.ts';
import { findBlocks, type TextBlock, type TextRow } from './text-blocks.ts';
import { labelTarget, latencyLabel } from './text-labels.ts';
import { parseOfflineText } from './vllm-offline.ts';

/** Every result in the output of `vllm bench serve|latency|throughput`, in order, whatever surrounds it. @throws BenchError `BENCH_NO_RESULT` when there is none. */
export function parseVllmText(text: string): ForeignResult[] {
  return nonEmpty([...findBlocks(text).map((block) => understand(block, 'vllm')), ...parseOfflineText(text)]);
}

/** Every result in the output of SGLang's `bench_serving`. @throws BenchError `BENCH_NO_RESULT`. */
export function parseSglangText(text: string): ForeignResult[] {
  return nonEmpty(findBlocks(text).map((block) => understand(block, 'sglang')));
}

/** The same for either tool, told apart block by block. @throws BenchError `BENCH_NO_RESULT`. */
export function parseResultText(text: string): ForeignResult[] {
  return nonEmpty([
    ...findBlocks(text).map((block) => understand(block, looksLikeSglang(block) ? 'sglang' : 'vllm')),
    ...parseOfflineText(text),
  ]);
}

function nonEmpty(results: ForeignResult[]): ForeignResult[] {
  if (results.length > 0) return results;
  throw new BenchError({
    code: 'BENCH_NO_RESULT',
    message: 'no benchmark result in this text',
    hint: 'expected the output of "vllm bench serve", "vllm bench latency", "vllm bench throughput" or SGLang "bench_serving"',
  });
}

function looksLikeSglang({ rows }: TextBlock): boolean {
  return rows.some(
    ({ label }) =>
      /^(backend|traffic request rate|concurrency|total generated tokens \(retokenized\)|accept length)$/i.test(label) ||
      / E2E Latency \(ms\)$/i.test(label),
  );
}

function understand(block: TextBlock, tool: ForeignResult['tool']): ForeignResult {
  const result = emptyResult(tool, 'text', isPooling(block) ? 'pooling' : 'serve');
  if (block.model !== undefined) result.model = block.model;
  for (const row of block.rows) {
    keep(result, row);
    if (/^steady-state/i.test(row.section)) readSteady(result, row);
    else readRow(result, row);
  }
  if (block.rows.length === 0) result.problems.push('the result block is empty');
  if (!block.closed) result.problems.push('the result block has no end: the text may be cut');
  return complete(result);
}

/** A pooling run generates nothing, and times whole requests. */
function isPooling({ rows }: TextBlock): boolean {
  const has = (pattern: RegExp) => rows.some(({ section, label }) => !/^steady-state/i.test(section) && pattern.test(label));
  return !has(/^total generated tokens|TTFT \(ms\)$|^output token/i) && has(/^input throughput \(inputs\/s\)$|E2EL \(ms\)$/i);
}

function keep(result: ForeignResult, { section, label, value }: TextRow): void {
  const number = pythonNumber(value);
  // What JSON cannot hold stays as it was printed; so does a percentage, with its sign.
  const kept = number !== null && Number.isFinite(number) && !value.endsWith('%') ? number : value;
  const key = section !== '' && (Object.hasOwn(result.native, label) || /^steady-state/i.test(section)) ? `${section} / ${label}` : label;
  if (Object.hasOwn(result.native, key) && result.native[key] !== kept)
    result.problems.push(`"${key}" is there twice: ${String(result.native[key])} and ${value}`);
  result.native[key] = kept;
}

function readRow(result: ForeignResult, { label, value }: TextRow): void {
  const number = pythonNumber(value);
  const latency = latencyLabel(label);
  if (latency) {
    if (number === null) result.problems.push(`"${label}" is not a number: ${value}`);
    else if (latency.ours !== null) setStatistic(result, latency.ours, latency.statistic, number);
    return;
  }
  const target = labelTarget(label);
  if (!target) return;
  if ('scalar' in target) {
    if (number !== null && Number.isFinite(number)) result.scalars[target.scalar] = number;
    else result.problems.push(`"${label}" is ${value === '' ? 'empty' : value}`);
    return;
  }
  if (target.field === 'requestRate') {
    if (number !== null && !Number.isNaN(number)) result.requestRate = Number.isFinite(number) ? number : 'inf';
  } else if (number === null || !Number.isFinite(number)) {
    if (target.field !== 'maxConcurrency') result.problems.push(`"${label}" is ${value === '' ? 'empty' : value}`);
  } else if (target.field === 'ok' || target.field === 'failed') result.counts[target.field] = number;
  else result[target.field] = number;
}

function readSteady(result: ForeignResult, { label, value }: TextRow): void {
  const number = pythonNumber(value);
  if (/^output (token )?throughput \(tok\/s\)$/i.test(label) && number !== null && Number.isFinite(number))
    result.scalars['steady_output_throughput'] = number;
}
