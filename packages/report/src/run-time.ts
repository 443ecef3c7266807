import type { RunSpan, RunSpans } from '@bench/results';

export type TimeKind = RunSpan['kind'] | 'idle';

/** Kinds of time as people call them, in the order of a run. */
export const TIME_KINDS: readonly (readonly [TimeKind, string])[] = [
  ['startup', 'machines starting'],
  ['deploying', 'engines coming up'],
  ['measuring', 'measuring'],
  ['failed', 'what does not count'],
  ['teardown', 'teardown'],
  ['idle', 'nothing of these'],
];

/** What a moment is counted as in which several things happen. */
const FIRST: readonly RunSpan['kind'][] = ['measuring', 'deploying', 'startup', 'failed', 'teardown'];

/** How long a run did what, milliseconds: each moment counts once, as measuring where anything measured. Kinds without time are left out. Pure. */
export function timeShares({ totalMs, spans }: RunSpans): { kind: TimeKind; ms: number }[] {
  const sums = new Map<TimeKind, number>();
  const edges = [...new Set([0, totalMs, ...spans.flatMap(({ fromMs, toMs }) => [fromMs, toMs])])].sort((a, b) => a - b);
  for (const [i, from] of edges.entries()) {
    const to = edges[i + 1] ?? from;
    const running = new Set(spans.filter((span) => span.fromMs <= from && span.toMs >= to).map(({ kind }) => kind));
    const kind = FIRST.find((each) => running.has(each)) ?? 'idle';
    sums.set(kind, (sums.get(kind) ?? 0) + to - from);
  }
  return TIME_KINDS.flatMap(([kind]) => {
    const ms = sums.get(kind) ?? 0;
    return ms > 0 ? [{ kind, ms }] : [];
  });
}
