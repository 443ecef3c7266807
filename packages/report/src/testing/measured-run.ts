import { type PointFlag, type PointResult, prng, summarize } from '@bench/core';
import type { RunView } from '@bench/results';
import { syntheticRun, type TaskPlan } from './synthetic-run.ts';

/** One repeat: latencies of its requests, milliseconds; or what else is to stand in its result. */
export interface MeasuredRepeat {
  e2elMs?: readonly number[];
  result?: Partial<PointResult>;
}

/** A run of one point whose repeats measured exactly this. Throughput is that of one client that sends one request after another. */
export function measuredRun(id: string, repeats: readonly MeasuredRepeat[], plan: MeasuredPlan = {}): RunView {
  return withRepeats(runTemplate(repeats.length, plan), id, repeats);
}

/** What the rest of the run is made of. */
export type MeasuredPlan = Omit<TaskPlan, 'points'> & { flags?: PointFlag[] };

/** The run that all of a simulation are made of: {@link withRepeats} puts in what was measured. */
export function runTemplate(repeats: number, { flags = [], ...task }: MeasuredPlan = {}): RunView {
  return syntheticRun({ tasks: [{ ...task, points: [{ requests: 1, repeats, flags }] }] });
}

/** The same run, but for its id and what its repeats measured. */
export function withRepeats(view: RunView, id: string, repeats: readonly MeasuredRepeat[]): RunView {
  const [task] = view.tasks;
  if (!task) throw new Error('a template has a task');
  const points = task.points.map((point, i) => {
    const { e2elMs, result } = repeats[i] ?? {};
    return { ...point, result: point.result && { ...point.result, ...(e2elMs ? measured(e2elMs, point.result) : {}), ...result } };
  });
  return { ...view, dir: `/runs/${id}`, run: { ...view.run, id }, tasks: [{ ...task, points }] };
}

function measured(e2elMs: readonly number[], template: PointResult): Partial<PointResult> {
  const summary = summarize(e2elMs);
  if (!summary) throw new Error('a repeat has requests');
  const { intervals: _, ...rest } = template;
  return {
    ...rest,
    counts: { sent: e2elMs.length, ok: e2elMs.length, failed: 0, cancelled: 0, warmup: 0 },
    distributions: { e2el_ms: summary },
    scalars: { request_throughput: 1000 / summary.mean, error_ratio: 0 },
  };
}

/** Requests whose latency is lognormal with a coefficient of variation `within`, in repeats that differ by `between` (one standard deviation). */
export function lognormalRepeats(o: {
  seed: number;
  medianMs: number;
  repeats: number;
  requests: number;
  within: number;
  between: number;
}): MeasuredRepeat[] {
  const random = prng(o.seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const sigma = Math.sqrt(Math.log(1 + o.within ** 2));
  return Array.from({ length: o.repeats }, () => {
    const level = o.medianMs * Math.exp(o.between * normal());
    return { e2elMs: Array.from({ length: o.requests }, () => level * Math.exp(sigma * normal())) };
  });
}
