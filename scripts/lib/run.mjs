import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { ROOT, pinnedPnpm } from './workspace.mjs';

/** Exit code of a program that a signal ended, as shells count it. */
export const codeOfSignal = (signal) => 128 + (constants.signals[signal] ?? 0);

/**
 * Runs a program and resolves with its exit code; never rejects for a non-zero one.
 *
 * A Ctrl-C reaches the whole foreground process group, so the child of a terminal has it already and gets nothing from us;
 * without a terminal it is passed on, once, however often the programs above us repeat it. Either way we outlive the child.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, stdio?: import('node:child_process').StdioOptions, timeoutMs?: number }} [options]
 * @returns {Promise<{ code: number, interrupted: boolean, stdout: string, stderr: string }>} output is empty where stdio is inherited
 */
export function run(program, args, { cwd = ROOT, env = {}, stdio = 'inherit', timeoutMs } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio });
    const output = { stdout: '', stderr: '' };
    let interrupted = false;
    for (const name of ['stdout', 'stderr']) child[name]?.setEncoding('utf8').on('data', (text) => (output[name] += text));

    const onInterrupt = () => {
      if (!interrupted && !process.stdin.isTTY) child.kill('SIGINT');
      interrupted = true;
    };
    const onTerminate = () => child.kill('SIGTERM');
    process.on('SIGINT', onInterrupt);
    process.on('SIGTERM', onTerminate);
    const timer = timeoutMs ? setTimeout(() => child.kill('SIGKILL'), timeoutMs) : undefined;
    const settle = (action) => {
      clearTimeout(timer);
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
      action();
    };
    child.on('error', (error) => settle(() => reject(new Error(`cannot run ${program}: ${error.message}`, { cause: error }))));
    child.on('close', (code, signal) => settle(() => resolve({ code: code ?? codeOfSignal(signal), interrupted, ...output })));
  });
}

/** Runs a program for its output: resolves with stdout, rejects with everything it said when it fails. */
export async function capture(program, args, options = {}) {
  const { code, stdout, stderr } = await run(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`.trim());
  return stdout;
}

/** The arguments with which `npx` runs the pinned pnpm: nothing but npm needs to be on the machine. */
export const pnpmArgs = (...args) => ['--yes', pinnedPnpm(), ...args];

/** turbo through pnpm, which is how turbo finds pnpm on a machine without it. */
export const turboArgs = (...args) => pnpmArgs('exec', 'turbo', 'run', ...args, '--ui=stream', '--no-update-notifier');

/** Environment of every turbo call. */
export const QUIET_ENV = { TURBO_TELEMETRY_DISABLED: '1', npm_config_update_notifier: 'false' };

/** A step's headline. */
export const say = (text) => console.log(`\n▶ ${text}`);

/** `1 min 5 s`, `12.3 s` */
export const seconds = (ms) =>
  ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
