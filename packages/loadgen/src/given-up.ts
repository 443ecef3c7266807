import type { RequestRecord } from '@bench/core';

/** Did the client give it up because the load asks for that? Those of a stopped run are cancelled, too. */
export function isGivenUp({ error }: Pick<RequestRecord, 'error'>): boolean {
  return error?.class === 'given_up';
}
