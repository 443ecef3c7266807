import { FLAG_WORDS } from '../flags.ts';
import { formatMs, formatPercent, formatShort, listWords } from '../format.ts';
import type { TaskGroup } from '../groups.ts';
import { mainLatency, mainThroughput } from '../headline.ts';
import { pointLabel } from '../labels.ts';
import type { ReportRow } from '../rows.ts';
import { byLoad, loadOf } from './load-of.ts';
import { loadMean } from './measured-load.ts';
import { oneCurve } from './one-curve.ts';
import { saturation, type Saturation } from './saturation.ts';
import { holds, type LimitRoom, roomOf, sloBracket } from './slo.ts';

/** At which load to run, and how sure that is. */
export interface Recommendation {
  /** Null: none that was tried. */
  row: ReportRow | null;
  words: string;
  /** Room to each limit of the SLO at that load, the nearest first; empty: there is no SLO. */
  room: LimitRoom[];
  /** `firm`: repeats say the same. `likely`: nothing speaks against it, and too little was repeated. `unsure`: something does. */
  confidence: { level: 'firm' | 'likely' | 'unsure'; words: string };
}

/** Fewer of the resampled curves that agree, and it is not firm, or not likely either. */
const FIRM = 0.95;
const LIKELY = 0.8;
/** A fall of throughput before the knee by more than that is no curve’s, but noise. */
const UNEVEN = 0.05;
/** Loads of which it is not known whether they hold the SLO that are named. */
const MAX_NAMES = 3;

/**
 * The load to run at: the knee, for more load only makes requests wait; where the SLO does not hold so far up, the highest load that holds it. Null: with fewer than three loads and no SLO
 * nothing can be said.
 * @param knee of the group, where it is known already
 */
export function recommendation(group: TaskGroup, knee: Saturation | null = saturation(group)): Recommendation | null {
  const all = group.measured.filter((row) => row.axis);
  const single = new Set(all.map((row) => row.axis?.kind)).size === 1;
  const { rows, left } = single ? oneCurve(all) : { rows: all, left: null };
  // The knee says it already.
  const leftOut = left === null || knee ? '' : ` ${left}`;
  const slo = single ? sloBracket(rows) : null;
  if (slo && slo.holds === null) {
    const found = none(slo.breaks as ReportRow, slo.open);
    return { ...found, words: `${found.words}${leftOut}` };
  }
  const limit = slo?.holds ?? null;
  const row = limit && (!knee || loadOf(limit) < loadOf(knee.row)) ? limit : (knee?.row ?? null);
  if (!row || (knee?.kind === 'from-start' && row.axis?.kind === 'rate')) return null;
  const room = roomOf(row);
  const { breaks, open } = slo && (!knee || row !== knee.row) ? slo : { breaks: null, open: [] };
  const words = `${headOf(row, rows, room)}. ${reasonOf(row, { knee, breaks, open })}${leftOut}`;
  return { row, words, room, confidence: confidenceOf({ row, rows, knee, room, breaks, open }) };
}

/** @param open lower loads of which it is not known */
function none(lowest: ReportRow, open: readonly ReportRow[]): Recommendation {
  const room = roomOf(lowest);
  const [nearest] = room;
  const past = nearest && nearest.room < 0 ? `${nearest.label} is ${nearest.value}, the limit ${nearest.limit}` : null;
  if (open.length > 0)
    return {
      row: null,
      words: `No load is known to hold the SLO: ${pointLabel(lowest)} does not${past === null ? '' : ` (${past})`}, and of ${namesOf(open)} it is not known.`,
      room,
      confidence: { level: 'unsure', words: 'Unsure: the figures of lower loads do not say whether they hold it.' },
    };
  return {
    row: null,
    words: `No load that was tried holds the SLO, not even ${pointLabel(lowest)}${past === null ? '' : `: ${past}`}.`,
    room,
    confidence: {
      level: lowest.repeats > 1 ? 'firm' : 'likely',
      words: lowest.repeats > 1 ? `Mean of ${lowest.repeats} repeats.` : 'Measured once.',
    },
  };
}

/** `2 concurrent, 4 concurrent and 3 more`. */
function namesOf(rows: readonly ReportRow[]): string {
  const more = rows.length > MAX_NAMES + 1 ? rows.length - MAX_NAMES : 0;
  const named = rows.slice(0, rows.length - more).map(pointLabel);
  return listWords(more > 0 ? [...named, `${more} more`] : named);
}

