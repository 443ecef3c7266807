import { BenchError, type ErrorScope, EXIT } from '@bench/core';

/** What went wrong with a provider; failover decides by it. */
export type ProviderErrorKind =
  /** Sold out as far as `scope` reaches: the next candidate outside of it. */
  | 'capacity'
  /** The account may not have it, as far as `scope` reaches. */
  | 'quota'
  /** Credentials are missing, wrong or were revoked: the provider is done with. */
  | 'auth'
  /** No money left: the provider is done with. */
  | 'balance'
  /** The provider says that the request is wrong: our fault, or the user's settings. */
  | 'request'
  /** Too many calls: the same one again, later. */
  | 'rate-limit'
  /** A fault that passes: again, when the call is repeatable. */
  | 'transient'
  /** The answer was lost, the provider may have acted: look by name before anything else. */
  | 'unknown-outcome'
  /** The machine did not come up. */
  | 'failed'
  /** The provider took the machine away. */
  | 'preempted'
  /** A machine could not be ended: no further one is rented. */
  | 'cleanup'
  /** The provider cannot do that at all. */
  | 'unsupported';

const CODE_PREFIX = 'BENCH_PROVIDER_';
const EXIT_CODES: Partial<Record<ProviderErrorKind, number>> = {
  request: EXIT.usage,
  unsupported: EXIT.usage,
  cleanup: EXIT.cleanupIncomplete,
};
const RETRYABLE: ReadonlySet<ProviderErrorKind> = new Set(['rate-limit', 'transient']);
const DEFAULT_SCOPE: Partial<Record<ProviderErrorKind, ErrorScope>> = {
  capacity: 'offer',
  quota: 'region',
  auth: 'provider',
  balance: 'provider',
  failed: 'offer',
};

export interface ProviderErrorInit {
  kind: ProviderErrorKind;
  provider: string;
  /** What was being done: `create`. */
  op: string;
  /** What happened, without the provider's name: it is put before. */
  message: string;
  hint?: string | undefined;
  /** Default: capacity and failed `offer`, quota `region`, auth and balance `provider`. */
  scope?: ErrorScope | undefined;
  httpStatus?: number | undefined;
  /** The provider's own id of the request, for its support. */
  requestId?: string | undefined;
  /** The provider's own words; shown after the message when they are not in it. */
  providerMessage?: string | undefined;
  retryAfterMs?: number | undefined;
  /**
   * By a documented code the server said that it did not act, although it answered with a status of 500 or more. Without it, what `explain`
   * makes of such an answer to a request that is not repeatable is an `unknown-outcome`. Words of a message are never certain.
   */
  certain?: boolean | undefined;
  /** Exit code of a command that ends for it. Default: the kind's. */
  exitCode?: number | undefined;
  /** A machine that exists although the call failed; it must be terminated. */
  ref?: unknown;
  cause?: unknown;
}

/** The error of a provider's call: code `BENCH_PROVIDER_<KIND>`, `scope` for failover, the rest in `details`. Exit code 4 unless the kind has its own. */
export function providerError(init: ProviderErrorInit): BenchError {
  const { kind, provider, op, message, providerMessage, httpStatus, requestId, retryAfterMs, certain, ref } = init;
  const words = providerMessage === undefined || providerMessage === '' || message.includes(providerMessage) ? '' : `: ${providerMessage}`;
  const facts = [httpStatus === undefined ? null : `HTTP ${httpStatus}`, requestId === undefined ? null : `request ${requestId}`].filter(
    (f) => f !== null,
  );
  return new BenchError({
    code: `${CODE_PREFIX}${kind.toUpperCase().replaceAll('-', '_')}`,
    message: `${provider}: ${message}${words}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`,
    hint: init.hint,
    retryable: RETRYABLE.has(kind),
    scope: init.scope ?? DEFAULT_SCOPE[kind],
    exitCode: init.exitCode ?? EXIT_CODES[kind] ?? EXIT.provider,
    cause: init.cause,
    details: {
      kind,
      provider,
      op,
      ...(httpStatus === undefined ? {} : { httpStatus }),
      ...(requestId === undefined ? {} : { requestId }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      ...(certain === true ? { certain } : {}),
      ...(ref === undefined ? {} : { ref }),
    },
  });
}

/** The kind of a provider's error; null: it is none. */
export function providerErrorKind(error: unknown): ProviderErrorKind | null {
  if (!BenchError.is(error) || !error.code.startsWith(CODE_PREFIX)) return null;
  return (error.details?.['kind'] as ProviderErrorKind | undefined) ?? null;
}
