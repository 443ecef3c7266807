import type { ReportRow } from '../rows.ts';

/** A point of a side, as all its runs measured it. */
export interface SidePoint {
  /** One a run. */
  rows: readonly ReportRow[];
  first: ReportRow;
  /** Tells the points of a task apart: its load. */
  load: string;
}

export interface Match {
  base: SidePoint;
  candidate: SidePoint;
  /** By what they were taken to be the same, in words. */
  by: string;
}

/** A point that was measured on one side only. */
export interface Unmatched {
  point: SidePoint;
  /** Why the other side does not have it. */
  why: string;
  /** The other side tried it, and failed. */
  failed: boolean;
}

export interface Matches {
  pairs: Match[];
  base: Unmatched[];
  candidate: Unmatched[];
}

/** One way of taking two points for the same. */
interface Rule {
  by(base: SidePoint, candidate: SidePoint): string;
  /** Equal keys: the same. Null: this rule does not speak of it. */
  key(point: SidePoint, rest: { base: readonly SidePoint[]; candidate: readonly SidePoint[] }): string | null;
}

/** From the surest to the weakest; each speaks of what the ones before left over. */
const RULES: readonly Rule[] = [
  { by: () => 'task key', key: ({ first, load }) => (first.taskKey === '' ? null : keyOf(first.taskKey, load)) },
  { by: () => 'recipe, variant and load', key: ({ first, load }) => keyOf(first.recipe, first.variant, load) },
  {
    by: (base, candidate) => `recipe and load; ${differing(base.first, candidate.first)}`,
    key: ({ first, load }, rest) => keyOf(first.recipe, load, ...commonParams(first, rest)),
  },
  {
    by: () => 'variant and load; the recipes differ',
    key: ({ first, load }) => (first.variant === 'default' ? null : keyOf(first.variant, load)),
  },
  { by: () => 'load alone', key: ({ first, load }) => (first.loadText === null ? null : load) },
];

/** Pairs the points of two sides: the same task first, then by names, then by what is left when the parameters that differ are. */
export function matchPoints(base: readonly ReportRow[], candidate: readonly ReportRow[]): Matches {
  const all = pointsOf(base);
  let rest = { base: all, candidate: pointsOf(candidate) };
  const pairs: Match[] = [];
  for (const rule of RULES) {
    const keys = (points: readonly SidePoint[]) => {
      const found = new Map<string, SidePoint[]>();
      for (const point of points) {
        const key = rule.key(point, rest);
        if (key !== null) found.set(key, [...(found.get(key) ?? []), point]);
      }
      return found;
    };
    const [from, to] = [keys(rest.base), keys(rest.candidate)];
    const taken = new Set<SidePoint>();
    for (const [key, [first, ...more]] of from) {
      const [other, ...others] = to.get(key) ?? [];
      // Where one could stand for several, none is chosen.
      if (!first || !other || more.length > 0 || others.length > 0) continue;
      pairs.push({ base: first, candidate: other, by: rule.by(first, other) });
      taken.add(first).add(other);
    }
    rest = { base: rest.base.filter((p) => !taken.has(p)), candidate: rest.candidate.filter((p) => !taken.has(p)) };
  }
  const order = new Map(all.map((point, i) => [point, i]));
  return {
    pairs: pairs.sort((a, b) => (order.get(a.base) ?? 0) - (order.get(b.base) ?? 0)),
    base: rest.base.map((point) => ({ point, ...reason(point, candidate) })),
    candidate: rest.candidate.map((point) => ({ point, ...reason(point, base) })),
  };
}

const keyOf = (...parts: unknown[]): string => JSON.stringify(parts);

/** Points with figures; the rows of several runs that are the same point of the same task are one. */
function pointsOf(rows: readonly ReportRow[]): SidePoint[] {
  const points = new Map<string, ReportRow[]>();
  const loads = new Map<string, string>();
  const seen = new Map<string, number>();
  for (const row of rows) {
    if (row.status !== 'ok' && row.status !== 'partial') continue;
    const axis = row.axis ? keyOf(row.axis.kind, row.axis.value) : (row.loadText ?? keyOf(row.kind, row.point));
    // A task may have the same load twice, as with other prompts.
    const again = keyOf(row.source.path, row.taskKey, row.recipe, row.variant, axis);
    const count = seen.get(again) ?? 0;
    seen.set(again, count + 1);
    const load = keyOf(axis, count);
    const task = row.source.kind === 'run' ? row.taskKey : keyOf(row.recipe, row.variant);
    const key = keyOf(task, row.recipe, row.variant, load);
    points.set(key, [...(points.get(key) ?? []), row]);
    loads.set(key, load);
  }
  return [...points].map(([key, list]) => ({ rows: list, first: list[0] as ReportRow, load: loads.get(key) as string }));
}

/** Parameters that both sides have and whose values meet: what differs between the sides as a whole cannot tell their points apart. */
function commonParams({ params }: ReportRow, rest: { base: readonly SidePoint[]; candidate: readonly SidePoint[] }): unknown[] {
  const values = (points: readonly SidePoint[], name: string) => new Set(points.map(({ first }) => first.params[name]));
  return Object.keys(params)
    .sort()
    .filter((name) => {
      const [from, to] = [values(rest.base, name), values(rest.candidate, name)];
      return !from.has(undefined) && !to.has(undefined) && [...from].some((value) => to.has(value));
    })
    .map((name) => [name, params[name]]);
}

function differing(base: ReportRow, candidate: ReportRow): string {
  const names = [...new Set([...Object.keys(base.params), ...Object.keys(candidate.params)])];
  const found = names.filter((name) => base.params[name] !== candidate.params[name]);
  return found.length === 0 ? 'the variants differ' : `${found.join(', ')} ${found.length === 1 ? 'differs' : 'differ'}`;
}

function reason({ first, load }: SidePoint, others: readonly ReportRow[]): { why: string; failed: boolean } {
  const same = others.filter(
    (row) => (row.taskKey !== '' && row.taskKey === first.taskKey) || (row.recipe === first.recipe && row.variant === first.variant),
  );
  const here = same.filter((row) => row.point === null || row.point === first.point);
  const failed = here.find(({ status }) => status === 'failed');
  if (failed) return { why: `failed there: ${failed.error ?? 'no reason was recorded'}`, failed: true };
  if (here.some(({ status }) => status === 'not_run')) return { why: 'it was not run there', failed: false };
  if (same.length > 0) return { why: 'this load was not measured there', failed: false };
  const alike = others.filter((row) => pointsOf([row])[0]?.load === load);
  return {
    why: alike.length > 0 ? 'several there are as alike, so none was chosen' : 'nothing there is like it',
    failed: false,
  };
}
