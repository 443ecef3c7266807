import { adjustedPValues, BenchError, EXIT, type Gate, type PointFlag } from '@bench/core';
import type { Report } from '../report.ts';
import { type Difference, differencesOf } from './differences.ts';
import { type Effect, effectOf, having } from './effect.ts';
import { askedFigure, comparedFigure, type ComparedFigure, headlineFigures, isMain } from './figures.ts';
import { type GateOutcome, type JudgedGate, judgeGates, refuseIdleGates } from './judge-gates.ts';
import { type Match, matchPoints, type SidePoint } from './match.ts';
import { pairNames, pointName } from './names.ts';
import { type Sample, samplesOf } from './samples.ts';
import { type ToTell, toTellOf } from './to-tell.ts';
import { type Verdict, verdictOf } from './verdict.ts';

export interface CompareOptions {
  /** A change below this does not matter, a share. Default 0.05. */
  tolerance?: number;
  /** How much one measurement alone is taken to vary, where a side has no other: the standard deviation, a share. Default 0.03. */
  betweenRuns?: number;
  /** Compared besides the headline figures: `ttft_p95_ms`, or names that recipes report. */
  figures?: readonly string[];
  /** Gates of a recipe. Default: none. */
  gatesOf?: (recipe: string) => readonly Gate[];
}

/** A figure of a pair, on both sides. */
export interface ComparedMetric {
  /** `ttft_p99_ms`. */
  name: string;
  /** `TTFT p99`. */
  label: string;
  unit: string;
  better: ComparedFigure['better'];
  /** `relative`: the change is a share of the base. `points`: the figure is a share, and the change a difference. */
  scale: ComparedFigure['scale'];
  /** Means over the repeats, of costs over the runs, as reports show them. */
  base: number | null;
  candidate: number | null;
  /** Repeats that do not have the figure, and so are in none of this. */
  without: { base: number; candidate: number };
  /** With its 95 % interval; null: it cannot be told. */
  effect: Effect | null;
  verdict: Verdict;
  /** What would tell where it cannot be told; else null. */
  toTell: ToTell | null;
  /** Shown whatever came of it: throughput, latencies, errors and cost, what was asked for, and where there is none of these all there is. */
  main: boolean;
}

export interface ComparedSide {
  runs: string[];
  /** Measurements that the figures are of. */
  repeats: number;
  /** What must be known before believing them. */
  flags: PointFlag[];
  /** Some of its repeats failed, or all of one of its runs. */
  partial: boolean;
}

/** A point that both sides measured. */
export interface ComparedPair {
  /** Shortest that tells it from the others. */
  name: string;
  recipe: string;
  variant: string;
  load: string | null;
  /** By what the two were taken to be the same. */
  matchedBy: string;
  base: ComparedSide;
  candidate: ComparedSide;
  metrics: ComparedMetric[];
  gates: JudgedGate[];
}

/** A point without a partner. */
export interface LonePoint {
  name: string;
  why: string;
  /** The other side tried it, and failed. */
  failed: boolean;
}

/** Something that differs, and between which pairs. */
export interface SharedDifference extends Difference {
  /** Indexes of pairs. */
  pairs: number[];
}

export interface WholeSide {
  runs: string[];
  /** Of each run, in their order. */
  tags: string[][];
}

/** What became of a figure, a point or a setting between two sides. */
export interface Comparison {
  base: WholeSide;
  candidate: WholeSide;
  tolerance: number;
  betweenRuns: number;
  /** Figures whose changes were tested together. */
  tests: number;
  pairs: ComparedPair[];
  /** How many figures got which verdict. */
  verdicts: Record<Verdict, number>;
  /** How many gates ended how, over all pairs; null: there are none. */
  gates: Record<GateOutcome, number> | null;
  onlyBase: LonePoint[];
  onlyCandidate: LonePoint[];
  differences: SharedDifference[];
}

