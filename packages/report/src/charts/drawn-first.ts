import type { TaskGroup } from '../groups.ts';
import type { ReportRow } from '../rows.ts';
import { verdictsOf } from '../verdicts/verdicts.ts';

/**
 * Curves, those first that a chart of at most `most` draws: what is best for something, one of each machine, one of each model on each machine and engine,
 * then as they were given. Among themselves those that are drawn, and those that are not, stay as they were given. Pure.
 */
export function drawnFirst(groups: readonly TaskGroup[], { curves, most }: { curves: readonly TaskGroup[]; most: number }): TaskGroup[] {
  if (curves.length <= most) return [...curves];
  const winners = new Set(verdictsOf(groups).flatMap(({ verdicts }) => verdicts.map(({ winner }) => winner.row)));
  const crowned = curves.filter(({ measured }) => measured.some((row) => winners.has(row)));
  const chosen = new Set(crowned.slice(0, most));
  addFirstOfEach(chosen, { curves, most, key: ({ machine }) => machine ?? '' });
  addFirstOfEach(chosen, { curves, most, key: ({ model, machine, engine }) => JSON.stringify([model, machine, engine?.name]) });
  for (const curve of curves) if (chosen.size < most) chosen.add(curve);
  return [...curves.filter((curve) => chosen.has(curve)), ...curves.filter((curve) => !chosen.has(curve))];
}

/** Fills up to `most` with the first curve of each key that none of the chosen has. */
function addFirstOfEach(
  chosen: Set<TaskGroup>,
  { curves, most, key }: { curves: readonly TaskGroup[]; most: number; key: (first: ReportRow) => string },
): void {
  const had = new Set([...chosen].map(({ first }) => key(first)));
  for (const curve of curves) {
    const own = key(curve.first);
    if (chosen.size >= most) return;
    if (chosen.has(curve) || had.has(own)) continue;
    had.add(own);
    chosen.add(curve);
  }
}
