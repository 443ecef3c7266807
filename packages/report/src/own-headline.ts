import { formatShort } from './format.ts';
import type { TaskGroup } from './groups.ts';
import { ownFigures } from './own-figures.ts';
import type { ReportRow } from './rows.ts';

const MAX_CARDS = 4;

/** A figure that answers a question. */
export interface Finding {
  question: string;
  value: string;
  unit: string;
  /** One or two sentences. */
  words: string;
}

/**
 * Figures of recipes that measure themselves: the best of each that says which way is better, and of one task alone also those that
 * do not.
 */
export function ownFindings(groups: readonly TaskGroup[]): Finding[] {
  const rows = groups.flatMap((group) => group.measured);
  const figures = ownFigures(rows).filter(({ better, of }) => better !== null || rows.filter((row) => of(row) !== null).length === 1);
  const directed = [...figures.filter(({ better }) => better !== null), ...figures.filter(({ better }) => better === null)];
  return directed.slice(0, MAX_CARDS).flatMap(({ short, unit, better, of }) => {
    const known = rows.flatMap((row): { row: ReportRow; value: number }[] => {
      const value = of(row);
      return value === null ? [] : [{ row, value }];
    });
    known.sort((a, b) => (better === 'lower' ? a.value - b.value : b.value - a.value));
    const [best] = known;
    const worst = known.at(-1);
    if (!best || !worst) return [];
    const groupOf = (row: ReportRow) => groups.find((group) => group.measured.includes(row)) as TaskGroup;
    const who = best.row.kind === 'command' ? 'command' : 'clients';
    const source = `Reported by the recipe’s own ${who}`;
    const direction = better === null ? '' : `; ${better} is better`;
    const words =
      known.length === 1
        ? `${source}${direction}.`
        : `${groupOf(best.row).name}, the best of ${known.length}; ${groupOf(worst.row).name} has ${formatShort(worst.value)}. ${source}${direction}.`;
    return [{ question: short, value: formatShort(best.value), unit, words }];
  });
}
