import type { BenchError, Io } from '@bench/core';
import { providerError, providerErrorKind, type ProviderErrorInit } from '../contract/error.ts';
import type { ProviderAnswer, ProviderContext, ProviderFactory, ProviderRequest } from '../contract/provider.ts';
import { answerOf, MAX_ANSWER_BYTES, readBody, requestIdOf, TooLarge, wordsOf } from './answer.ts';
import { connectionFailure } from './connection-error.ts';
import { pacer, sleepOrAborted } from './pacer.ts';
import { retryAfterMs } from './retry-after.ts';

/** How often one request is sent at the most. */
export const HTTP_TRIES = 5;
const TIMEOUT_MS = 30_000;
const MAX_REDIRECTS = 5;
const BACKOFF_MS = { first: 500, most: 15_000 };
/** The same after "too many": a wait of nearly nothing would only earn the next one. */
const BACKOFF_RATE_MS = { first: 2000, most: 30_000 };
/** A server that asks for more than this is not waited for; the error says how long it asked for. */
export const MOST_RETRY_AFTER_MS = 120_000;
const AGAIN = new Set([502, 503, 504]);

/** What one exchange came to. */
type Outcome = { answer: ProviderAnswer } | { error: Error; again: boolean; triesUsed: number; afterMs?: number | undefined };

/** `http` and `pace` of one provider: all its callers share the pacing. See {@link ProviderContext.http} for what they promise. */
export function providerHttp(o: { factory: Pick<ProviderFactory, 'name' | 'limits'>; io: Io }): Pick<ProviderContext, 'http' | 'pace'> {
  const { factory, io } = o;
  const lanes = pacer(factory.limits, io);

  async function http(request: ProviderRequest): Promise<ProviderAnswer> {
    const exchange = exchangeOf({ provider: factory.name, request, io });
    let tries = 0;
    for (;;) {
      await lanes.wait(request.kind, request.signal);
      const outcome = await exchange.once();
      if ('answer' in outcome) return outcome.answer;
      const { error, again, afterMs } = outcome;
      tries += outcome.triesUsed;
      const tooMany = providerErrorKind(error) === 'rate-limit';
      if (afterMs !== undefined && tooMany) lanes.hold(request.kind, Math.min(afterMs, MOST_RETRY_AFTER_MS));
      if (!again || tries >= HTTP_TRIES || (afterMs ?? 0) > MOST_RETRY_AFTER_MS) throw error;
      const waitMs = Math.max(afterMs ?? 0, backoffMs(tries, tooMany, io));
      io.logger.log('debug', `${factory.name} ${request.kind}: again in ${Math.round(waitMs)} ms`, { reason: error.message });
      await sleepOrAborted(io, waitMs, request.signal);
    }
  }

  return { http, pace: (kind, signal) => lanes.wait(kind, signal) };
}

/** Exponential with full jitter; after "too many", half of it is certain. */
function backoffMs(tries: number, tooMany: boolean, io: Io): number {
  const { first, most } = tooMany ? BACKOFF_RATE_MS : BACKOFF_MS;
  const full = Math.min(most, first * 2 ** (tries - 1));
  return tooMany ? full / 2 + (io.random() * full) / 2 : io.random() * full;
}

