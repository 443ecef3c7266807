import { groupBy, type LoadSpec } from '@bench/core';
import { listWords } from '../format.ts';
import { pointLabel } from '../labels.ts';
import type { ReportRow } from '../rows.ts';
import { loadOf } from './load-of.ts';

/** The points of a sweep that are one curve. */
export interface OneCurve {
  rows: ReportRow[];
  /** Those that are not of it, and what their loads have otherwise, in a sentence. Null: all are of it. */
  left: string | null;
}

/** They change neither what is sent nor how. */
const SAME_WORK = new Set<string>(['seed', 'share', 'slo', 'tokenizer']);
/** How long a load goes on; it often grows with the load along one curve. */
const LENGTH = new Set<string>(['numPrompts', 'durationMs', 'warmupRequests', 'warmupMs']);
const MAX_LEFT = 3;

/**
 * Points with an equal load apart from its seed are repeats of each other. Where one concurrency or rate has loads that differ otherwise, they are neither that nor steps of one curve:
 * of what loads have beside their concurrency or rate and their length (a cap beside a rate, how requests arrive) that kind is the curve which has most loads, and of two lengths at one load that
 * which occurs at most loads; of equals the first of the task. Pure.
 */
export function oneCurve(all: readonly ReportRow[]): OneCurve {
  const inOrder = all.toSorted((a, b) => (a.point ?? 0) - (b.point ?? 0));
  const kinds = groupBy(inOrder, kindOf);
  const mixed = [...groupBy(all, loadOf).values()].some((same) => new Set(same.map(kindOf)).size > 1);
  const main = mixed ? most(kinds.values()) : inOrder;
  const lengths = groupBy(main, lengthOf);
  const kept = new Set(
    [...groupBy(main, loadOf).values()].flatMap((same) => {
      const longest = [...groupBy(same, lengthOf)].map(([length, rows]) => ({ rows, loads: loadsOf(lengths.get(length) ?? []) }));
      return longest.reduce((best, each) => (each.loads > best.loads ? each : best)).rows;
    }),
  );
  return {
    rows: all.filter((row) => kept.has(row)),
    left: leftText(
      inOrder.filter((row) => !kept.has(row)),
      [...kept],
    ),
  };
}

const loadsOf = (rows: readonly ReportRow[]): number => new Set(rows.map(loadOf)).size;
const most = (groups: Iterable<ReportRow[]>): ReportRow[] =>
  [...groups].reduce((best, rows) => (loadsOf(rows) > loadsOf(best) ? rows : best));

type Part = [name: string, value: string];

/** Of a load all that changes the work but its concurrency or rate, part by part; of none nothing. */
function partsOf({ load, axis }: ReportRow): Part[] {
  if (!load) return [];
  const rest: Partial<LoadSpec> = { ...load };
  if (axis?.kind === 'concurrency') delete rest.maxConcurrency;
  const { arrival } = load;
  const parts = { ...rest, arrival: 'ratePerS' in arrival ? { ...arrival, ratePerS: null } : arrival };
  return Object.entries(parts).flatMap(([name, value]) =>
    SAME_WORK.has(name) || value === undefined ? [] : [[name, JSON.stringify(value)]],
  );
}

const kindOf = (row: ReportRow): string => JSON.stringify(partsOf(row).filter(([name]) => !LENGTH.has(name)));
const lengthOf = (row: ReportRow): string => JSON.stringify(partsOf(row).filter(([name]) => LENGTH.has(name)));

/** `Left out, for a curve is of one kind of load: 8 req/s with another max_concurrency.` */
function leftText(left: readonly ReportRow[], kept: readonly ReportRow[]): string | null {
  if (left.length === 0) return null;
  const texts = [
    ...new Set(
      left.map((row) => {
        const names = otherwise(row, kept);
        return `${pointLabel(row)} with another ${listWords(names)}`;
      }),
    ),
  ];
  const more = texts.length - MAX_LEFT;
  const shown = [...texts.slice(0, MAX_LEFT), ...(more > 0 ? [`${more} more`] : [])];
  return `Left out, for a curve is of one kind of load: ${listWords(shown)}.`;
}

/** Parts of a load that are not as those of the curve, by their names in a recipe. */
function otherwise(row: ReportRow, kept: readonly ReportRow[]): string[] {
  const beside = kept.find((other) => loadOf(other) === loadOf(row)) ?? kept[0];
  const [own, other] = [new Map(partsOf(row)), new Map(beside ? partsOf(beside) : [])];
  const names = [...new Set([...own.keys(), ...other.keys()])].filter((name) => own.get(name) !== other.get(name));
  const kind = names.filter((name) => !LENGTH.has(name));
  return (kind.length > 0 ? kind : names).map((name) => name.replace(/Ms$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}
