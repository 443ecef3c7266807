import { BenchError, didYouMean, EXIT, FIGURE_NAMES, type Gate } from '@bench/core';
import type { ReportRow } from '../rows.ts';
import { type Effect, having, valueOf } from './effect.ts';
import { comparedFigure, type ComparedFigure } from './figures.ts';
import type { Sample } from './samples.ts';

/** `failed`: the whole interval lies beyond the limit, or only the base has the figure. `passed`: it lies within. `undecided`: neither, or nothing is known. */
export type GateOutcome = 'passed' | 'failed' | 'undecided';

/** What became of a gate at one pair. */
export interface JudgedGate {
  gate: Gate;
  outcome: GateOutcome;
  /** What was judged, with its 95 % interval: the change, or the candidate's value. Null: it cannot be told. */
  seen: { estimate: number; low: number; high: number } | null;
  /** Why nothing was seen, in words; null: something was, or it is not known why not. */
  why: string | null;
}

interface Judged {
  base: readonly Sample[];
  candidate: readonly Sample[];
  rows: readonly ReportRow[];
  effect(compared: ComparedFigure): Effect | null;
  betweenRuns: number;
}

/** Judges a pair; null where neither side has the figure, so that the gate does not speak of it. */
export function judgeGate(gate: Gate, pair: Judged): JudgedGate | null {
  const compared = comparedFigure(gate.figure, pair.rows);
  if (compared === null) return null;
  const [base, candidate] = [pair.base, pair.candidate].map((samples) => having(compared, samples).length > 0);
  if (!base && !candidate) return null;
  if (!candidate) return { gate, outcome: 'failed', seen: null, why: 'the candidate does not have it, and the base does' };
  const seen = gate.of === 'value' ? valueOf(compared, pair.candidate, pair) : changeOf(pair.effect(compared));
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
