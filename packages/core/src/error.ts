/** Marks a BenchError across package copies: a plugin may carry its own `@bench/core`, so `instanceof` cannot be trusted. */
const MARK = Symbol.for('bench.error');

/** How far a provider's failure reaches; failover blocks exactly that much. */
export type ErrorScope = 'offer' | 'zone' | 'region' | 'provider';

export interface BenchErrorInit {
  /** Stable and searchable, for example `BENCH_RECIPE_INVALID`. */
  code: `BENCH_${string}`;
  /** What happened, and where. One sentence; a list of problems goes on lines below it. */
  message: string;
  /** What to do now. */
  hint?: string | undefined;
  /** Whether the same call may succeed later. Default false. */
  retryable?: boolean | undefined;
  cause?: unknown;
  /** For providers: what the failure rules out. */
  scope?: ErrorScope | undefined;
  /** The exit code that a command ends with when this error ends it. Default: chosen by the command. */
  exitCode?: number | undefined;
  /** Machine-readable facts, for `--json`. Never secrets. */
  details?: Record<string, unknown> | undefined;
}

/** The one error class of every `@bench` package. Recognise it with {@link BenchError.is}. */
export class BenchError extends Error {
  readonly [MARK] = true;
  readonly code: `BENCH_${string}`;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly scope: ErrorScope | undefined;
  readonly exitCode: number | undefined;
  readonly details: Record<string, unknown> | undefined;

  constructor(init: BenchErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'BenchError';
    this.code = init.code;
    this.hint = init.hint;
    this.retryable = init.retryable ?? false;
    this.scope = init.scope;
    this.exitCode = init.exitCode;
    this.details = init.details;
  }

  /** True for a BenchError of any copy of this package. */
  static is(value: unknown): value is BenchError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[MARK] === true;
  }
}

/** The message of anything that was thrown. Never throws itself. */
export function messageOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string') return error.message;
  try {
    return String(error);
  } catch {
    return 'something without a message'; // an object without a prototype
  }
}
