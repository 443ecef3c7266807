import { arrivalLabel, concurrencyLabel, type LoadSpec } from '@bench/core';

/** What tells a point from the others of its task, in few words. */
export function pointLabel(load: LoadSpec): string {
  const parts: string[] = [];
  const { arrival } = load;
  if (arrival.kind === 'closed') parts.push(`c=${arrival.stages ? concurrencyLabel(arrival.stages) : (load.maxConcurrency ?? '∞')}`);
  else {
    parts.push(arrivalLabel(arrival));
    if (load.maxConcurrency !== null) parts.push(`c≤${load.maxConcurrency}`);
  }
  return parts.join(' ');
}
