import { messageOf } from '@bench/core';
import type { FakeAnswer, FakeRequest } from '../fake/exchange.ts';
import { parseFilter } from './filter.ts';

/** An error as the API words it. */
export function refusal(status: number, reason: string, message: string, state?: string): FakeAnswer {
  return {
    status,
    body: {
      error: { code: status, message, errors: [{ message, domain: 'global', reason }], ...(state === undefined ? {} : { status: state }) },
    },
  };
}
export const notFound = (what: string): FakeAnswer => refusal(404, 'notFound', `The resource '${what}' was not found`);
export const invalid = (error: unknown): FakeAnswer => refusal(400, 'invalid', messageOf(error));
export const ok = (body: unknown): FakeAnswer => ({ status: 200, body });

/** One page of what the filter leaves. `most`: pages are no longer than this, whatever was asked for. */
export function page<T>(request: FakeRequest, all: readonly T[], most = 500): { items: T[]; nextPageToken?: string } {
  const filter = request.query.get('filter');
  const left = filter ? all.filter(parseFilter(filter)) : [...all];
  const size = Math.min(Number(request.query.get('maxResults') ?? 500) || 500, most);
  const from = Number(Buffer.from(request.query.get('pageToken') ?? '', 'base64url').toString()) || 0;
  const items = left.slice(from, from + size);
  return from + size < left.length ? { items, nextPageToken: Buffer.from(String(from + size)).toString('base64url') } : { items };
}

/** A page of an aggregated list: every scope is named, those without anything with a warning that says so. */
export function aggregated(
  request: FakeRequest,
  o: {
    key: string;
    scopes: readonly string[];
    all: readonly (readonly [scope: string, item: unknown])[];
    most?: number;
    silent?: string | undefined;
  },
): FakeAnswer {
  const kept = o.all.filter(([scope]) => scope !== o.silent);
  const filter = request.query.get('filter');
  const test = filter ? parseFilter(filter) : () => true;
  const unfiltered = new URLSearchParams(request.query);
  unfiltered.delete('filter');
  const { items, nextPageToken } = page(
    { ...request, query: unfiltered },
    kept.filter(([, item]) => test(item)),
    o.most,
  );
  const none = (scope: string) => ({
    warning: {
      code: 'NO_RESULTS_ON_PAGE',
      message: `There are no results for scope '${scope}' on this page.`,
      data: [{ key: 'scope', value: scope }],
    },
  });
  const byScope = o.scopes.map((scope) => {
    if (scope === o.silent)
      return [scope, { warning: { code: 'UNREACHABLE', message: `The scope '${scope}' could not be reached.` } }] as const;
    const here = items.filter(([where]) => where === scope).map(([, item]) => item);
    return [scope, here.length === 0 ? none(scope) : { [o.key]: here }] as const;
  });
  return ok({
    kind: 'compute#aggregatedList',
    items: Object.fromEntries(byScope),
    ...(nextPageToken === undefined ? {} : { nextPageToken }),
    ...(o.silent === undefined ? {} : { unreachables: [o.silent] }),
  });
}
