import { cleanLines, pythonNumber } from './clean-lines.ts';
import { complete, emptyResult, type ForeignResult, setStatistic } from './foreign-result.ts';

/**
 * Results of `vllm bench latency` (`Avg latency: 1.5 seconds`, `Std latency: …`, `99% percentile latency: …`) and `vllm bench
 * throughput` (`Throughput: 8.2 requests/s, 4200.1 total tokens/s, 2100.0 output tokens/s`; older: one `tokens/s`, all of them).
 */
export function parseOfflineText(text: string): ForeignResult[] {
  const results: ForeignResult[] = [];
  for (const line of cleanLines(text)) {
    const last = results.at(-1);
    const at = line.indexOf('latency: ');
    if (at !== -1) readLatency(line, results);
    else if (line.includes('Throughput: ')) {
      const result = readThroughput(line.slice(line.indexOf('Throughput: ') + 12));
      if (result) results.push(result);
    } else if (last?.kind === 'throughput' && line.includes('Total num ')) readTotals(line, last);
  }
  return results.map(complete);
}

function readLatency(line: string, results: ForeignResult[]): void {
  const match = /(Avg|Std|(\d{1,3}(?:\.\d{1,6})?)% percentile) latency: (\S{1,40}) seconds\s*$/.exec(line.slice(-120));
  if (!match) return;
  const [, name, percentile, printed = ''] = match;
  if (name === 'Avg') results.push(emptyResult('vllm', 'text', 'latency'));
  const result = results.at(-1);
  const seconds = pythonNumber(printed);
  if (result?.kind !== 'latency' || seconds === null) return;
  result.native[`${name as string} latency`] = Number.isFinite(seconds) ? seconds : printed;
  setStatistic(result, 'batch_latency_ms', percentile === undefined ? (name as string) : `p${percentile}`, seconds * 1000);
}

const RATES: [unit: string, scalar: string][] = [
  ['requests/s', 'request_throughput'],
  ['total tokens/s', 'total_token_throughput'],
  ['tokens/s', 'total_token_throughput'],
  ['output tokens/s', 'output_throughput'],
];

function readThroughput(rest: string): ForeignResult | null {
  const result = emptyResult('vllm', 'text', 'throughput');
  for (const part of rest.split(',').slice(0, 5)) {
    const [printed = '', ...words] = part.trim().split(/\s+/, 4);
    const unit = words.join(' ');
    const scalar = RATES.find(([name]) => name === unit)?.[1];
    const value = pythonNumber(printed);
    if (value === null || !unit.endsWith('/s')) continue;
    result.native[unit] = Number.isFinite(value) ? value : printed;
    if (scalar && Number.isFinite(value)) result.scalars[scalar] = value;
  }
  // Other programs print "Throughput:" too; requests a second are vLLM's.
  return 'requests/s' in result.native ? result : null;
}

function readTotals(line: string, result: ForeignResult): void {
  const match = /Total num (prompt|output) tokens:\s{1,20}(\d{1,15})\s*$/.exec(line.slice(-120));
  if (!match) return;
  const tokens = Number(match[2]);
  result.native[`Total num ${match[1] as string} tokens`] = tokens;
  result.scalars[match[1] === 'prompt' ? 'total_input_tokens' : 'total_output_tokens'] = tokens;
}
