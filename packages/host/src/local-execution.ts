import { BenchError, type Command, type ExecOptions } from '@bench/core';
import { execa } from 'execa';
import { spawnOf } from './command-line.ts';
import { noCommand } from './host-errors.ts';
import { endGroup, groupAlive } from './process-group.ts';
import type { Running } from './running.ts';

export interface SpawnOptions extends Pick<ExecOptions, 'cwd' | 'env'> {
  /** What a command without input of its own reads: nothing (default), or what this process reads; never a terminal, which stops readers of other groups. */
  stdin?: 'ignore' | 'inherit';
}

/** A spawned command in a process group of its own, so that everything it started can be ended with it. Its output is bytes, and must be read. */
export function spawnLocal(command: Command, options: SpawnOptions): Running {
  const { file, args, input } = spawnOf(command);
  const child = execa(file, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(input === undefined ? { stdin: options.stdin ?? ('ignore' as const) } : { input }),
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
  return { stdout: child.stdout, stderr: child.stderr, exit, end };
}

function spawnError(file: string, cwd: string | undefined, cause: { code?: string; originalMessage?: string }): BenchError {
  if (cause.code === 'ENOENT') return noCommand(file, cwd, cause);
  const where = cwd === undefined ? '' : ` in ${cwd}`;
  return new BenchError({
    code: 'BENCH_COMMAND_FAILED',
    message: `cannot run "${file}"${where}: ${cause.originalMessage ?? cause.code ?? 'unknown reason'}`,
    cause,
  });
}
