import { formatDuration, type Io, parseDuration } from '@bench/core';
import { localHost } from '@bench/host';
import { renderCommandTemplate, type Task } from '@bench/recipe';

export interface AggregateResult {
  /** Exit code; null: ended by a signal or its time-out. */
  code: number | null;
  durationS: number;
  /** Capped, the middle cut out; known secrets masked. */
  stdout: string;
  stderr: string;
  /** Why it failed; null: it did not. */
  failure: string | null;
}

/**
 * Runs a recipe's `aggregate` on this machine, once all its variants are done; null for a recipe without one. `cwd` is where bench runs,
 * `$run_dir` the run directory. Its time-out ends it and everything it started.
 * @throws BenchError `BENCH_TEMPLATE` for a name other than `$run_dir`.
 */
export async function runAggregate(options: {
  task: Task;
  runDir: string;
  cwd: string;
  io: Io;
  signal: AbortSignal;
}): Promise<AggregateResult | null> {
  const { aggregate } = options.task.resolved;
  if (!aggregate) return null;
  const script = renderCommandTemplate(aggregate.run, { run_dir: options.runDir });
  const timeoutMs = parseDuration(aggregate.timeout);
  const result = await localHost().exec({ argv: ['sh', '-c', script] }, { cwd: options.cwd, timeoutMs, signal: options.signal });
  const stderr = options.io.redact(result.stderr);
  const last = stderr.trim().split('\n').at(-1) ?? '';
  const failure = result.timedOut
    ? `aggregate did not end within ${formatDuration(timeoutMs)} and was ended`
    : result.code === 0
      ? null
      : `aggregate ${result.code === null ? 'was ended by a signal' : `ended with code ${result.code}`}${last === '' ? '' : `: ${last.slice(0, 300)}`}`;
  return {
    code: result.timedOut ? null : result.code,
    durationS: result.durationMs / 1000,
    stdout: options.io.redact(result.stdout),
    stderr,
    failure,
  };
}
