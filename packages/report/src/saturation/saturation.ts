import { formatMs, formatPercent, formatShort } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import { mainLatency, mainThroughput } from '../headline.ts';
import { pointLabel } from '../labels.ts';
import type { ReportRow } from '../rows.ts';
import { kneeInterval, type KneeInterval } from './knee-interval.ts';
import { keptUp } from './kept-up.ts';
import { kneeOf } from './knee.ts';
import { byLoad, loadOf } from './load-of.ts';
import { measuredLoad } from './measured-load.ts';
import { oneCurve } from './one-curve.ts';

/** Where more load stops paying. */
export interface Saturation {
  /** `reached`: at `row`. `rising`: not within the loads tried. `from-start`: already at the lowest. */
  kind: 'reached' | 'rising' | 'from-start';
  row: ReportRow;
  words: string;
  /** Between which tried loads it lies. */
  interval: KneeInterval;
  /** The same in words. */
  intervalWords: string;
}

/**
 * Closed loops: the knee of throughput over concurrency (`kneeOf`). Open loops: the highest rate that was kept up with (`keptUp`). Null with fewer than three
 * loads of one kind (`oneCurve`), or where the source does not say enough.
 */
export function saturation(group: TaskGroup): Saturation | null {
  const all = group.measured.filter((row) => row.axis);
  const kinds = new Set(all.map((row) => row.axis?.kind));
  if (kinds.size !== 1) return null;
  const { rows, left } = oneCurve(all);
  if (new Set(rows.map(loadOf)).size < 3) return null;
  const found = kinds.has('rate') ? openSaturation(rows) : closedSaturation(rows);
  return found && left !== null ? { ...found, words: `${found.words} ${left}` } : found;
}

function closedSaturation(all: ReportRow[]): Saturation | null {
  const throughput = mainThroughput(all);
  if (!throughput) return null;
  const loads = byLoad(all);
  const measured = loads.map((same) => measuredLoad(same, throughput));
  // Of a load that was measured as several points the first stands for them.
  const rows = loads.map(([first]) => first as ReportRow);
  const values = measured.map((each) => each.mean);
  const knee = kneeOf(rows.map(loadOf), values);
  const interval = kneeInterval(measured, knee);
  const row = rows[knee.index] as ReportRow;
  const told = { kind: knee.kind, row, interval, intervalWords: intervalText(interval, all, knee.kind) };
  const last = rows[rows.length - 1] as ReportRow;
  const [lastValue, ownValue] = [values[values.length - 1] as number, values[knee.index] as number];
  if (knee.kind === 'rising') {
    const before = rows[rows.length - 2] as ReportRow;
    const gain = lastValue / (values[values.length - 2] as number) - 1;
    const from = `from ${formatShort(before.axis?.value)} to ${pointLabel(last)}, ${throughput.words}`;
    const words = gain > 0 ? `${from} still grew by ${formatPercent(gain)}` : `over all loads, ${throughput.words} still grow`;
    return { ...told, words: `Not reached: ${words}. Try higher loads to find the limit.` };
  }
  const share = ownValue / Math.max(...values);
  const gain = lastValue / ownValue - 1;
  const slower = latencyRatio(row, last);
  const change =
    Math.abs(gain) < 0.005 ? 'the same throughput' : `${formatPercent(Math.abs(gain))} ${gain > 0 ? 'more' : 'less'} throughput`;
  const price = slower ? `, ${slower}` : '';
  const words = `At ${pointLabel(row)} the engine gives ${share >= 0.999 ? 'its best throughput' : `${formatPercent(share)} of its best`}. Going on to ${formatShort(last.axis?.value)} brings ${change}${price}.`;
  return { ...told, words };
}

function openSaturation(all: ReportRow[]): Saturation | null {
  const each = keptUp(all);
  if (each === null) return null;
  const loads = byLoad(all);
  const rows = loads.map(([first]) => first as ReportRow);
  const judged = loads.map((same) => same.every((row) => each[all.indexOf(row)]));
  const broken = judged.indexOf(false);
  const last = rows[rows.length - 1] as ReportRow;
  const [first] = rows as [ReportRow];
  const found = (kind: Saturation['kind'], row: ReportRow, bounds: [above: number | null, upTo: number | null], words: string) => {
    const interval = { above: bounds[0], upTo: bounds[1], agreement: null };
    return { kind, row, words, interval, intervalWords: intervalText(interval, rows, kind) };
  };
  if (broken < 0)
    return found('rising', last, [loadOf(last), null], `Not reached: the engine kept up with ${pointLabel(last)}, the highest rate tried.`);
  if (broken === 0)
    return found(
      'from-start',
      first,
      [null, loadOf(first)],
      `The engine did not keep up with ${pointLabel(first)}, the lowest rate tried.`,
    );
  const row = rows[broken - 1] as ReportRow;
  const next = rows[broken] as ReportRow;
  const words = `The engine keeps up with ${pointLabel(row)}, and falls behind at ${pointLabel(next)}.`;
  return found('reached', row, [loadOf(row), loadOf(next)], words);
}

/** `The limit lies between 2 and 4 concurrent, by the loads that were tried.` */
function intervalText({ above, upTo, agreement }: KneeInterval, rows: readonly ReportRow[], kind: Saturation['kind']): string {
  const unit = rows[0]?.axis?.kind === 'rate' ? 'req/s' : 'concurrent';
  const where =
    above === null
      ? upTo === null
        ? 'anywhere'
        : `at ${formatShort(upTo)} ${unit} or below`
      : upTo === null
        ? `above ${formatShort(above)} ${unit}`
        : `above ${formatShort(above)} and up to ${formatShort(upTo)} ${unit}`;
  const once = rows.every(({ repeats }) => repeats <= 1) ? '; each was measured once' : '';
  if (agreement === null) return `The limit lies ${where}, by the loads that were tried${once}.`;
  if (kind === 'rising') {
    // Beside “not reached” a lower bound alone would read as if it contradicted it.
    const last = loadOf(rows[rows.length - 1] as ReportRow);
    const growing = `${formatPercent(agreement)} of resampled curves still grow at ${formatShort(last)}`;
    return above !== null && above >= last
      ? `The limit lies ${where} with 95 % confidence, by repeats: ${growing}.`
      : `Repeats differ so much that the limit may also lie lower: all that has 95 % confidence is that it lies ${where}, and ${growing}.`;
  }
  return `The limit lies ${where} with 95 % confidence, by repeats: ${formatPercent(agreement)} of resampled curves have it at the same load.`;
}

function latencyRatio(from: ReportRow, to: ReportRow): string | null {
  const latency = mainLatency([from, to]);
  if (!latency) return null;
  const a = from.distributions[latency.name]?.p50;
  const b = to.distributions[latency.name]?.p50;
  if (!a || !b) return null;
  const ratio = b / a;
  if (ratio > 0.9 && ratio < 1.1) return null;
  const what = latency.label === 'TTFT' ? 'waiting for the first token' : 'waiting for the answer';
  return `and ${what} takes ${formatShort(Number(ratio.toPrecision(2)))}× as long (${formatMs(a)} to ${formatMs(b)} at p50)`;
}
