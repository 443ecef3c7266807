import { groupBy } from '@bench/core';
import { formatShort, listWords, plural } from '../format.ts';
import type { ReportRow } from '../rows.ts';
import type { Contender } from './contenders.ts';

/** Names in one clause, and clauses; of more it is said how many. */
const MAX_NAMES = 3;
const MAX_CLAUSES = 3;

/**
 * Which of the others were tried at no load as low as the winner's, or at none as high: their figures may be of the load and not of them.
 * A sentence; null: the loads of all reach the winner's from both sides, or are not known. Pure.
 */
export function unequalLoads(row: ReportRow, others: readonly Contender[]): string | null {
  const { axis } = row;
  if (!axis) return null;
  const unit = axis.kind === 'rate' ? 'req/s' : 'concurrent';
  const clause = ({ measured }: Contender): string | null => {
    const axes = measured.flatMap((each) => each.axis ?? []);
    const loads = axes.filter(({ kind }) => kind === axis.kind).map(({ value }) => value);
    if (axes.length === 0) return null;
    if (loads.length === 0) return axis.kind === 'rate' ? 'tried at a request rate' : 'tried with a fixed number of concurrent requests';
    const [low, high] = [Math.min(...loads), Math.max(...loads)];
    return low > axis.value
      ? `tried below ${formatShort(low)} ${unit}`
      : high < axis.value
        ? `tried beyond ${formatShort(high)} ${unit}`
        : null;
  };
  const found = [...groupBy(others, clause)].flatMap(([words, list]) => (words === null ? [] : [{ words, list }]));
  if (found.length === 0) return null;
  const parts = found.slice(0, MAX_CLAUSES).map(({ words, list }) => {
    const names = list.slice(0, MAX_NAMES).map(({ name }) => name);
    const more = list.length - names.length;
    return `${listWords(more > 0 ? [...names, `${more} more`] : names)} ${list.length === 1 ? 'was' : 'were'} not ${words}`;
  });
  const left = found.slice(MAX_CLAUSES).reduce((sum, { list }) => sum + list.length, 0);
  return `${[...parts, ...(left > 0 ? [`${plural(left, 'more contender')} not at this load either`] : [])].join('; ')}.`;
}
