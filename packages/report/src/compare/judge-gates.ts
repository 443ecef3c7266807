import { adjustedPValues, BenchError, didYouMean, EXIT, FIGURE_NAMES, type Gate } from '@bench/core';
import type { ReportRow } from '../rows.ts';
import { type Effect, having, valueOf } from './effect.ts';
import { comparedFigure, type ComparedFigure } from './figures.ts';
import type { Sample } from './samples.ts';

/**
 * `failed`: the whole interval lies beyond the limit, surely also among all gates of the comparison, or only the base has the figure. `passed`: it lies within.
 * `undecided`: neither, or nothing is known.
 */
export type GateOutcome = 'passed' | 'failed' | 'undecided';

/** What became of a gate at one pair. */
export interface JudgedGate {
  gate: Gate;
  outcome: GateOutcome;
  /** What was judged, with its 95 % interval: the change, or the candidate's value. Null: it cannot be told. */
  seen: { estimate: number; low: number; high: number } | null;
  /** Why it was not decided by what was seen alone, in words; null: it was, or it is not known why not. */
  why: string | null;
}

/** A pair, as gates see it. */
interface GatedPair {
  base: readonly Sample[];
  candidate: readonly Sample[];
  rows: readonly ReportRow[];
  effect(compared: ComparedFigure, confidence?: number): Effect | null;
  betweenRuns: number;
}

/** What lies beyond an interval of 95 %, on one side: how often a single gate may fail that is just kept. */
const BEYOND = 0.025;

/**
 * Judges gates at all pairs of a comparison together; a gate is not judged where neither side has its figure. Where every gate is kept, at most 2.5 % of
 * comparisons have one that fails, however many there are: failures are held against Benjamini and Hochberg (1995) with the one-sided p-value at each gate's
 * limit. Passing is not corrected: all gates pass falsely only if each that is broken does (an intersection-union test, Berger 1982).
 */
export function judgeGates(pairs: readonly { gates: readonly Gate[]; pair: GatedPair }[]): JudgedGate[][] {
  const judged = pairs.map(({ gates, pair }) =>
    gates.flatMap((gate) => {
      const found = judgeGate(gate, pair);
      return found ? [{ ...found, p: found.seen && found.outcome === 'failed' ? limitP(gate, pair) : 1 }] : [];
    }),
  );
  const tested = judged.flat().filter(({ seen }) => seen !== null);
  const adjusted = adjustedPValues(tested.map(({ p }) => p));
  const unsure = new Set(tested.filter(({ outcome }, i) => outcome === 'failed' && (adjusted[i] ?? 1) > BEYOND));
  const why = `alone it is beyond the limit, among ${tested.length} gates that is not sure`;
  return judged.map((own) =>
    own.map((each) => {
      const { p: _p, ...found } = each;
      return unsure.has(each) ? { ...found, outcome: 'undecided', why } : found;
    }),
  );
}

/** One-sided, at the limit: the least share beyond the interval with which all of it still lies beyond the limit. Of a gate that failed at 95 %. */
function limitP(gate: Gate, pair: GatedPair): number {
  const fails = (beyond: number) => judgeGate(gate, pair, 1 - 2 * beyond)?.outcome === 'failed';
  let [low, high] = [Math.log(1e-12), Math.log(BEYOND)];
  if (fails(Math.exp(low))) return Math.exp(low);
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (fails(Math.exp(middle))) high = middle;
    else low = middle;
  }
  return Math.exp(high);
}

/** Judges one pair alone; null where neither side has the figure. */
function judgeGate(gate: Gate, pair: GatedPair, confidence?: number): JudgedGate | null {
  const compared = comparedFigure(gate.figure, pair.rows);
  if (compared === null) return null;
  const [base, candidate] = [pair.base, pair.candidate].map((samples) => having(compared, samples).length > 0);
  if (!base && !candidate) return null;
  if (!candidate) return { gate, outcome: 'failed', seen: null, why: 'the candidate does not have it, and the base does' };
  const seen =
    gate.of === 'value' ? valueOf(compared, pair.candidate, { ...pair, confidence }) : changeOf(pair.effect(compared, confidence));
  if (seen) return { gate, outcome: outcomeOf(gate, seen), seen, why: null };
  return { gate, outcome: 'undecided', seen, why: base ? null : 'the base does not have it' };
}

const changeOf = (effect: Effect | null) => effect && { estimate: effect.change, low: effect.low, high: effect.high };

/** Bounds come from logarithms, and of five times 100 the mean is a last digit off. */
const equal = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-12 * Math.abs(b);

function outcomeOf({ side, orEqual, limit }: Gate, { low, high }: { low: number; high: number }): GateOutcome {
  const keeps = (bound: number) => (equal(bound, limit) ? orEqual : side === '<' ? bound < limit : bound > limit);
  const [best, worst] = side === '<' ? [low, high] : [high, low];
  return keeps(worst) ? 'passed' : keeps(best) ? 'undecided' : 'failed';
}

/**
 * A gate that speaks of no pair is a mistake, and would pass for ever.
 * @throws BenchError `BENCH_GATE_INVALID`, exit code 2
 */
export function refuseIdleGates(
  gates: readonly Gate[],
  judged: readonly JudgedGate[],
  samples: { rows: readonly ReportRow[]; of: readonly Sample[] },
): void {
  const idle = gates.find((gate) => !judged.some(({ gate: { text } }) => text === gate.text));
  if (!idle) return;
  const own = [...new Set(samples.rows.flatMap((row) => Object.keys(row.ownMetrics)))];
  const there = [...own, ...FIGURE_NAMES].filter((name) => {
    const compared = comparedFigure(name, samples.rows);
    return compared !== null && samples.of.some((sample) => compared.of(sample) !== null);
  });
  throw new BenchError({
    code: 'BENCH_GATE_INVALID',
    message: `gate "${idle.text}": nothing that is compared has ${idle.figure}`,
    hint: didYouMean(idle.figure, there) ?? `there are: ${there.join(', ')}`,
    exitCode: EXIT.usage,
  });
}