/** One request, ready to be sent as often as it takes. @throws BenchError of kind `request` for one that cannot be sent at all */
function exchangeOf(o: { provider: string; request: ProviderRequest; io: Io }): { once(): Promise<Outcome> } {
  const { provider, request, io } = o;
  const { kind: op, repeatable, signal } = request;
  const fail = (init: Omit<ProviderErrorInit, 'provider' | 'op'>): BenchError => providerError({ provider, op, ...init });

  const url = parseUrl(request.url);
  if (url === null) throw fail({ kind: 'request', message: `the address of "${op}" is not one of http or https without a user name` });
  // A query may hold a credential: it is never shown.
  const shown = `${request.method} ${io.redact(`${url.origin}${url.pathname}`)}`;
  const headers = new Headers({ accept: 'application/json' });
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    try {
      headers.set(name, value);
    } catch {
      // The runtime's own message shows the value.
      throw fail({
        kind: 'request',
        message: `the header "${io.redact(name)}" of "${op}" is not legal`,
        hint: 'look for a line break or a special character in the credential',
      });
    }
  }
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  if (body !== undefined && !headers.has('content-type')) headers.set('content-type', 'application/json');

  /** The answer never came, or not whole. */
  const lost = (reason: string, init: { triesUsed?: number; cause?: unknown } = {}): Outcome => {
    const { triesUsed = 1, cause } = init;
    if (!repeatable)
      return {
        error: fail({ kind: 'unknown-outcome', message: `the answer to "${op}" was lost (${reason}, ${shown})`, cause }),
        again: false,
        triesUsed,
      };
    return { error: fail({ kind: 'transient', message: `"${op}" failed (${reason}, ${shown})` }), again: true, triesUsed };
  };

  const judge = async (response: Response, timeout: TimeLimit): Promise<Outcome> => {
    const accepted = request.accept?.(response.status) ?? response.ok;
    const { text, failure } = await readBody(response);
    const { status } = response;
    // What is refused is known by its status, however little came after it.
    const whole = failure === null;
    if (!whole && (signal?.aborted === true || accepted)) {
      if (signal?.aborted === true && repeatable) throw signal.reason;
      return timeout.over
        ? lost(timeout.reason, { triesUsed: 2 })
        : lost(signal?.aborted === true ? 'aborted' : 'the connection ended within the answer', { cause: signal?.reason });
    }
    const answer = answerOf({ provider, request, response, text, io });
    if (accepted) return { answer };
    const afterMs = retryAfterMs(response.headers, io);
    const explained = request.explain?.(answer);
    if (explained !== undefined && (repeatable || status < 500 || isKnown(explained))) {
      const meaning = providerErrorKind(explained);
      const asked = (explained as { details?: { retryAfterMs?: unknown } }).details?.retryAfterMs;
      return {
        error: explained,
        again: meaning === 'rate-limit' || (meaning === 'transient' && repeatable),
        triesUsed: 1,
        afterMs: typeof asked === 'number' ? asked : afterMs,
      };
    }
    const error = fail({
      ...byStatus(status, repeatable, op),
      httpStatus: status,
      requestId: requestIdOf(response.headers, io),
      providerMessage: wordsOf(text, io),
      retryAfterMs: afterMs,
    });
    return { error, again: status === 429 || (repeatable && AGAIN.has(status)), triesUsed: 1, afterMs };
  };

  /** Follows redirects within the server; the caller's headers may hold credentials, so none goes to another one. */
  const send = async (limit: TimeLimit): Promise<Response | Outcome> => {
    let target = url;
    for (let hops = 0; ; hops++) {
      const response = await io.fetch(target, {
        method: request.method,
        headers,
        ...(body === undefined ? {} : { body }),
        redirect: 'manual',
        signal: limit.signal,
      });
      const location = response.headers.get('location');
      const moved = [301, 302, 307, 308].includes(response.status) && location !== null && request.accept?.(response.status) !== true;
      // 301 and 302 turn other methods into GET in most clients: only what keeps its meaning is followed.
      if (!moved || (request.method !== 'GET' && response.status < 307)) return response;
      response.body?.cancel().catch(() => undefined);
      const next = parseUrl(location, target.href);
      const why = next === null ? 'an address that is not one' : next.origin !== url.origin ? io.redact(next.origin) : null;
      if (next === null || why !== null || hops >= MAX_REDIRECTS) {
        const message = `"${op}" was redirected ${why === null ? 'too often' : `to ${why}, where credentials are not sent`} (${shown})`;
        return { error: fail({ kind: 'request', message, httpStatus: response.status }), again: false, triesUsed: 1 };
      }
      target = next;
    }
  };

  return {
    async once() {
      const limit = timeLimit(request.timeoutMs ?? TIMEOUT_MS, signal);
      const began = io.monotonic();
      let word = 'no answer';
      try {
        const got = await send(limit);
        if (!(got instanceof Response)) return got;
        word = String(got.status);
        return await judge(got, limit);
      } catch (error) {
        if (signal?.aborted === true) {
          if (repeatable) throw signal.reason;
          return lost('aborted', { cause: signal.reason });
        }
        if (limit.over) return lost(limit.reason, { triesUsed: 2 });
        if (error instanceof TooLarge) {
          const message = `the answer to "${op}" is larger than ${MAX_ANSWER_BYTES >> 20} MiB (${shown})`;
          return { error: fail({ kind: repeatable ? 'request' : 'unknown-outcome', message }), again: false, triesUsed: 1 };
        }
        const { neverSent, untrusted, reason } = connectionFailure(error);
        if (untrusted) {
          const hint = "the machine's certificates or clock are wrong, or something stands between it and the provider";
          return {
            error: fail({ kind: 'request', message: `the certificate of ${url.host} is not trusted (${reason})`, hint }),
            again: false,
            triesUsed: 1,
          };
        }
        if (!neverSent) return lost(reason);
        return {
          error: fail({ kind: 'transient', message: `cannot reach ${url.host} for "${op}" (${reason})` }),
          again: true,
          triesUsed: 1,
        };
      } finally {
        limit.clear();
        io.logger.log('debug', `${provider} ${op}: ${shown} → ${word} in ${Math.round(io.monotonic() - began)} ms`);
      }
    },
  };
}

