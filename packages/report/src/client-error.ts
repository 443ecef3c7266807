import type { ClientAccuracy } from '@bench/core';
import { formatMs } from './format.ts';

/** Of a point that bench's own client measured: its own error, or that nobody checked it on the machine that sent. */
export type KnownAccuracy = ClientAccuracy | 'not checked';

/** The client's own error in words, at the highest load of those given. Null: bench's client measured none of them. */
export function clientErrorText(points: readonly (KnownAccuracy | null)[]): string | null {
  const own = points.filter((point) => point !== null);
  if (own.length === 0) return null;
  const checked = own.filter((point) => point !== 'not checked').sort((a, b) => b.streams - a.streams);
  const [most] = checked;
  if (!most) return 'not checked: bench selfcheck, on the machine that sends';
  const text = [
    `at ${most.streams === 1 ? '1 stream' : `${most.streams} streams`} of ${most.tokensPerS} tokens/s`,
    `TTFT p50 ${formatMs(most.ttftP50Ms)}, p99 ${formatMs(most.ttftP99Ms)}`,
    `gaps p50 ${formatMs(most.itlP50Ms)}, p99 ${formatMs(most.itlP99Ms)}`,
    `TPOT p99 ${formatMs(most.tpotP99Ms)}`,
  ].join('; ');
  const some = checked.length < own.length ? `; not checked of ${own.length - checked.length} of ${own.length} points` : '';
  return `${text}; checked on ${most.checkedAt.slice(0, 10)}${some}`;
}