/**
 * Compares what two sides measured, point by point; runs of one side are repeats of each other. Pure.
 * @throws BenchError `BENCH_NOTHING_TO_COMPARE` (exit code 5) when no point is on both sides, `BENCH_FIGURE_UNKNOWN` and `BENCH_GATE_INVALID` (2)
 */
export function compareReports(base: Report, candidate: Report, options: CompareOptions = {}): Comparison {
  const { tolerance = 0.05, betweenRuns = 0.03, figures = [], gatesOf = () => [] } = options;
  const matches = matchPoints(base.rows, candidate.rows);
  if (matches.pairs.length === 0) throw nothingToCompare(base, candidate);
  const rows = [...base.rows, ...candidate.rows];
  const asked = figures.map((name) => askedFigure(name, rows));
  const names = pairNames(matches.pairs);
  const gated = matches.pairs.map((match) => {
    const [from, to] = [samplesFor(base, match.base), samplesFor(candidate, match.candidate)];
    const effect = (compared: ComparedFigure, confidence?: number) =>
      effectOf(compared, { base: from, candidate: to }, { betweenRuns, confidence });
    const pair = { base: from, candidate: to, rows: [...match.base.rows, ...match.candidate.rows], effect, betweenRuns };
    return { match, pair, gates: gatesOf(match.candidate.first.recipe) };
  });
  const outcomes = judgeGates(gated);
  const measured = gated.map(({ match, pair: { base: from, candidate: to, rows: own, effect } }, i) => {
    const gates = outcomes[i] ?? [];
    const named = [...asked.map(({ name }) => name), ...gates.map(({ gate }) => gate.figure)].flatMap(
      (name) => comparedFigure(name, own) ?? [],
    );
    const compared = unique([...headlineFigures(from, to, own), ...named]);
    const main = compared.filter((each) => isMain(each) || named.some(({ name }) => name === each.name));
    const shown = new Set((main.length > 0 ? main : compared).map(({ name }) => name));
    const metrics = compared.map((each) => ({ compared: each, effect: effect(each), main: shown.has(each.name) }));
    return { match, name: names[i] as string, from, to, gates, metrics };
  });
  const gates = [
    ...new Map(matches.pairs.flatMap(({ candidate: { first } }) => gatesOf(first.recipe)).map((gate) => [gate.text, gate])).values(),
  ];
  const judged = measured.flatMap((pair) => pair.gates);
  refuseIdleGates(gates, judged, { rows, of: measured.flatMap(({ from, to }) => [...from, ...to]) });

  const tested = measured.flatMap((pair) => pair.metrics.filter(({ effect }) => effect !== null));
  const adjusted = adjustedPValues(tested.map(({ effect }) => effect?.p ?? 1));
  const adjustedOf = new Map(tested.map((metric, i) => [metric, adjusted[i] ?? 1]));
  const pairs = measured.map(({ match, name, from, to, gates: own, metrics }): ComparedPair => ({
    name,
    recipe: match.candidate.first.recipe,
    variant: match.candidate.first.variant,
    load: match.candidate.first.loadText,
    matchedBy: match.by,
    base: sideOf(match.base, from),
    candidate: sideOf(match.candidate, to),
    metrics: metrics.map((metric) => {
      const { compared, effect, main } = metric;
      const { name: figure, label, unit, better, scale } = compared;
      const verdict = verdictOf(compared, effect, { adjusted: adjustedOf.get(metric) ?? 1, tolerance });
      return {
        name: figure,
        label,
        unit,
        better,
        scale,
        base: shownOf(compared, match.base, from),
        candidate: shownOf(compared, match.candidate, to),
        without: { base: from.length - having(compared, from).length, candidate: to.length - having(compared, to).length },
        effect,
        verdict,
        toTell: toTellOf(compared, effect, { base: from, candidate: to, verdict, tolerance }),
        main,
      };
    }),
    gates: own,
  }));
  return {
    base: wholeSide(base),
    candidate: wholeSide(candidate),
    tolerance,
    betweenRuns,
    tests: tested.length,
    pairs,
    verdicts: countOf(
      ['better', 'worse', 'same', 'cannot tell'],
      pairs.flatMap(({ metrics }) => metrics.map(({ verdict }) => verdict)),
    ),
    gates:
      gates.length === 0
        ? null
        : countOf(
            ['passed', 'failed', 'undecided'],
            judged.map(({ outcome }) => outcome),
          ),
    onlyBase: matches.base.map(({ point, why, failed }) => ({ name: pointName(point.first), why, failed })),
    onlyCandidate: matches.candidate.map(({ point, why, failed }) => ({ name: pointName(point.first), why, failed })),
    differences: sharedDifferences(matches.pairs, base, candidate),
  };
}

