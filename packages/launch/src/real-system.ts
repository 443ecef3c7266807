import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import type { System } from './types.ts';

/** A controller that does not answer holds its clients for minutes. */
const TIMEOUT_MS = 20_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** This machine. `env` is the caller's, for nothing here reads it by itself. Queries are short and wait for their answers. */
export function realSystem(env: Readonly<Record<string, string | undefined>>): System {
  return {
    env,
    hostname: hostname(),
    user: userName(env),
    uid: process.getuid?.() ?? null,
    files: (path) => {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        return null;
      }
    },
    exec: ([program, ...args]) => {
      const { status, stdout, stderr, error } = spawnSync(program, args, {
        encoding: 'utf8',
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: TIMEOUT_MS,
        killSignal: 'SIGKILL',
        maxBuffer: MAX_OUTPUT_BYTES,
      });
      const code = error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES') ? 127 : (status ?? 124);
      return { code, stdout: stdout ?? '', stderr: stderr ?? '' };
    },
    pause: (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms),
  };
}

/** Containers may run as a user without a name. */
function userName(env: Readonly<Record<string, string | undefined>>): string {
  try {
    return userInfo().username;
  } catch {
    return env.USER ?? String(process.getuid?.() ?? '');
  }
}
