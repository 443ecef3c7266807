import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { BenchError, type Command, type ExecOptions, type Execution, type OutputLine } from '@bench/core';
import { execa } from 'execa';
import { spawnOf } from './command-line.ts';
import { endGroup, groupAlive } from './process-group.ts';

/** A spawned command in a process group of its own, so that everything it started can be ended with it. */
export function spawnLocal(command: Command, options: ExecOptions) {
  const { file, args, input } = spawnOf(command);
  const child = execa(file, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    detached: true,
    buffer: false,
    reject: false,
  });
  const exit = child.then((result) => {
    if (result.failed && result.exitCode === undefined && result.signal === undefined) throw spawnError(file, options.cwd, result);
    return { code: result.exitCode ?? null, signal: result.signal ?? null };
  });
  exit.catch(() => undefined);
  const end = async (graceMs: number) => {
    if (child.pid !== undefined && groupAlive(child.pid)) await endGroup(child.pid, graceMs);
  };
  return { child, exit, end };
}

/** Runs a command whose lines are read while it runs. */
export function streamLocal(command: Command, options: ExecOptions): Execution {
  const { child, exit, end } = spawnLocal(command, options);
  const queue = new PassThrough({ objectMode: true, highWaterMark: 10_000 });
  let open = 2;
  for (const stream of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[stream], crlfDelay: Number.POSITIVE_INFINITY })
      .on('line', (text) => queue.write({ stream, text } satisfies OutputLine))
      .on('close', () => {
        open -= 1;
        if (open === 0) queue.end();
      });
  }
  const stop = () => void end(1000);
  options.signal?.addEventListener('abort', stop, { once: true });
  if (options.signal?.aborted) stop();
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(stop, options.timeoutMs);
  const clear = () => {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stop);
  };
  exit.then(clear, clear);
  return { lines: () => queue as AsyncIterable<OutputLine>, kill: (o = {}) => end(o.graceMs ?? 5000), exit };
}

function spawnError(file: string, cwd: string | undefined, cause: { code?: string; originalMessage?: string }): BenchError {
  const where = cwd === undefined ? '' : ` in ${cwd}`;
  if (cause.code === 'ENOENT') {
    return new BenchError({ code: 'BENCH_COMMAND_NOT_FOUND', message: `cannot run "${file}"${where}: no such command or folder`, cause });
  }
  return new BenchError({
    code: 'BENCH_COMMAND_FAILED',
    message: `cannot run "${file}"${where}: ${cause.originalMessage ?? cause.code ?? 'unknown reason'}`,
    cause,
  });
}