function nothingToCompare(base: Report, candidate: Report): BenchError {
  const measured = (report: Report) => report.rows.some(({ status }) => status === 'ok' || status === 'partial');
  const empty = [...(measured(base) ? [] : ['the base']), ...(measured(candidate) ? [] : ['the candidate'])];
  return new BenchError({
    code: 'BENCH_NOTHING_TO_COMPARE',
    message: empty.length > 0 ? `nothing was measured in ${empty.join(' and ')}` : 'no point of the base is like one of the candidate',
    hint:
      empty.length > 0
        ? 'bench status RUN says why'
        : 'points are alike by their task key, or by recipe, variant and load; bench report shows those of a run',
    exitCode: EXIT.nothingMeasured,
  });
}

const samplesFor = (report: Report, point: SidePoint): Sample[] => point.rows.flatMap((row) => samplesOf(report, row));

function sideOf({ rows, lost }: SidePoint, samples: readonly Sample[]): ComparedSide {
  return {
    runs: [...new Set(rows.map(({ runId }) => runId))],
    repeats: samples.length,
    flags: [...new Map(rows.flatMap(({ flags }) => flags).map((flag) => [flag.code, flag])).values()],
    partial: lost.length > 0 || rows.some(({ status }) => status === 'partial'),
  };
}

/** A cost is the price over the mean throughput, as in reports; a mean of the costs of repeats would be more than was paid. */
function shownOf(compared: ComparedFigure, { rows }: SidePoint, samples: readonly Sample[]): number | null {
  const cost = compared.name.startsWith('cost_per_') && rows.every(({ ownMetrics }) => !Object.hasOwn(ownMetrics, compared.name));
  const values = cost
    ? rows.flatMap(({ scalars }) => scalars[compared.name] ?? [])
    : samples.flatMap((sample) => compared.of(sample) ?? []);
  return values.length === 0 ? null : values.reduce((sum, v) => sum + v, 0) / values.length;
}

function wholeSide(report: Report): WholeSide {
  const runs = [...new Set(report.rows.map(({ runId }) => runId))];
  return { runs, tags: runs.map((id) => [...(report.runs.find(({ run }) => run.id === id)?.notes.tags ?? [])]) };
}

const unique = (figures: readonly ComparedFigure[]): ComparedFigure[] => [...new Map(figures.map((each) => [each.name, each])).values()];

function countOf<K extends string>(kinds: readonly K[], values: readonly K[]): Record<K, number> {
  return Object.fromEntries(kinds.map((kind) => [kind, values.filter((value) => value === kind).length])) as Record<K, number>;
}

function sharedDifferences(pairs: readonly Match[], base: Report, candidate: Report): SharedDifference[] {
  const found = new Map<string, SharedDifference>();
  pairs.forEach((match, i) => {
    for (const each of differencesOf({ report: base, point: match.base }, { report: candidate, point: match.candidate })) {
      const key = JSON.stringify([each.kind, each.name, each.base, each.candidate]);
      const known = found.get(key);
      if (known) known.pairs.push(i);
      else found.set(key, { ...each, pairs: [i] });
    }
  });
  return [...found.values()];
}
