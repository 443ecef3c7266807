import { isGivenUp, isGood, type LoadSpec, type RequestRecord } from '@bench/core';
import { anyLimits, limitsOf } from './slo.ts';

/** What meets its limits, where there are any. */
export function goodness(load: LoadSpec, measured: readonly RequestRecord[], durationS: number): Record<string, number> {
  const out: Record<string, number> = {};
  if (!anyLimits(load)) return out;
  const limits = limitsOf(load);
  const good = measured.filter((r) => isGood(r, limits(r))).length;
  const asked = measured.length - measured.filter(isGivenUp).length;
  if (asked > 0) out.good_ratio = good / asked;
  if (durationS > 0) out.goodput = good / durationS;
  return out;
}
