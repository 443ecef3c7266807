import {
  differenceInterval,
  groupBy,
  meanPart,
  proportionDifference,
  proportionInterval,
  studentTTail,
  type VariancePart,
} from '@bench/core';
import type { ComparedFigure } from './figures.ts';
import type { Sample } from './samples.ts';

/** How a figure changed from base to candidate, with its 95 % interval. */
export interface Effect {
  /** A share of the base (0.05: 5 % more), or of a figure that is a share itself the difference. */
  change: number;
  low: number;
  high: number;
  /** Two-sided: how probable a change as large is when there is none. */
  p: number;
  /**
   * How one unit (repeat or run) varies: the standard deviation of the difference between one of the candidate and one of the base, in logarithms (0.05: about
   * 5 %); where something is zero as a share of the base, of shares in points.
   */
  spread: number;
  /** What was seen to vary. `assumed`: a side was measured once, and how such a measurement varies was taken for granted. */
  from: 'repeats' | 'runs' | 'assumed';
}

interface EffectOptions {
  /** How much one measurement alone is taken to vary: the standard deviation, a share. */
  betweenRuns: number;
  /** Of the interval. Default 0.95. */
  confidence?: number | undefined;
}

/** From so many runs on, how runs differ is seen in them. */
const RUNS = 3;

/**
 * The change of a figure. Changes are worked out on logarithms, so that twice as much and half as much are equally far; where something is zero, as a share of
 * the base's mean; of shares, as differences. The unit is the repeat, or, of a side with three runs or more, the run: requests of one repeat share the state
 * of the machine, and say nothing about the next. Measurements that lack the figure are left out. Null: it cannot be told, as of a base that is zero, or of a
 * share that was measured once.
 */
export function effectOf(
  compared: ComparedFigure,
  sides: { base: readonly Sample[]; candidate: readonly Sample[] },
  options: EffectOptions,
): Effect | null {
  if (compared.scale === 'points') return pointsEffect(compared, sides, options);
  const base = unitsOf(compared, sides.base, Math.log);
  const candidate = unitsOf(compared, sides.candidate, Math.log);
  if (!base || !candidate) return linearEffect(compared, sides, options);
  const parts = partsOf({ base, candidate }, (side) => ({
    variance: options.betweenRuns ** 2 + (side.requestError ?? 0) ** 2,
    degrees: Infinity,
  }));
  if (!parts) return null;
  const found = differenceInterval(candidate.mean - base.mean, parts.variances, options.confidence);
  return {
    change: Math.expm1(found.estimate),
    low: Math.expm1(found.low),
    high: Math.expm1(found.high),
    p: found.p,
    spread: parts.spread,
    from: parts.from,
  };
}

/**
 * The difference of the means as a share of the base's. How the base varies counts as much as the candidate grew where it grew, as by the delta method; where it
 * fell, in full: a candidate of nothing but zeros would else make any base seem exactly known, also one that is mostly zero itself.
 */
function linearEffect(
  compared: ComparedFigure,
  sides: { base: readonly Sample[]; candidate: readonly Sample[] },
  { betweenRuns, confidence }: EffectOptions,
): Effect | null {
  const base = unitsOf(compared, sides.base, asIs);
  const candidate = unitsOf(compared, sides.candidate, asIs);
  if (!base || !candidate || base.mean <= 0) return null;
  const change = candidate.mean / base.mean - 1;
  const grown = Math.max(1, 1 + change);
  const inBase = ({ runs, ...side }: Units, by: number): Units => ({
    ...side,
    runs: runs.map((values) => values.map((value) => (value * by) / base.mean)),
    mean: (side.mean * by) / base.mean,
  });
  const scaled = { base: inBase(base, grown), candidate: inBase(candidate, 1) };
  const alone = (side: Units): VariancePart => ({ variance: (betweenRuns * side.mean) ** 2, degrees: Infinity });
  const parts = partsOf(scaled, alone);
  if (!parts) return null;
  // Runs that are all zero say nothing of how those of the base would differ.
  const repeats = scaled.base.runs.flat();
  const own = parts.variances.length === 1 ? [repeats.length >= 2 ? meanPart(repeats) : alone(scaled.base)] : [];
  const found = differenceInterval(change, [...parts.variances, ...own], confidence);
  // What has no negative values cannot fall by more than all of it.
  const least = [...base.runs, ...candidate.runs].flat().every((value) => value >= 0) ? -1 : -Infinity;
  return { change, low: Math.max(least, found.low), high: found.high, p: found.p, spread: parts.spread, from: parts.from };
}

const asIs = (value: number): number => value;

/** A figure of one side with its 95 % interval, by the same reckoning. Null: it cannot be told. */
export function valueOf(
  compared: ComparedFigure,
  samples: readonly Sample[],
  options: EffectOptions,
): { estimate: number; low: number; high: number } | null {
  const logs = compared.scale === 'relative' ? unitsOf(compared, samples, Math.log) : null;
  const units = logs ?? unitsOf(compared, samples, asIs);
  if (!units) return null;
  const values = unitValues(units.runs);
  const part =
    values.length >= 2
      ? meanPart(values)
      : compared.scale === 'points'
        ? null
        : { variance: (options.betweenRuns * (logs ? 1 : units.mean)) ** 2 + (units.requestError ?? 0) ** 2, degrees: Infinity };
  const found = part && differenceInterval(units.mean, [part], options.confidence);
  if (logs) return found && { estimate: Math.exp(found.estimate), low: Math.exp(found.low), high: Math.exp(found.high) };
  const shares = sharesOf(compared, samples);
  const requests = shares && proportionInterval(shares.count, shares.total, options.confidence);
  if (!found && !requests) return null;
  return {
    estimate: units.mean,
    low: Math.min(found?.low ?? Infinity, requests?.low ?? Infinity),
    high: Math.max(found?.high ?? -Infinity, requests?.high ?? -Infinity),
  };
}

