import type { ClassResult, ConversationsResult } from '@bench/core';

/** What conversations came to, and their first turns beside the later ones: lines of text. */
export function conversationsText({ asked, finished, broken, cut, turnsNotSent, turns }: ConversationsResult): string[] {
  const { failed, givenUp, ended } = turnsNotSent;
  const why = Object.entries({ 'after a failure': failed, 'after one was given up': givenUp, 'at the end': ended });
  const unsent = why.flatMap(([when, count]) => (count > 0 ? [`${count} ${when}`] : []));
  return [
    `${asked} conversations: ${finished} finished, ${broken} broken, ${cut} cut; turns not sent: ${unsent.join(', ') || 'none'}`,
    line('', HEADS),
    line('first turns', figuresOf(turns.first)),
    line('later turns', figuresOf(turns.later)),
  ];
}

const HEADS = ['requests', 'tokens in', 'cached', 'TTFT p50', 'TTFT p99', 'E2EL p50'];

function figuresOf({ counts, scalars, distributions }: ClassResult): string[] {
  const { mean_input_tokens: input, cached_ratio: cached } = scalars;
  const { ttft_ms: ttft, e2el_ms: e2el } = distributions;
  const ms = (value: number | undefined) => (value === undefined ? '-' : `${value.toFixed(2)} ms`);
  return [
    String(counts.sent),
    input === undefined ? '-' : input.toFixed(1),
    cached === undefined ? '-' : `${(100 * cached).toFixed(1)} %`,
    ms(ttft?.p50),
    ms(ttft?.p99),
    ms(e2el?.p50),
  ];
}

function line(name: string, cells: readonly string[]): string {
  return name.padEnd(12) + cells.map((cell) => cell.padStart(13)).join('');
}
