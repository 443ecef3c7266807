import { BenchError, loadSpecSchema, messageOf, type LoadSpec, type LoadSpecInput } from '@bench/core';
import type { Calibration } from '../calibration.ts';
import type { ServerAbilities } from '../target.ts';

/** Name of the file that tells the program what to do; it is removed as soon as it is read, because it may hold a key. */
export const ORDER_FILE = 'order.json';

/** One load for the program of {@link standaloneFile}: what `runLoad` takes, as data. */
export interface LoadFileOrder {
  /** As seen from the machine that the program runs on. */
  baseUrl: string | readonly string[];
  /** Of the machine that the program runs on. Default: the system's choice. */
  sourceAddresses?: readonly string[] | undefined;
  model: string;
  /** Sent as a bearer token. */
  apiKey?: string | undefined;
  /** Prompt files are paths on the machine that the program runs on. */
  load: LoadSpecInput;
  server?: ServerAbilities | undefined;
  calibration?: Calibration | undefined;
  /** Threads that send. Default: as `runLoad`. */
  workers?: number | undefined;
}

/** The content of `order.json`. It may hold a key: write it with mode 0600. */
export function encodeOrder(order: LoadFileOrder): string {
  return JSON.stringify({ version: 1, ...order });
}

/** Reads what {@link encodeOrder} wrote. @throws BenchError `BENCH_LOAD_ORDER` when it is something else, `BENCH_LOAD` for a load that is not valid. */
export function decodeOrder(text: string): LoadFileOrder & { load: LoadSpec } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    // The parser quotes what it read, and that may be a key.
    throw problem('it is not JSON', cause instanceof SyntaxError ? undefined : cause);
  }
  if (typeof json !== 'object' || json === null) throw problem('it is not a JSON object');
  const { version, ...order } = json as { version?: unknown } & Partial<LoadFileOrder>;
  if (version !== 1) throw problem(`it has version ${String(version)}, this program reads version 1`);
  for (const key of ['baseUrl', 'model'] as const) {
    if (order[key] === undefined || !isText(order[key])) throw problem(`"${key}" is missing`);
  }
  const load = loadSpecSchema.safeParse(order.load);
  if (!load.success) {
    const problems = load.error.issues.map((issue) => `${issue.path.join('.') || 'load'}: ${issue.message}`);
    throw new BenchError({ code: 'BENCH_LOAD', message: `the load is not valid\n${problems.join('\n')}` });
  }
  return { ...(order as LoadFileOrder), load: load.data };
}

function isText(value: string | readonly string[]): boolean {
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts.length > 0 && texts.every((text) => typeof text === 'string' && text !== '');
}

function problem(what: string, cause?: unknown): BenchError {
  return new BenchError({
    code: 'BENCH_LOAD_ORDER',
    message: `${ORDER_FILE} cannot be read: ${what}${cause === undefined ? '' : ` (${messageOf(cause)})`}`,
    hint: 'it is written by bench, of the same version as the load program',
  });
}