interface Units {
  /** Of the repeats of each run. */
  runs: number[][];
  mean: number;
  /** Of the only sample there is. */
  requestError: number | null;
}

/** Null: no sample has the figure, or one of them no logarithm. */
function unitsOf(compared: ComparedFigure, all: readonly Sample[], scale: (value: number) => number): Units | null {
  const samples = having(compared, all);
  const scaled = samples.map((sample) => ({ run: sample.run, value: scale(compared.of(sample) as number) }));
  if (scaled.length === 0 || scaled.some(({ value }) => !Number.isFinite(value))) return null;
  const lists = [...groupBy(scaled, ({ run }) => run).values()].map((own) => own.map(({ value }) => value));
  const [only] = samples;
  return { runs: lists, mean: meanOf(unitValues(lists)), requestError: only && samples.length === 1 ? compared.requestError(only) : null };
}

/** The samples that have a figure. */
export const having = (compared: ComparedFigure, samples: readonly Sample[]): readonly Sample[] =>
  samples.filter((sample) => compared.of(sample) !== null);

/** What the mean is of: runs, where there are enough of them to tell how they differ, else repeats. */
const unitValues = (runs: readonly number[][]): number[] => (runs.length >= RUNS ? runs.map(meanOf) : runs.flat());

function partsOf(
  { base, candidate }: { base: Units; candidate: Units },
  alone: (side: Units) => VariancePart | null,
): { variances: VariancePart[]; spread: number; from: Effect['from'] } | null {
  const [from, to] = [base, candidate].map(({ runs }) => (runs.length >= RUNS ? meanPart(runs.map(meanOf)) : null));
  if (from && to) return { variances: [from, to], spread: Math.hypot(deviation(from), deviation(to)), from: 'runs' };
  const seen = from ?? to;
  if (seen) {
    // A run or two say nothing about the next; the other side's runs do, for both.
    const { length } = (from ? candidate : base).runs;
    const both = { variance: seen.variance * (1 + (seen.degrees + 1) / length), degrees: seen.degrees };
    return { variances: [both], spread: Math.SQRT2 * deviation(seen), from: 'runs' };
  }
  const variances: VariancePart[] = [];
  const spreads: number[] = [];
  let assumed = false;
  for (const side of [base, candidate]) {
    const repeats = side.runs.flat();
    const part = repeats.length >= 2 ? meanPart(repeats) : alone(side);
    if (!part) return null;
    variances.push(part);
    spreads.push(repeats.length < 2 ? Math.sqrt(part.variance) : deviation(part));
    assumed ||= repeats.length < 2;
  }
  return { variances, spread: Math.hypot(...spreads), from: assumed ? 'assumed' : 'repeats' };
}

/** Standard deviation of what the mean is of. */
const deviation = ({ variance, degrees }: VariancePart): number => Math.sqrt(variance * (degrees + 1));

/** Of shares of requests the wider of two intervals: over repeats, and over requests, which also knows what none of so many may be. */
function pointsEffect(
  compared: ComparedFigure,
  sides: { base: readonly Sample[]; candidate: readonly Sample[] },
  { confidence }: EffectOptions,
): Effect | null {
  const base = unitsOf(compared, sides.base, asIs);
  const candidate = unitsOf(compared, sides.candidate, asIs);
  if (!base || !candidate) return null;
  const parts = partsOf({ base, candidate }, () => null);
  const change = candidate.mean - base.mean;
  const repeats = parts && differenceInterval(change, parts.variances, confidence);
  const [from, to] = [sharesOf(compared, sides.base), sharesOf(compared, sides.candidate)];
  const requests = from && to && proportionDifference(from, to, confidence);
  if (!requests) {
    if (!repeats || !parts) return null;
    return { change, low: repeats.low, high: repeats.high, p: repeats.p, spread: parts.spread, from: parts.from };
  }
  return {
    change,
    low: Math.min(requests.low, repeats?.low ?? Infinity),
    high: Math.max(requests.high, repeats?.high ?? -Infinity),
    p: Math.max(shareP(from, to), repeats?.p ?? 0),
    spread: parts?.spread ?? 0,
    from: parts?.from ?? 'assumed',
  };
}

/** How many of how many requests a share is of, over all samples. Null: one that has it does not say. */
export function sharesOf(compared: ComparedFigure, all: readonly Sample[]): { count: number; total: number } | null {
  const samples = having(compared, all);
  const shares = samples.flatMap((sample) => compared.share(sample) ?? []);
  if (shares.length < samples.length) return null;
  return shares.reduce((sum, { count, total }) => ({ count: sum.count + count, total: sum.total + total }), { count: 0, total: 0 });
}

/** Score test of two shares. */
function shareP(a: { count: number; total: number }, b: { count: number; total: number }): number {
  const pooled = (a.count + b.count) / (a.total + b.total);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / a.total + 1 / b.total));
  return error === 0 ? 1 : Math.min(1, 2 * studentTTail(Math.abs(b.count / b.total - a.count / a.total) / error, 1e6));
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
