import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface RunOptions {
  /** Bytes for its stdin, or a file that is read there. Default: nothing. */
  stdin?: string | Uint8Array | { file: string };
  /** Milliseconds, then it is killed. Default 30 000. */
  timeoutMs?: number;
  env?: Record<string, string>;
  signal?: AbortSignal | undefined;
  /** Reject when the exit code is not 0. Default true. */
  check?: boolean;
}

export interface RunResult {
  /** Null: ended by a signal. */
  code: number | null;
  stdout: string;
  stderr: string;
}

const OUTPUT_AFTER_EXIT_MS = 500;

/**
 * Runs a program to its end.
 * @throws Error with what it said, when `check` is on and it failed; when it took too long or could not be started
 */
export async function run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  const { stdin, timeoutMs = 30_000, env, signal, check = true } = options;
  const input = typeof stdin === 'object' && 'file' in stdin ? openSync(stdin.file, 'r') : undefined;
  try {
    const [program, ...args] = argv;
    const child = spawn(program, args, {
      stdio: [input ?? (stdin === undefined ? 'ignore' : 'pipe'), 'pipe', 'pipe'],
      ...(env ? { env } : {}),
      ...(signal ? { signal } : {}),
      killSignal: 'SIGKILL',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    if (child.stdin && stdin !== undefined && !(typeof stdin === 'object' && 'file' in stdin)) {
      child.stdin.on('error', () => {}); // it may end without reading
      child.stdin.end(stdin);
    }
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
      // Something that it left in the background may hold its output open.
      child.once('exit', (value) => setTimeout(() => resolve(value), OUTPUT_AFTER_EXIT_MS).unref());
    }).finally(() => clearTimeout(timer));
    child.stdout?.destroy();
    child.stderr?.destroy();
    const result = { code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
    if (late) throw new Error(`${argv.join(' ')}: not done after ${timeoutMs} ms\n${result.stdout}${result.stderr}`);
    if (check && code !== 0) throw new Error(`${argv.join(' ')}: exit code ${code}\n${result.stdout}${result.stderr}`.trim());
    return result;
  } finally {
    if (input !== undefined) closeSync(input);
  }
}

/** Asks again and again until `done` says yes. @throws Error naming `what`, with what `why` tells, after `timeoutMs` */
export async function until(
  what: string,
  done: () => boolean | Promise<boolean>,
  options: { timeoutMs?: number; everyMs?: number; why?: () => string; signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const { timeoutMs = 10_000, everyMs = 5, why, signal } = options;
  const deadline = performance.now() + timeoutMs;
  while (!(await done())) {
    signal?.throwIfAborted();
    if (performance.now() > deadline) throw new Error(`${what}: not after ${timeoutMs} ms\n${why?.() ?? ''}`.trim());
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
