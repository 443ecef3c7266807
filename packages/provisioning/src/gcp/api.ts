import { BenchError } from '@bench/core';
import type { z } from 'zod';
import { providerError, providerErrorKind } from '../contract/error.ts';
import type { ProviderContext, ProviderRequest } from '../contract/provider.ts';
import { nextPage } from '../core/next-page.ts';
import { explain } from './errors.ts';
import { BASE_URL } from './settings.ts';
import type { Tokens } from './token.ts';

export interface Call<T extends z.ZodType> {
  /** Names its limit. */
  kind: string;
  method?: ProviderRequest['method'];
  /** Below the base URL, with its leading slash and its parts already encoded. */
  path: string;
  query?: Readonly<Record<string, string>>;
  body?: unknown;
  /** Default: true for GET. */
  repeatable?: boolean;
  /** What the answer is. */
  answer: T;
  signal?: AbortSignal | undefined;
}

/** Calls of the API, with a token each. */
export interface Api {
  /** For people and plans. */
  url(path: string, query?: Readonly<Record<string, string>>): string;
  /** @throws BenchError as {@link ProviderContext.http} does; of kind `transient` for an answer of another shape. */
  call<T extends z.ZodType>(call: Call<T>): Promise<z.infer<T>>;
  /** The same; null for 404. */
  get<T extends z.ZodType>(call: Call<T>): Promise<z.infer<T> | null>;
}

export function apiOf(o: { baseUrl: string; context: ProviderContext; tokens: Tokens }): Api {
  const { context, tokens } = o;
  const base = (o.baseUrl || BASE_URL).replace(/\/+$/, '');
  const url: Api['url'] = (path, query = {}) => {
    const text = new URLSearchParams(query).toString();
    return `${base}${path}${text === '' ? '' : `?${text}`}`;
  };

  async function exchange<T extends z.ZodType>(call: Call<T>, orNull: boolean): Promise<z.infer<T> | null> {
    const method = call.method ?? 'GET';
    const repeatable = call.repeatable ?? method === 'GET';
    const send = async () =>
      context.http({
        kind: call.kind,
        method,
        url: url(call.path, call.query),
        headers: { authorization: `Bearer ${await tokens.get()}` },
        ...(call.body === undefined ? {} : { body: call.body }),
        repeatable,
        signal: call.signal,
        accept: (status) => (status >= 200 && status < 300) || (orNull && status === 404),
        explain: (answer) => explain(call.kind, answer, (text) => context.redact(text)),
      });
    // A refused token means that nothing was done: once more with a new one.
    const answer = await send().catch((error: unknown) => {
      const status = BenchError.is(error) && providerErrorKind(error) === 'auth' ? error.details?.['httpStatus'] : undefined;
      if (status !== 401 || !tokens.renew()) throw error;
      return send();
    });
    if (orNull && answer.status === 404) return null;
    const parsed = call.answer.safeParse(answer.json());
    if (parsed.success) return parsed.data;
    throw providerError({
      kind: repeatable ? 'transient' : 'unknown-outcome',
      provider: 'gcp',
      op: call.kind,
      message: `the answer to "${call.kind}" is not what the API documents`,
      providerMessage: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)[0],
      httpStatus: answer.status,
    });
  }

  return {
    url,
    call: async (call) => (await exchange(call, false)) as z.infer<typeof call.answer>,
    get: (call) => exchange(call, true),
  };
}

/** All pages of a list; `take` sees each. */
export async function pages<T extends z.ZodType<{ nextPageToken?: string | undefined }>>(o: {
  api: Api;
  call: Call<T>;
  take: (page: z.infer<T>) => void;
}): Promise<void> {
  let pageToken: string | null = null;
  do {
    const page = await o.api.call({ ...o.call, query: { ...o.call.query, ...(pageToken === null ? {} : { pageToken }) } });
    o.take(page);
    pageToken = nextPage(page.nextPageToken, { before: pageToken, provider: 'gcp' });
  } while (pageToken !== null);
}
