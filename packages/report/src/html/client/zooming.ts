import type { Scale } from '../../charts/scale.ts';
import { valueAt } from '../../charts/scale.ts';

/** A range of an axis: from and to. */
export type Range = readonly [from: number, to: number];

/** Steps of the axis that a reader can go into at most. */
const DEEPEST = 1000;

/** The part of an axis between two positions of what is shown (0 to 1), kept within the whole. Null: all of it is shown. */
export function zoomed(whole: Scale, shown: Scale, from: number, to: number): Range | null {
  const clamp = (position: number) => Math.min(1, Math.max(0, position));
  const [a, b] = [whole.at(valueAt(shown, Math.min(from, to))), whole.at(valueAt(shown, Math.max(from, to)))];
  const width = Math.max(b - a, 1 / DEEPEST);
  const start = Math.min(clamp(a), Math.max(0, 1 - width));
  const end = clamp(Math.max(start + width, Math.min(b, 1)));
  return start <= 1e-9 && end >= 1 - 1e-9 ? null : [valueAt(whole, start), valueAt(whole, end)];
}

/** Is it a range of this axis? Links may say anything. */
export function fits(whole: Scale, [from, to]: Range): boolean {
  const slack = (whole.max - whole.min) * 1e-3;
  return from < to && from >= whole.min - slack && to <= whole.max + slack && whole.at(to) - whole.at(from) >= 0.5 / DEEPEST;
}

/** Positions of a view that is `factor` times as wide around `centre` (0 to 1). */
export function around(centre: number, factor: number): Range {
  return [centre - centre * factor, centre + (1 - centre) * factor];
}
