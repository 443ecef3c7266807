import { arrivalLabel, type LoadSpec } from '@bench/core';

/** What tells a point from the others of its task, in few words. */
export function pointLabel(load: LoadSpec): string {
  const parts: string[] = [];
  if (load.arrival.kind === 'closed') parts.push(`c=${load.maxConcurrency ?? '∞'}`);
  else {
    parts.push(arrivalLabel(load.arrival));
    if (load.maxConcurrency !== null) parts.push(`c≤${load.maxConcurrency}`);
  }
  return parts.join(' ');
}
