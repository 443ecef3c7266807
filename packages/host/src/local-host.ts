import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { homedir, hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { type Command, type ExecOptions, type ExecResult, type Host, writeAtomic } from '@bench/core';
import { CappedOutput } from './capped-output.ts';
import { attachLocal, startLocal } from './local-process.ts';
import { spawnLocal, streamLocal } from './local-execution.ts';

export interface LocalHostOptions {
  /** Where `start` keeps logs and exit codes. Default `~/.local/state/bench/processes`. */
  stateDir?: string;
}

/** This machine as a {@link Host}. Relative paths are below the working folder. */
export function localHost(options: LocalHostOptions = {}): Host {
  const stateDir = options.stateDir ?? join(homedir(), '.local', 'state', 'bench', 'processes');
  return {
    name: hostname(),
    kind: 'local',
    exec: execLocal,
    stream: (command, o = {}) => streamLocal(command, o),
    start: (command, { id, cwd, env, signal }) => {
      signal?.throwIfAborted();
      return startLocal(command, { id, stateDir, ...(cwd === undefined ? {} : { cwd }), ...(env === undefined ? {} : { env }) });
    },
    attach: (id) => attachLocal(id, stateDir),
    write: (path, content, mode) => writeAtomic(path, content, mode),
    put: copyWhole,
    get: copyWhole,
    tunnel: (to) => Promise.resolve({ address: to.host ?? '127.0.0.1', port: to.port, close: () => Promise.resolve() }),
    close: () => Promise.resolve(),
  };
}

async function execLocal(command: Command, options: ExecOptions = {}): Promise<ExecResult> {
  options.signal?.throwIfAborted();
  const started = performance.now();
  const { child, exit, end } = spawnLocal(command, options);
  const cap = options.maxOutputBytes ?? 1 << 20;
  const stdout = new CappedOutput(cap);
  const stderr = new CappedOutput(cap);
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  let timedOut = false;
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          void end(1000);
        }, options.timeoutMs);
  const abort = () => void end(1000);
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    const { code, signal } = await exit;
    options.signal?.throwIfAborted();
    return { code, signal, stdout: stdout.toString(), stderr: stderr.toString(), durationMs: performance.now() - started, timedOut };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
  }
}

/** Copies a file or folder so that the destination is either the old or the whole new one. */
async function copyWhole(from: string, to: string): Promise<void> {
  const target = resolve(to);
  const temporary = `${target}.${process.pid}.tmp`;
  await mkdir(dirname(target), { recursive: true });
  await rm(temporary, { recursive: true, force: true });
  try {
    await cp(resolve(from), temporary, { recursive: true });
    await rm(target, { recursive: true, force: true });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}
