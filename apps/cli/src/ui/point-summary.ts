import { formatDuration, type PointResult } from '@bench/core';
import type { Styles } from './style.ts';

/** Figures of a recipe's own that a line has room for. */
const OWN_SHOWN = 3;
/** Flags that were known beforehand and need no word at every point. */
const BENIGN = new Set(['random_weights', 'few_samples']);

/** What was measured at a point, the parts of a line. */
export function pointSummary(result: PointResult, style: Styles): string[] {
  const { counts, scalars, distributions, durationS, flags } = result;
  const doubts = flags.filter((flag) => !BENIGN.has(flag.code));
  const requests = counts.sent > 0 || counts.ok > 0;
  return [
    requests ? `${counts.ok} requests${counts.failed > 0 ? style.red(` (${counts.failed} failed)`) : ''}` : null,
    scalars['output_throughput'] ? `${Math.round(scalars['output_throughput'])} tok/s` : null,
    distributions['ttft_ms'] ? `TTFT ${ms(distributions['ttft_ms'].p50)}` : null,
    distributions['tpot_ms'] ? `TPOT ${ms(distributions['tpot_ms'].p50)}` : null,
    ...ownFigures(result, style),
    style.dim(formatDuration(durationS * 1000)),
    doubts.length > 0 ? style.yellow(doubts.map((flag) => flag.code).join(' ')) : null,
  ].filter((part) => part !== null);
}

/** Those that have a better direction first: they are what was measured, the rest describes it. */
function ownFigures({ ownMetrics = {}, scalars }: PointResult, style: Styles): string[] {
  const names = Object.keys(ownMetrics)
    .filter((name) => scalars[name] !== undefined)
    .sort((a, b) => Number(ownMetrics[a]?.better === null) - Number(ownMetrics[b]?.better === null));
  const shown = names
    .slice(0, OWN_SHOWN)
    .map((name) => [name, figure(scalars[name] as number), ownMetrics[name]?.unit ?? ''].filter(Boolean).join(' '));
  const more = names.length - shown.length;
  return more > 0 ? [...shown, style.dim(`and ${more} more`)] : shown;
}

const figure = (value: number) => (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4))));

function ms(value: number): string {
  if (value >= 1000) return `${(value / 1000).toFixed(2)} s`;
  return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ms`;
}
