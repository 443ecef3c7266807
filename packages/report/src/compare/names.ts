import { pointLabel } from '../labels.ts';
import type { ReportRow } from '../rows.ts';
import { oneLine } from '../text.ts';
import type { Match } from './match.ts';

/** Longer names than this bury what is said about them. */
const MAX = 120;

/** `qwen3 / vllm-tp8, 16 concurrent`. */
export function pointName(row: ReportRow): string {
  return named([row.recipe, row.variant === 'default' ? '' : row.variant], row);
}

/** Of each pair the shortest name that tells it from the others: the recipe where there are several, the variant likewise. */
export function pairNames(pairs: readonly Match[]): string[] {
  const firsts = pairs.map(({ candidate }) => candidate.first);
  const several = (of: (row: ReportRow) => string) => new Set(firsts.map(of)).size > 1;
  const recipes = several((row) => row.recipe);
  const variants = several((row) => row.variant);
  return firsts.map((row) =>
    named([recipes || !variants ? row.recipe : '', variants || row.variant !== 'default' ? row.variant : ''], row),
  );
}

function named(parts: readonly string[], row: ReportRow): string {
  const name = parts
    .filter(Boolean)
    .map((part) => oneLine(part, MAX))
    .join(' / ');
  return `${name}, ${row.loadText ?? pointLabel(row)}`;
}
