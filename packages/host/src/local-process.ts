import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, type Command, type RemoteProcess, writeAtomic } from '@bench/core';
import { execa } from 'execa';
import { spawnOf } from './command-line.ts';
import { endGroup, groupAlive } from './process-group.ts';

/** Runs its arguments, then leaves the exit code in a file. Constant text; everything of the caller's travels as arguments. */
const WRAPPER = 'dir=$1; shift; "$@" <"$dir/stdin" >"$dir/log" 2>&1; printf %s "$?" >"$dir/exit.tmp" && mv "$dir/exit.tmp" "$dir/exit"';

/**
 * Starts a command in a session of its own with log and exit-code files below `stateDir/<id>`.
 * @throws BenchError `BENCH_PROCESS_EXISTS` when `id` was used before.
 */
export async function startLocal(
  command: Command,
  options: { id: string; stateDir: string; cwd?: string; env?: Record<string, string> },
): Promise<RemoteProcess> {
  const dir = processDir(options.stateDir, options.id);
  if (await pidIn(dir)) {
    throw new BenchError({
      code: 'BENCH_PROCESS_EXISTS',
      message: `a process was already started under the id "${options.id}"`,
      hint: 'attach to it instead',
    });
  }
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const { file, args, input } = spawnOf(command);
  await writeAtomic(join(dir, 'stdin'), input ?? '', 0o600);
  const child = execa('sh', ['-c', WRAPPER, 'sh', dir, file, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    stdio: 'ignore',
    detached: true,
    cleanup: false,
    reject: false,
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.unref();
  await writeAtomic(join(dir, 'pid'), String(child.pid), 0o600);
  return handle(options.id, dir, child.pid as number);
}

export async function attachLocal(id: string, stateDir: string): Promise<RemoteProcess | null> {
  const dir = processDir(stateDir, id);
  const pid = await pidIn(dir);
  return pid === null ? null : handle(id, dir, pid);
}

function handle(id: string, dir: string, pid: number): RemoteProcess {
  return {
    id,
    pid,
    logPath: join(dir, 'log'),
    status: async () => {
      const code = await readFile(join(dir, 'exit'), 'utf8').catch(() => null);
      if (code !== null) return { running: false, code: Number(code) };
      return groupAlive(pid) ? { running: true } : { running: false, code: null };
    },
    readLog: async (offset = 0) => {
      const file = await open(join(dir, 'log'), 'r').catch(() => null);
      if (!file) return { text: '', nextOffset: offset };
      try {
        const { size } = await file.stat();
        const buffer = Buffer.alloc(Math.max(0, Math.min(size - offset, 1 << 20)));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
        return { text: buffer.subarray(0, bytesRead).toString('utf8'), nextOffset: offset + bytesRead };
      } finally {
        await file.close();
      }
    },
    stop: async (o = {}) => {
      if (groupAlive(pid)) await endGroup(pid, o.graceMs ?? 10_000);
    },
  };
}

function processDir(stateDir: string, id: string): string {
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(id) || id.startsWith('.')) {
    throw new BenchError({ code: 'BENCH_UNSAFE_NAME', message: `"${id}" cannot be a process id: letters, digits, ".", "_" and "-" only` });
  }
  return join(stateDir, id);
}

async function pidIn(dir: string): Promise<number | null> {
  const text = await readFile(join(dir, 'pid'), 'utf8').catch(() => null);
  return text === null ? null : Number(text);
}
