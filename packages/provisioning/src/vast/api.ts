import type { ProviderAnswer, ProviderContext, ProviderRequest } from '../contract/provider.ts';
import { explain } from './explain.ts';

/** Kinds of calls; the factory's limits are by these. */
export type CallKind = 'search' | 'create' | 'destroy' | 'show' | 'list' | 'manage' | 'bid' | 'ssh-key' | 'account' | 'logs';

export interface Call extends Pick<ProviderRequest, 'method' | 'body' | 'accept' | 'signal' | 'timeoutMs'> {
  kind: CallKind;
  /** From the root of the API: `/api/v0/asks/5/`. */
  path: string;
  /** Default true. */
  repeatable?: boolean;
  spot?: boolean;
  /** A reference to an instance that a failed call made. */
  ref?: (id: string) => unknown;
}

/** The API with the account's key. */
export interface Api {
  readonly baseUrl: string;
  call(call: Call): Promise<ProviderAnswer>;
}

export function openApi(o: { context: ProviderContext; baseUrl: string; apiKey: string }): Api {
  const { context, apiKey } = o;
  const baseUrl = o.baseUrl.replace(/\/+$/, '');
  return {
    baseUrl,
    call: ({ path, repeatable = true, spot, ref, ...request }) =>
      context.http({
        ...request,
        url: baseUrl + path,
        headers: { authorization: `Bearer ${apiKey}`, accept: 'application/json' },
        repeatable,
        explain: (answer) =>
          explain(answer, {
            op: request.kind,
            redact: context.redact,
            ...(spot === undefined ? {} : { spot }),
            ...(ref === undefined ? {} : { ref }),
          }),
      }),
  };
}
