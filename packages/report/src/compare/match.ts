import { groupBy } from '@bench/core';
import type { ReportRow } from '../rows.ts';

/** A point of a side, as all its runs measured it. */
export interface SidePoint {
  /** One a run. */
  rows: readonly ReportRow[];
  first: ReportRow;
  /** Tells the points of a task apart: its load. */
  load: string;
  /** Rows of this side that tried it and failed. */
  lost: readonly ReportRow[];
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

interface Rest {
  base: readonly SidePoint[];
  candidate: readonly SidePoint[];
}

/** One way of taking two points for the same. */
interface Rule {
  by(base: SidePoint, candidate: SidePoint): string;
  /** Equal keys: the same. Null: this rule does not speak of it. */
  keys(rest: Rest): (point: SidePoint) => string | null;
  /** Whoever failed by this is not taken for another by a later rule. */
  twins?: (failed: Failures, point: SidePoint) => ReportRow | undefined;
}

/** From the surest to the weakest; each speaks of what the ones before left over. */
const RULES: readonly Rule[] = [
  {
    by: () => 'task key',
    keys:
      () =>
      ({ first }) =>
        first.taskKey === '' || first.point === null ? null : keyOf(first.taskKey, first.point, first.loadText),
    twins: (failed, point) => failed.ofTask(point),
  },
  {
    by: () => 'task key',
    keys:
      () =>
      ({ first, load }) =>
        first.taskKey === '' ? null : keyOf(first.taskKey, load),
  },
  {
    by: () => 'recipe, variant and load',
    keys:
      () =>
      ({ first, load }) =>
        keyOf(first.recipe, first.variant, load),
    twins: (failed, point) => failed.ofVariant(point),
  },
  {
    by: (base, candidate) => `recipe and load; ${differing(base.first, candidate.first)}`,
    keys: (rest) => {
      const names = commonParams(rest);
      return ({ first, load }) =>
        keyOf(first.recipe, load, ...names.filter((name) => Object.hasOwn(first.params, name)).map((name) => [name, first.params[name]]));
    },
  },
  {
    by: () => 'variant and load; the recipes differ',
    keys:
      () =>
      ({ first, load }) =>
        first.variant === 'default' ? null : keyOf(first.variant, load),
  },
  {
    by: () => 'load alone',
    keys:
      () =>
      ({ first, load }) =>
        first.loadText === null ? null : load,
  },
];

/** Pairs the points of two sides: the same task first, then by names, then by what is left when the parameters that differ are. */
export function matchPoints(base: readonly ReportRow[], candidate: readonly ReportRow[]): Matches {
  const loadOf = loadKeys([base, candidate]);
  const all = { base: pointsOf(base, loadOf), candidate: pointsOf(candidate, loadOf) };
  const failed = { base: failuresOf(base), candidate: failuresOf(candidate) };
  let rest: Rest = all;
  const out: Rest & { base: SidePoint[]; candidate: SidePoint[] } = { base: [], candidate: [] };
  const pairs: Match[] = [];
  for (const { by, keys, twins } of RULES) {
    const key = keys(rest);
    const [from, to] = [groupBy(rest.base, key), groupBy(rest.candidate, key)];
    const taken = new Set<SidePoint>();
    for (const [each, [first, ...more]] of from) {
      const [other, ...others] = to.get(each) ?? [];
      // Where one could stand for several, none is chosen.
      if (!first || !other || more.length > 0 || others.length > 0) continue;
      pairs.push({ base: first, candidate: other, by: by(first, other) });
      taken.add(first).add(other);
    }
    for (const [side, others] of [
      ['base', failed.candidate],
      ['candidate', failed.base],
    ] as const)
      for (const point of rest[side]) {
        if (taken.has(point) || !twins?.(others, point)) continue;
        out[side].push(point);
        taken.add(point);
      }
    rest = { base: rest.base.filter((p) => !taken.has(p)), candidate: rest.candidate.filter((p) => !taken.has(p)) };
  }
  const order = new Map([...all.base, ...all.candidate].map((point, i) => [point, i]));
  const place = (point: SidePoint) => order.get(point) ?? 0;
  const alone = (side: 'base' | 'candidate', rows: readonly ReportRow[]) => {
    const why = reasons(rows, { failed: side === 'base' ? failed.candidate : failed.base, loadOf });
    return [...rest[side], ...out[side]].sort((a, b) => place(a) - place(b)).map((point) => ({ point, ...why(point) }));
  };
  return {
    pairs: pairs.sort((a, b) => place(a.base) - place(b.base)),
    base: alone('base', candidate),
    candidate: alone('candidate', base),
  };
}

const keyOf = (...parts: unknown[]): string => JSON.stringify(parts);
const taskOf = (row: ReportRow): string => (row.source.kind === 'run' ? row.taskKey : keyOf(row.recipe, row.variant));
const isMeasured = ({ status }: ReportRow): boolean => status === 'ok' || status === 'partial';

/**
 * Names a load within its task. Where a task has a load with several prompts they are part of it, and where it has the same twice, its place. A point that
 * failed does not say what its load was: where there is one, prompts are part of every load.
 */
function loadKeys(sides: readonly (readonly ReportRow[])[]): (row: ReportRow) => string {
  const rows = sides.flat();
  // Tools word the same load in their own ways.
  const worded = new Set(rows.map(({ source }) => source.kind === 'run')).size < 2;
  const axis = (row: ReportRow) =>
    keyOf(row.axis ? [row.axis.kind, row.axis.value] : (row.loadText ?? [row.kind]), worded ? row.loadText : null);
  const withData = (row: ReportRow) => keyOf(axis(row), row.dataText);
  const unknown = worded && rows.some(({ status, point, loadText }) => status === 'failed' && point !== null && loadText === null);
  const points = rows.filter((row) => isMeasured(row) || row.loadText !== null);
  const several = new Set<string>();
  const twice = new Set<string>();
  for (const task of groupBy(points, (row) => keyOf(row.source.path, taskOf(row), row.recipe, row.variant)).values()) {
    for (const [key, same] of groupBy(task, axis)) if (new Set(same.map(({ dataText }) => dataText)).size > 1) several.add(key);
    for (const [key, same] of groupBy(task, withData)) if (same.length > 1) twice.add(key);
  }
  return (row) => {
    const load = unknown || several.has(axis(row)) ? withData(row) : axis(row);
    return keyOf(load, twice.has(withData(row)) ? row.point : null);
  };
}

/** Points with figures; the rows of several runs that are the same point of the same task are one. */
function pointsOf(rows: readonly ReportRow[], loadOf: (row: ReportRow) => string): SidePoint[] {
  const place = ({ taskKey, point }: ReportRow) => keyOf(taskKey, point);
  const lost = groupBy(
    rows.filter(({ status, taskKey, search }) => status === 'failed' && taskKey !== '' && search === null),
    place,
  );
  const points = groupBy(rows.filter(isMeasured), (row) => keyOf(taskOf(row), row.recipe, row.variant, loadOf(row)));
  return [...points.values()].map((list) => {
    const first = list[0] as ReportRow;
    const of = [...(lost.get(place(first)) ?? []), ...(lost.get(place({ ...first, point: null })) ?? [])];
    return { rows: list, first, load: loadOf(first), lost: of };
  });
}

/** Parameters that both sides have and whose values meet: what differs between the sides as a whole cannot tell their points apart. */
function commonParams(rest: Rest): string[] {
  const [base, candidate] = [rest.base, rest.candidate].map((points) => {
    const names = new Set(points.flatMap(({ first }) => Object.keys(first.params)));
    return new Map([...names].map((name) => [name, new Set(points.map(({ first }) => first.params[name]))]));
  }) as [Map<string, Set<unknown>>, Map<string, Set<unknown>>];
  return [...base.keys()].sort().filter((name) => {
    const [from, to] = [base.get(name), candidate.get(name)];
    return from && to && !from.has(undefined) && !to.has(undefined) && [...from].some((value) => to.has(value));
  });
}

function differing(base: ReportRow, candidate: ReportRow): string {
  const names = [...new Set([...Object.keys(base.params), ...Object.keys(candidate.params)])];
  const found = names.filter((name) => base.params[name] !== candidate.params[name]);
  return found.length === 0 ? 'the variants differ' : `${found.join(', ')} ${found.length === 1 ? 'differs' : 'differ'}`;
}

/** What one side tried in vain. */
interface Failures {
  /** The same point of the same task, or the whole task. */
  ofTask(point: SidePoint): ReportRow | undefined;
  /** The same place in the variant of the same name. */
  ofVariant(point: SidePoint): ReportRow | undefined;
}

function failuresOf(rows: readonly ReportRow[]): Failures {
  const failed = rows.filter(({ status }) => status === 'failed');
  // The points of a search follow from one another, and their places say nothing.
  const place = (row: ReportRow) => (row.search === null ? row.point : null);
  const tasks = groupBy(failed, (row) => (row.taskKey === '' ? null : keyOf(row.taskKey, place(row))));
  const variants = groupBy(failed, (row) => keyOf(row.recipe, row.variant, place(row)));
  const either = (found: Map<string, ReportRow[]>, point: number | null, ...of: string[]) =>
    (found.get(keyOf(...of, point)) ?? found.get(keyOf(...of, null)))?.[0];
  return {
    ofTask: ({ first }) => either(tasks, first.point, first.taskKey),
    ofVariant: ({ first }) => either(variants, first.point, first.recipe, first.variant),
  };
}

/** Why the other side does not have a point. */
function reasons(
  others: readonly ReportRow[],
  { failed, loadOf }: { failed: Failures; loadOf: (row: ReportRow) => string },
): (point: SidePoint) => { why: string; failed: boolean } {
  const tasks = groupBy(others, ({ taskKey }) => (taskKey === '' ? null : taskKey));
  const variants = groupBy(others, ({ recipe, variant }) => keyOf(recipe, variant));
  const loads = new Set(others.filter(isMeasured).map(loadOf));
  return (point) => {
    const { first, load } = point;
    const row = failed.ofTask(point) ?? failed.ofVariant(point);
    if (row) return { why: `failed there: ${row.error ?? 'no reason was recorded'}`, failed: true };
    const same = [...(tasks.get(first.taskKey) ?? []), ...(variants.get(keyOf(first.recipe, first.variant)) ?? [])];
    if (same.some(({ status, point: at }) => status === 'not_run' && (at === null || at === first.point)))
      return { why: 'it was not run there', failed: false };
    if (same.length > 0) return { why: 'this load was not measured there', failed: false };
    return { why: loads.has(load) ? 'several there are as alike, so none was chosen' : 'nothing there is like it', failed: false };
  };
}