/** Whether an explanation of a status of 500 or more says what became of a request that may have been acted on. */
function isKnown(explained: Error): boolean {
  const kind = providerErrorKind(explained);
  const { certain, ref } = (explained as { details?: { certain?: unknown; ref?: unknown } }).details ?? {};
  return certain === true || kind === 'unknown-outcome' || (kind === 'failed' && ref !== undefined);
}

function byStatus(status: number, repeatable: boolean, op: string): Pick<ProviderErrorInit, 'kind' | 'message'> {
  if (status === 401 || status === 403)
    return { kind: 'auth', message: `"${op}" was refused: the credentials are missing, wrong, or not allowed to` };
  if (status === 402) return { kind: 'balance', message: `"${op}" was refused: there is no money left` };
  if (status === 429) return { kind: 'rate-limit', message: `"${op}" was called too often` };
  if (status >= 500 && repeatable) return { kind: 'transient', message: `"${op}" failed at the provider` };
  if (status >= 400 && status < 500) return { kind: 'request', message: `"${op}" was refused` };
  return repeatable
    ? { kind: 'request', message: `"${op}" was answered with something else than expected` }
    : { kind: 'unknown-outcome', message: `nobody knows whether the provider acted on "${op}"` };
}

interface TimeLimit {
  signal: AbortSignal;
  over: boolean;
  reason: string;
  clear(): void;
}

/** Covers the whole exchange, the body too. By a real timer: what it bounds is a real network, whatever the clock of the Io. */
function timeLimit(ms: number, outer: AbortSignal | undefined): TimeLimit {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(outer?.reason);
  const limit: TimeLimit = {
    signal: controller.signal,
    over: false,
    reason: `no answer within ${ms / 1000} s`,
    clear() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onAbort);
    },
  };
  const timer = setTimeout(() => {
    limit.over = true;
    controller.abort();
  }, ms);
  outer?.addEventListener('abort', onAbort, { once: true });
  if (outer?.aborted === true) onAbort();
  return limit;
}

function parseUrl(text: string, base?: string): URL | null {
  if (!URL.canParse(text, base)) return null;
  const url = new URL(text, base);
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '' ? url : null;
}
