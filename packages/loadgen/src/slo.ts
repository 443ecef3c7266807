import type { LoadSpec } from '@bench/core';

/** Is there any limit to be met? A key without a value is none. */
export function hasLimits(slo: LoadSpec['slo']): boolean {
  return Object.values(slo).some((limit) => limit !== undefined);
}
