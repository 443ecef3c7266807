import { createInterface } from 'node:readline';
import { PassThrough, type Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecOptions, ExecResult, Execution, OutputLine } from '@bench/core';
import { performance } from 'node:perf_hooks';
import { CappedOutput } from './capped-output.ts';
import { cutLines } from './cut-lines.ts';

/** A command under way, here or on a far machine. */
export interface Running {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** When it and its output are over. Rejects when it could not run or nothing can be known of it any more. */
  readonly exit: Promise<{ code: number | null; signal: string | null }>;
  /** TERM to its process group, KILL to what is left after `graceMs`. */
  end(graceMs: number): Promise<void>;
}

/** What {@link collect} gives: an {@link ExecResult} whose output is still bytes. */
export type RawResult = Omit<ExecResult, 'stdout' | 'stderr'> & { stdout: CappedOutput; stderr: CappedOutput };

/** After time-out or abort: TERM, so long until KILL. */
const GRACE_MS = 1000;
/** How long an end that was made sure of may take to be seen. */
const SEEN_MS = 3000;

/** A longer line is given in pieces: one without an end would be kept until there is no memory left. */
const MAX_LINE_BYTES = 1 << 20;

/** Runs a command to its end and keeps its output, within the limits of `options`. */
export async function collect(open: (signal: AbortSignal) => Promise<Running>, options: ExecOptions): Promise<RawResult> {
  const { signal, timeoutMs, maxOutputBytes = 1 << 20 } = options;
  signal?.throwIfAborted();
  const started = performance.now();
  const stdout = new CappedOutput(maxOutputBytes);
  const stderr = new CappedOutput(maxOutputBytes);
  const stop = new AbortController();
  let timedOut = false;
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          stop.abort();
        }, timeoutMs);
  const abort = () => stop.abort();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    const { code, signal: by } = await runToEnd(open, stop.signal, { stdout, stderr });
    signal?.throwIfAborted();
    return { code, signal: by, stdout, stderr, durationMs: performance.now() - started, timedOut };
  } catch (error) {
    signal?.throwIfAborted();
    if (!timedOut) throw error;
    return { code: null, signal: 'SIGKILL', stdout, stderr, durationMs: performance.now() - started, timedOut };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

async function runToEnd(
  open: (signal: AbortSignal) => Promise<Running>,
  stop: AbortSignal,
  output: { stdout: CappedOutput; stderr: CappedOutput },
): ReturnType<() => Running['exit']> {
  const running = await open(stop);
  running.stdout.on('data', (chunk: Buffer) => output.stdout.push(chunk));
  running.stderr.on('data', (chunk: Buffer) => output.stderr.push(chunk));
  const stopped = new Promise<Awaited<Running['exit']>>((resolve) => {
    const end = () => {
      const late = () => delay(SEEN_MS, undefined, { ref: false }).then(() => resolve({ code: null, signal: 'SIGKILL' }));
      running.end(GRACE_MS).then(late, late);
    };
    if (stop.aborted) end();
    else stop.addEventListener('abort', end, { once: true });
  });
  return Promise.race([running.exit, stopped]);
}

/** Runs a command whose lines are read while it runs. Lines are cut at 1 MiB. */
export function streamLines(open: (signal: AbortSignal) => Promise<Running>, options: ExecOptions): Execution {
  const queue = new PassThrough({ objectMode: true, highWaterMark: 10_000 });
  const opening = new AbortController();
  const running = (async () => {
    options.signal?.throwIfAborted();
    return open(opening.signal);
  })();
  const stop = () => {
    opening.abort(options.signal?.reason);
    running.then((r) => r.end(GRACE_MS)).catch(() => undefined);
  };
  const exit = running.then((r) => {
    let left = 2;
    for (const stream of ['stdout', 'stderr'] as const) {
      createInterface({ input: r[stream].pipe(cutLines(MAX_LINE_BYTES)), crlfDelay: Number.POSITIVE_INFINITY })
        .on('line', (text) => queue.write({ stream, text } satisfies OutputLine))
        .on('close', () => {
          left -= 1;
          if (left === 0) queue.end();
        });
    }
    return r.exit;
  });
  options.signal?.addEventListener('abort', stop, { once: true });
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(stop, options.timeoutMs);
  const clear = () => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stop);
  };
  exit.then(clear, () => {
    clear();
    queue.end();
  });
  return {
    lines: () => queue as AsyncIterable<OutputLine>,
    kill: async (o = {}) => (await running).end(o.graceMs ?? 5000),
    exit,
  };
}
