import { achievedRate } from '../achieved-rate.ts';
import type { LoadResult } from '../result.ts';
import { runLoad } from '../run-load.ts';
import { clientError, type ClientError } from './client-error.ts';
import { levelLoad, SELFCHECK_LEVELS, TOKENS_PER_S, type SelfcheckLevel } from './levels.ts';
import { startServerThread, type ServerThread } from './server-thread.ts';
import { atItsLimit, capacityOf, doubts } from './verdict.ts';

/** What one level showed. */
export interface LevelCheck {
  level: SelfcheckLevel;
  /** Threads that sent. */
  workers: number;
  /** Measured requests. */
  counts: LoadResult['summary']['counts'];
  /** Token events read a second, all workers. */
  eventsPerS: number;
  /** Event-loop utilisation of the busiest worker, 0 to 1. */
  eluMax: number;
  /** CPU of all workers ÷ wall time. */
  cpuCores: number;
  /** Reached ÷ asked rate; null: streams. */
  rateReached: number | null;
  /** Sent minus due, 99th percentile; null: streams. Milliseconds. */
  scheduleLagP99Ms: number | null;
  error: ClientError;
  /** Why the client cannot be believed at this level; empty: it can. */
  doubts: string[];
}

/** What a self-check found. */
export interface Selfcheck {
  /** Tokens a second of each stream. */
  tokensPerS: number;
  /** In rising order, of each kind up to the first at which client or server was at its end. */
  levels: LevelCheck[];
  /** Token events a second that a worker can read while its event loop is busy 80 % of the time; null: no streams were checked. */
  eventsPerSPerWorker: number | null;
}

export interface SelfcheckOptions {
  /** In rising order of each kind. Default: {@link SELFCHECK_LEVELS}, which take less than a minute. */
  levels?: readonly SelfcheckLevel[];
  /** Told of each level as it begins. */
  onLevel?: (level: SelfcheckLevel) => void;
  signal?: AbortSignal | undefined;
}

/**
 * Measures the client's own error on this machine: `runLoad` against a test server of known timing in a thread of its own, at rising load.
 * @throws the signal's reason; BenchError `BENCH_SELFCHECK_SERVER`, and what `runLoad` throws.
 */
export async function runSelfcheck(options: SelfcheckOptions = {}): Promise<Selfcheck> {
  const { signal } = options;
  signal?.throwIfAborted();
  const gapMs = 1000 / TOKENS_PER_S;
  // Streams are to be out of step, as they are in life.
  const server = await startServerThread({ seed: 1, ttftMs: { kind: 'uniform', min: gapMs, max: 3 * gapMs }, gapMs });
  const levels: LevelCheck[] = [];
  let calibration: LoadResult['calibration'] | undefined;
  try {
    for (const [i, level] of (options.levels ?? SELFCHECK_LEVELS).entries()) {
      if (levels.some((before) => before.level.kind === level.kind && atItsLimit(before))) continue;
      options.onLevel?.(level);
      const result = await runLoad({ baseUrl: server.url, model: 'test', load: levelLoad(level, 1 + i), calibration, signal });
      signal?.throwIfAborted();
      ({ calibration } = result);
      levels.push(await checkOf(level, result, server));
    }
  } finally {
    await server.close();
  }
  return { tokensPerS: TOKENS_PER_S, levels, eventsPerSPerWorker: capacityOf(levels) };
}

async function checkOf(level: SelfcheckLevel, result: LoadResult, server: ServerThread): Promise<LevelCheck> {
  const { summary, records } = result;
  const { client, counts } = summary;
  const measured = records.filter((record) => record.phase === 'measured');
  const check = {
    level,
    workers: client?.workers ?? 1,
    counts,
    eventsPerS: summary.scalars.output_throughput ?? 0,
    eluMax: client?.eluMax ?? 0,
    cpuCores: client?.cpuCores ?? 0,
    rateReached: achievedRate(summary.load, measured),
    scheduleLagP99Ms: client?.scheduleLagP99Ms ?? null,
    error: clientError(result, await server.truth()),
  };
  return { ...check, doubts: doubts(check) };
}
