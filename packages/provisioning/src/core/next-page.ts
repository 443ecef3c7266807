import { providerError } from '../contract/error.ts';

/**
 * The token of the next page; null: there is none.
 * @throws BenchError of kind `transient` when it is the one that led here: the list would never end, and what it lacks is not gone
 */
export function nextPage(token: string | null | undefined, o: { before: string | null; provider: string }): string | null {
  if (token === null || token === undefined || token === '') return null;
  if (token !== o.before) return token;
  throw providerError({
    kind: 'transient',
    provider: o.provider,
    op: 'list',
    message: 'the list does not end: its pages lead to themselves',
  });
}
