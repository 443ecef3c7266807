import type { z } from 'zod';
import { providerError } from '../contract/error.ts';
import type { ProviderAnswer, ProviderContext } from '../contract/provider.ts';
import { explain, isVersionRefused, PROVIDER } from './explain.ts';

/** What the server calls its newest version. */
const NEWEST = '~upcoming';

export interface Call<S extends z.ZodType> {
  /** Name of its limit, and for messages. */
  kind: string;
  /** Below `/api/v1/`. */
  path: string;
  data: Readonly<Record<string, unknown>>;
  answer: S;
  /** May it be sent again when nobody knows whether the server acted? */
  repeatable: boolean;
  /** Default: the settings', or what replaced it. */
  version?: string;
  signal?: AbortSignal | undefined;
}

/** The JSON API: every call is a POST of `{version, data}`, answered by the same two keys. */
export interface Api {
  call<S extends z.ZodType>(call: Call<S>): Promise<z.output<S>>;
  /** As it goes out. */
  url(path: string): string;
  /** That is spoken now. */
  version(): string;
}

export function cloudriftApi(o: { context: ProviderContext; baseUrl: string; apiKey: string; keyFrom: string; version: string }): Api {
  const { context, apiKey, keyFrom } = o;
  let version = o.version;
  const url = (path: string) => `${o.baseUrl.replace(/\/+$/, '')}/api/v1/${path}`;

  const send = (call: Call<z.ZodType>, used: string): Promise<ProviderAnswer> =>
    context.http({
      kind: call.kind,
      method: 'POST',
      url: url(call.path),
      headers: { 'X-API-Key': apiKey },
      // The server reads the object in its order: the version stands first.
      body: { version: used, data: call.data },
      repeatable: call.repeatable,
      signal: call.signal,
      // Refusing a version, the server has not acted: the same call may go out once more, with the one that it always knows.
      accept: (status) => (status >= 200 && status < 300) || (status === 400 && used !== NEWEST),
      explain: (answer) => explain(answer, { op: call.kind, keyFrom }),
    });

  return {
    url,
    version: () => version,
    call: async (call) => {
      const first = version === NEWEST ? NEWEST : (call.version ?? version);
      let answer = await send(call, first);
      if (answer.status === 400 && isVersionRefused(answer)) {
        if (version !== NEWEST) {
          context.logger.log(
            'warn',
            `CloudRift refuses version ${first} of its API: ${NEWEST} is used instead, whose answers may have changed`,
          );
        }
        version = NEWEST;
        answer = await send(call, NEWEST);
      }
      if (answer.status === 400) throw refused(answer, call.kind, keyFrom);
      return read(call, answer);
    },
  };
}

function refused(answer: ProviderAnswer, op: string, keyFrom: string): Error {
  return (
    explain(answer, { op, keyFrom }) ??
    providerError({ kind: 'request', provider: PROVIDER, op, message: `"${op}" was refused`, httpStatus: answer.status })
  );
}

/** An answer that cannot be read has been acted on nevertheless. */
function read<S extends z.ZodType>(call: Call<S>, answer: ProviderAnswer): z.output<S> {
  const body = answer.json();
  const data: unknown = typeof body === 'object' && body !== null && 'data' in body ? body.data : body;
  const parsed = call.answer.safeParse(data);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : ` at ${issue.path.join('.')}`;
  throw providerError({
    kind: call.repeatable ? 'transient' : 'unknown-outcome',
    provider: PROVIDER,
    op: call.kind,
    message: `the answer to "${call.kind}" is not understood${where}: ${issue?.message ?? 'no data'}`,
    hint: 'the API may have changed: set api_version in the settings',
    httpStatus: answer.status,
  });
}