/** `Run at 24 concurrent: 92 % of the best throughput at TTFT p99 410 ms, within the SLO by 18 %`. */
function headOf(row: ReportRow, rows: readonly ReportRow[], room: readonly LimitRoom[]): string {
  const throughput = mainThroughput(rows);
  const latency = mainLatency([row]);
  const p99 = latency && row.distributions[latency.name]?.p99;
  const means = throughput ? byLoad(rows).map((same) => ({ load: loadOf(same[0] as ReportRow), mean: loadMean(same, throughput.of) })) : [];
  const best = Math.max(0, ...means.map((each) => each.mean));
  const own = means.find(({ load }) => load === loadOf(row));
  const share = own && best > 0 ? own.mean / best : null;
  const parts = [
    share === null ? null : share >= 0.999 ? 'the best throughput that was measured' : `${formatPercent(share)} of the best throughput`,
    latency && p99 ? `at ${latency.label} p99 ${formatMs(p99)}` : null,
  ].filter(Boolean);
  const [nearest] = room;
  const within =
    nearest && nearest.room >= 0 && holds(row)
      ? `, within the SLO by ${formatPercent(nearest.room)} (${nearest.label} ${nearest.value} of ${nearest.limit})`
      : '';
  return `Run at ${pointLabel(row)}${parts.length > 0 ? `: ${parts.join(' ')}` : ''}${within}`;
}

function reasonOf(row: ReportRow, { knee, breaks, open }: Pick<Evidence, 'knee' | 'breaks' | 'open'>): string {
  if (breaks) return `At ${pointLabel(breaks)} the SLO does not hold any more.`;
  if (open.length > 0) return 'It is the highest load that is known to hold the SLO.';
  if (knee?.kind === 'rising') return 'It is the highest load that was tried, and throughput still grows: try higher ones.';
  return row.axis?.kind === 'rate' ? 'Above it the engine falls behind.' : 'More load adds little but waiting.';
}

interface Evidence {
  row: ReportRow;
  rows: readonly ReportRow[];
  knee: Saturation | null;
  room: readonly LimitRoom[];
  /** The load above that no longer holds the SLO, where that is why no higher one is advised; null: it is not. */
  breaks: ReportRow | null;
  /** Loads between them of which it is not known whether they hold it; empty where another thing is why no higher one is advised. */
  open: readonly ReportRow[];
}

function confidenceOf({ row, rows, knee, room, breaks, open }: Evidence): Recommendation['confidence'] {
  const agreement = knee && knee.row === row ? knee.interval.agreement : null;
  const against = [
    ...row.flags
      .filter(({ code }) => FLAG_WORDS[code].weight === 'doubt')
      .map(({ code }) => `the point is marked “${FLAG_WORDS[code].title}”`),
    ...unevenness(row, rows),
    ...(agreement !== null && agreement < LIKELY ? [`only ${formatPercent(agreement)} of resampled curves have the limit there`] : []),
    ...room
      .filter(({ sure }) => sure === false)
      .slice(0, 1)
      .map(({ label }) => `the interval of ${label} crosses its limit`),
    ...(breaks ? mayHold(breaks) : []),
    ...(open.length > 0 ? [`whether ${namesOf(open)} ${open.length === 1 ? 'holds' : 'hold'} the SLO is not known`] : []),
  ];
  if (against.length > 0) return { level: 'unsure', words: `Unsure: ${listWords(against)}.` };
  if (agreement !== null && agreement >= FIRM)
    return { level: 'firm', words: `Firm: ${formatPercent(agreement)} of curves resampled from the repeats have the limit there.` };
  if (agreement !== null)
    return { level: 'likely', words: `Likely: ${formatPercent(agreement)} of resampled curves have the limit there.` };
  if (row.repeats > 1) return { level: 'firm', words: `Firm: ${formatShort(row.repeats)} repeats, and nothing speaks against it.` };
  return { level: 'likely', words: 'Likely: each load was measured once, and nothing speaks against it.' };
}

/** A curve of an engine that fills up does not fall before its knee. */
function unevenness(row: ReportRow, rows: readonly ReportRow[]): string[] {
  const throughput = mainThroughput(rows);
  if (!throughput || row.axis?.kind === 'rate') return [];
  let worst: { at: ReportRow; drop: number } | null = null;
  const loads = byLoad(rows);
  const meanOf = (same: readonly ReportRow[]) => loadMean(same, throughput.of);
  for (const [i, same] of loads.entries()) {
    const [at] = same;
    const before = loads[i - 1];
    if (!at || !before || loadOf(at) > loadOf(row)) continue;
    const drop = 1 - meanOf(same) / meanOf(before);
    if (drop > UNEVEN && drop > (worst?.drop ?? 0)) worst = { at, drop };
  }
  return worst ? [`the curve is uneven (${pointLabel(worst.at)} gives ${formatPercent(worst.drop)} less than the load before it)`] : [];
}

/** Of a load that breaks the SLO: every limit that it breaks might still hold, by its interval. */
function mayHold(breaks: ReportRow): string[] {
  const broken = roomOf(breaks).filter(({ room }) => room < 0);
  const open = broken.length > 0 && broken.every(({ sure }) => sure === false);
  return open ? [`at ${pointLabel(breaks)} the interval of ${listWords(broken.map(({ label }) => label))} crosses the limit`] : [];
}
