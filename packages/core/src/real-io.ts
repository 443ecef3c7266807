import { uptime } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchError } from './error.ts';
import type { Host } from './host-contract.ts';
import type { Io, Logger } from './io.ts';
import { redactor } from './redact.ts';
import { suspendClock } from './suspend-clock.ts';

export interface CreateIoOptions {
  /** Default: none. */
  signal?: AbortSignal | undefined;
  /** Default: discards. Lines reach it with known secrets masked. */
  logger?: Logger | undefined;
  /** Opens hosts; `@bench/host` has one. Default: refuses. */
  connect?: ((target: string) => Promise<Host>) | undefined;
  /** Default: the process's environment. */
  env?: Record<string, string | undefined> | undefined;
}

const silent: Logger = { log: () => undefined };

/** The real {@link Io}. The only place of the libraries that touches clock, randomness and environment. */
export function createIo(options: CreateIoOptions = {}): Io {
  const env = options.env ?? process.env;
  const mask = redactor();
  const logger = options.logger ?? silent;
  return {
    fetch: (...args) => globalThis.fetch(...args),
    connect:
      options.connect ??
      ((target) =>
        Promise.reject(
          new BenchError({ code: 'BENCH_NO_CONNECT', message: `cannot open host "${target}": this Io was made without a host factory` }),
        )),
    now: () => Date.now(),
    // What is rented costs while this computer sleeps, too.
    monotonic: suspendClock({ awake: () => performance.now(), up: () => uptime() * 1000 }),
    sleep: async (ms, signal) => {
      await delay(ms, undefined, signal ? { signal } : undefined);
    },
    random: () => Math.random(),
    logger: { log: (level, message, fields) => logger.log(level, mask.redact(message), fields ? mask.redactValue(fields) : undefined) },
    secrets: {
      get: (name) => {
        const value = env[name];
        if (value) mask.add(value);
        return value || undefined;
      },
      mask: (value) => mask.add(value),
    },
    variable: (name) => env[name] || undefined,
    signal: options.signal ?? new AbortController().signal,
    redact: (text) => mask.redact(text),
  };
}
