import type { TruthSpread, TruthSummary } from '@bench/loadgen/testing';
import { columns } from './columns.ts';
import type { Styles } from './style.ts';

/** What a mock engine did: its counts, and its times in milliseconds. */
export function truthText(truth: TruthSummary, style: Styles): string {
  const outcomes = Object.entries(truth.outcomes).map(([name, count]) => `${count} ${name.replaceAll('_', ' ')}`);
  const counts = [
    ['requests', [`${truth.requests}`, ...(outcomes.length > 0 ? [`(${outcomes.join(', ')})`] : [])].join(' ')],
    ['prompt tokens', String(truth.promptTokens)],
    ['output tokens', String(truth.outputTokens)],
  ];
  const times: [string, TruthSpread | null][] = [
    ['queue', truth.queueMs],
    ['TTFT', truth.ttftMs],
    ['gap between chunks', truth.gapMs],
    ['written after due', truth.latenessMs],
  ];
  const rows = times.map(([name, spread]) => [name, ...(['p50', 'p99', 'max'] as const).map((q) => (spread ? spread[q].toFixed(2) : '-'))]);
  return `${columns(['what it did', ''], counts, style)}\n${columns(['ms, by its own stamps', 'p50', 'p99', 'max'], rows, style)}`;
}
