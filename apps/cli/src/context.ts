import { BenchError, createIo, type Io } from '@bench/core';
import { connect } from '@bench/host';
import { styles } from './ui/style.ts';

const ECHO_MS = 300;

export interface CliContext {
  io: Io;
  /** Aborted by the first Ctrl-C. */
  signal: AbortSignal;
  /** Stops listening to signals. */
  dispose(): void;
}

/** The real world for one command. The first Ctrl-C (or TERM) asks it to stop cleanly, the second ends it at once. */
export function openContext(): CliContext {
  const stop = new AbortController();
  let first: { name: NodeJS.Signals; at: number } | null = null;
  const onSignal = (name: NodeJS.Signals) => {
    // A wrapper that passes Ctrl-C on delivers it twice: the same signal at once is the same wish.
    if (first && first.name === name && performance.now() - first.at < ECHO_MS) return;
    if (first) process.exit(130);
    first = { name, at: performance.now() };
    process.stderr.write(`\n${styles(process.stderr).yellow('stopping')}: what is done is kept; again ends at once\n`);
    stop.abort(new DOMException(`interrupted by ${name}`, 'AbortError'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.on('SIGHUP', onSignal);
  const verbose = Boolean(process.env['BENCH_DEBUG']);
  const io = createIo({
    signal: stop.signal,
    connect,
    logger: {
      log: (level, message) => {
        if (level === 'warn' || level === 'error' || verbose) process.stderr.write(`${level}: ${message}\n`);
      },
    },
  });
  return {
    io,
    signal: stop.signal,
    dispose: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      process.off('SIGHUP', onSignal);
    },
  };
}

/** Runs a command with a context and gives it back afterwards. */
export async function withContext<T>(action: (context: CliContext) => Promise<T>): Promise<T> {
  const context = openContext();
  try {
    return await action(context);
  } catch (error) {
    // What goes wrong because everything was told to stop is the stop, not a fault.
    if (context.signal.aborted && !BenchError.is(error)) throw new DOMException('interrupted', 'AbortError');
    throw redacted(error, context.io.redact);
  } finally {
    context.dispose();
  }
}

/** The same error with its texts masked; what is not a BenchError is ours to find, and stays. */
function redacted(error: unknown, redact: (text: string) => string): unknown {
  if (!BenchError.is(error)) return error;
  const hint = error.hint === undefined ? undefined : redact(error.hint);
  return new BenchError({
    code: error.code,
    message: redact(error.message),
    hint,
    retryable: error.retryable,
    exitCode: error.exitCode,
    cause: error,
  });
}
