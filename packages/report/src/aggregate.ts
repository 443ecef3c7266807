import { mean } from './mean.ts';
import type { ClassResult, ConversationsResult, Distribution, PointFlag, PointResult, SteadyResult } from '@bench/core';

/** Mean of each figure over the repeats that have it. */
export function meanScalars(records: readonly Record<string, number>[]): Record<string, number> {
  const values = new Map<string, number[]>();
  for (const record of records) {
    for (const [name, value] of Object.entries(record)) {
      if (!Number.isFinite(value)) continue;
      const list = values.get(name);
      if (list) list.push(value);
      else values.set(name, [value]);
    }
  }
  return Object.fromEntries([...values].map(([name, list]) => [name, mean(list)]));
}

/**
 * Each statistic is the mean over the repeats, so a percentile stays "a percentile of one repeat"; count is the sum, min and max
 * are those of all repeats.
 */
export function meanDistribution(list: readonly Distribution[]): Distribution | null {
  const first = list[0];
  if (!first) return null;
  const of = (key: keyof Distribution) => mean(list.map((d) => d[key]));
  return {
    count: list.reduce((sum, d) => sum + d.count, 0),
    mean: of('mean'),
    std: of('std'),
    min: Math.min(...list.map((d) => d.min)),
    max: Math.max(...list.map((d) => d.max)),
    p50: of('p50'),
    p75: of('p75'),
    p90: of('p90'),
    p95: of('p95'),
    p99: of('p99'),
    p999: of('p999'),
  };
}

export function meanDistributions(results: readonly Pick<PointResult, 'distributions'>[]): Record<string, Distribution> {
  const names = new Set(results.flatMap((r) => Object.keys(r.distributions)));
  const out: Record<string, Distribution> = {};
  for (const name of names) {
    const merged = meanDistribution(results.flatMap((r) => r.distributions[name] ?? []));
    if (merged) out[name] = merged;
  }
  return out;
}

/** Classes of requests by name: figures are means over the repeats, requests those of all. Null: there are none. */
export function meanClasses(results: readonly PointResult[]): Record<string, ClassResult> | null {
  const names = new Set(results.flatMap((r) => Object.keys(r.classes ?? {})));
  if (names.size === 0) return null;
  const merged = [...names].map((name): [string, ClassResult] => {
    return [name, meanClass(results.flatMap((r) => r.classes?.[name] ?? []))];
  });
  return Object.fromEntries(merged);
}

function meanClass(own: readonly ClassResult[]): ClassResult {
  const sum = (key: keyof ClassResult['counts']) => own.reduce((total, { counts }) => total + counts[key], 0);
  return {
    counts: { sent: sum('sent'), ok: sum('ok'), failed: sum('failed'), cancelled: sum('cancelled') },
    scalars: meanScalars(own.map(({ scalars }) => scalars)),
    distributions: meanDistributions(own),
  };
}

/** Conversations of all repeats, and of their turns the means over the repeats. Null: there are none. */
export function meanConversations(results: readonly PointResult[]): ConversationsResult | null {
  const own = results.flatMap(({ conversations }) => conversations ?? []);
  if (own.length === 0) return null;
  const sum = (of: (each: ConversationsResult) => number) => own.reduce((total, each) => total + of(each), 0);
  return {
    asked: sum(({ asked }) => asked),
    finished: sum(({ finished }) => finished),
    broken: sum(({ broken }) => broken),
    cut: sum(({ cut }) => cut),
    turnsNotSent: {
      failed: sum(({ turnsNotSent }) => turnsNotSent.failed),
      givenUp: sum(({ turnsNotSent }) => turnsNotSent.givenUp),
      ended: sum(({ turnsNotSent }) => turnsNotSent.ended),
    },
    turns: { first: meanClass(own.map(({ turns }) => turns.first)), later: meanClass(own.map(({ turns }) => turns.later)) },
  };
}

/** Steady states of the repeats: figures and bounds are means, requests those of all. Null: not every repeat has one, so nothing stands beside the whole run's mean. */
export function meanSteady(results: readonly PointResult[]): SteadyResult | null {
  const own = results.flatMap(({ steady }) => steady ?? []);
  if (own.length === 0 || own.length < results.length) return null;
  return { fromMs: mean(own.map(({ fromMs }) => fromMs)), toMs: mean(own.map(({ toMs }) => toMs)), ...meanClass(own) };
}

/** Each code once, with the messages that differ. */
export function mergeFlags(lists: readonly (readonly PointFlag[])[]): PointFlag[] {
  const messages = new Map<PointFlag['code'], Set<string>>();
  for (const flag of lists.flat()) {
    const set = messages.get(flag.code) ?? new Set();
    set.add(flag.message);
    messages.set(flag.code, set);
  }
  return [...messages].map(([code, set]) => ({ code, message: [...set].join('; ') }));
}

export function sumCounts(results: readonly PointResult[]): PointResult['counts'] {
  const total: PointResult['counts'] = { sent: 0, ok: 0, failed: 0, cancelled: 0, warmup: 0 };
  for (const { counts } of results) {
    total.sent += counts.sent;
    total.ok += counts.ok;
    total.failed += counts.failed;
    total.cancelled += counts.cancelled;
    total.warmup += counts.warmup;
    if (counts.givenUp !== undefined) total.givenUp = (total.givenUp ?? 0) + counts.givenUp;
  }
  return total;
}

export function sumErrors(results: readonly PointResult[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const { errors } of results) for (const [name, count] of Object.entries(errors)) total[name] = (total[name] ?? 0) + count;
  return total;
}
