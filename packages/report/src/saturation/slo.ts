import type { Bounds, Percentile } from '@bench/core';
import { formatMs, formatPercent } from '../format.ts';
import type { ReportRow } from '../rows.ts';
import { besideLimit } from './beside-limit.ts';
import { byLoad } from './load-of.ts';

/** Share of good requests from which a point is taken to hold its SLO. */
export const HOLDS = 0.9;

/** One limit of an SLO, and how far a load is from it. */
export interface LimitRoom {
  /** `TTFT p90`, `good requests`. */
  label: string;
  /** In words: `500 ms`, `90 %`. */
  limit: string;
  value: string;
  /** Share of the limit that is left: 0.18 is 18 % below it, negative is past it. */
  room: number;
  /** Its interval is on one side of the limit; null: there is none. */
  sure: boolean | null;
}

interface Limit {
  label: string;
  at: number;
  better: 'lower' | 'higher';
  of(row: ReportRow): number | undefined;
  bounds(row: ReportRow): Bounds | undefined;
  format(value: number): string;
}

/**
 * Limits of a row: those that its search had, else those of a good request, which 9 of 10 requests are to meet (each limit at p90, and all together as the share of good requests).
 * Empty: it has no SLO.
 */
function limitsOf(row: ReportRow): Limit[] {
  const search = searchOf(row);
  if (search) return Object.entries(search.slo).map(([key, at]) => (key === 'goodput' ? good(at) : latency(key, at)));
  const { ttftMs, tpotMs, e2elMs } = row.slo ?? {};
  const own = [
    ['ttft_p90', ttftMs],
    ['tpot_p90', tpotMs],
    ['e2el_p90', e2elMs],
  ] as const;
  const limits = own.flatMap(([key, at]) => (at === undefined ? [] : latency(key, at)));
  return limits.length === 0 ? [] : [good(HOLDS), ...limits];
}

/** The search whose limits count: other ones may have been asked for since. */
export const searchOf = ({ search, askedSlo }: ReportRow): ReportRow['search'] => (askedSlo ? null : search);

function latency(key: string, at: number): Limit {
  const [name = '', percentile = ''] = key.split('_');
  const member = percentile as Percentile;
  return {
    label: `${name.toUpperCase()} ${percentile}`,
    at,
    better: 'lower',
    of: (row) => row.distributions[`${name}_ms`]?.[member],
    bounds: (row) => row.intervals?.distributions[`${name}_ms`]?.[member],
    format: formatMs,
  };
}

const GOOD = 'good requests';

const good = (at: number): Limit => ({
  label: GOOD,
  at,
  better: 'higher',
  of: (row) => row.scalars.good_ratio,
  bounds: (row) => row.intervals?.scalars.good_ratio,
  format: formatPercent,
});

/** How far a row is from each limit of its SLO, the nearest first; limits whose figure is not known are left out. Empty: it has none. */
export function roomOf(row: ReportRow): LimitRoom[] {
  return limitsOf(row)
    .flatMap(({ label, at, better, of, bounds, format }) => {
      const value = of(row);
      if (value === undefined || !Number.isFinite(value)) return [];
      const within = bounds(row);
      const room = better === 'lower' ? (at - value) / at : (value - at) / at;
      return [
        {
          label,
          limit: format(at),
          value: besideLimit(value, at, format),
          room,
          sure: within ? within.high <= at || within.low > at : null,
        },
      ];
    })
    .sort((a, b) => a.room - b.room);
}

/** Whether a row holds its SLO: all of its limits, of a search those of the search. Null: it has none, or of one that may break it the figure is not known. */
export function holds(row: ReportRow): boolean | null {
  const search = searchOf(row);
  // What all requests had to meet together says it, where it is known; percentiles of single limits do not.
  const together = search || !row.slo ? undefined : row.scalars.good_ratio;
  if (together !== undefined) return together >= HOLDS;
  if (row.askedSlo) {
    const { low, high } = row.askedSlo.share ?? { low: 0, high: 1 };
    return low >= HOLDS ? true : high < HOLDS ? false : null;
  }
  const limits = limitsOf(row).filter(({ label }) => search || label !== GOOD);
  const known = roomOf(row);
  if (known.some(({ room }) => room < 0)) return false;
  return limits.length > 0 && limits.every((limit) => known.some(({ label }) => label === limit.label)) ? true : null;
}

/** What the loads of a sweep say of its SLO, each by all of its points: one that breaks it breaks it for the load, which holds it only where all are known to. */
export interface SloBracket {
  /** The highest load that holds it, below the lowest that does not. Null: none is known to. */
  holds: ReportRow | null;
  /** The lowest load that does not hold it; null: none is known not to. */
  breaks: ReportRow | null;
  /** One point of each load between them of which it is not known, in rising order. */
  open: ReportRow[];
}

/** Null: of no load with an SLO it is known whether it holds it. */
export function sloBracket(rows: readonly ReportRow[]): SloBracket | null {
  const loads = byLoad(rows.filter((row) => limitsOf(row).length > 0)).map((same) => ({ same, held: allHold(same.map(holds)) }));
  if (loads.every(({ held }) => held === null)) return null;
  const at = loads.findIndex(({ held }) => held === false);
  const below = at < 0 ? loads : loads.slice(0, at);
  const top = below.findLastIndex(({ held }) => held);
  return {
    holds: below[top]?.same[0] ?? null,
    breaks: loads[at]?.same.find((row) => holds(row) === false) ?? null,
    open: below.slice(top + 1).flatMap(({ same }) => same.slice(0, 1)),
  };
}

function allHold(points: readonly (boolean | null)[]): boolean | null {
  if (points.includes(false)) return false;
  return points.includes(null) ? null : true;
}
