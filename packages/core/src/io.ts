import type { Host } from './host-contract.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Logger {
  log(level: LogLevel, message: string, fields?: Record<string, unknown>): void;
}

/** Where secrets come from. A value read here is masked in every log line and error from then on. */
export interface Secrets {
  /** The value, or undefined when it is not set. */
  get(name: string): string | undefined;
  /** Masks a value that came from elsewhere (a file, an answer) from now on. */
  mask(value: string): void;
}

/**
 * Everything a library takes from the outside world. Nothing but the file that makes a real one reads the
 * environment, the wall clock or the console; tests pass their own.
 */
export interface Io {
  /** HTTP to control planes (never under load). */
  fetch: typeof globalThis.fetch;
  /** Opens a machine: `local`, or an SSH target. */
  connect(target: string): Promise<Host>;
  /** Wall clock, milliseconds since the epoch. For stamps, never for differences. */
  now(): number;
  /** Monotonic clock, milliseconds; goes on while the computer is suspended, which it may notice a second late. For differences. */
  monotonic(): number;
  /** Resolves after `ms`, or rejects when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). For ids and jitter; measurements draw from their own seeds. */
  random(): number;
  logger: Logger;
  secrets: Secrets;
  /** An environment variable that is no secret (a project's name, a folder) and so is not masked. Absent: this Io has no environment. */
  variable?(name: string): string | undefined;
  /** Masks secrets, known ones and what looks like one. For text that came from elsewhere (logs, answers) and goes into an error or a file. */
  redact(text: string): string;
  /** Aborted when the user wants everything to stop. */
  signal: AbortSignal;
}
