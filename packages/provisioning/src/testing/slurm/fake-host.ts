import { BenchError, EXIT, type Command, type ExecOptions, type ExecResult, type Host } from '@bench/core';
import { readLoginCommand } from '../../slurm/login-shell.ts';
import type { SlurmFaults } from './faults.ts';
import type { SlurmFaultHow } from './options.ts';
import { failed, type ToolResult } from './sbatch.ts';
import { TOOLS } from './tools.ts';
import type { SlurmWorld } from './world.ts';

const BANNER = '*** Welcome to alpha ***\nYour quota: 12% used. Next maintenance: 2026-12-01\n';
const DELAY_MS = 2;

/** What is wrong with every fifth command under some misbehaviours. */
const STEADY: Readonly<Record<string, SlurmFaultHow>> = { 'socket-timeouts': 'socket-timeout-after', unreachable: 'unreachable' };

const timeoutOf = (tool: string): string =>
  tool === 'sbatch'
    ? 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation'
    : 'slurm_load_jobs error: Socket timed out on send/recv operation';
const unreachableOf = (tool: string): string =>
  tool === 'sbatch'
    ? 'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)'
    : 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)';

/** The login host: what the provider runs on it is answered in this process; whatever else goes to `rest`, when there is one. */
export function fakeLoginHost(o: { world: SlurmWorld; faults: SlurmFaults; commands: string[]; rest: Host | null }): Host {
  const { world, faults, commands, rest } = o;
  let n = 0;

  const exec = async (command: Command, options: ExecOptions = {}): Promise<ExecResult> => {
    const call = readLoginCommand(command);
    if (call === null) {
      if (rest !== null) return rest.exec(command, options);
      throw new Error('the fake login host runs what the provider sends, and nothing else; give it a host for the rest');
    }
    options.signal?.throwIfAborted();
    if (world.tricks.has('slow')) await new Promise((resolve) => setTimeout(resolve, DELAY_MS));
    const [tool, ...args] = call.argv;
    commands.push(call.argv.join(' '));
    n += 1;
    const how = faults.strike(call.argv.join(' ')) ?? steady(n);
    const before = beforeActing(how, tool);
    const act = (): ToolResult => {
      const run = Object.hasOwn(TOOLS, tool) ? TOOLS[tool] : undefined;
      const folder = call.folder.replace(/^~/, `/home/${world.user}`) || `/home/${world.user}`;
      return run === undefined ? { code: 127, stdout: '', stderr: '' } : run(world, { args, stdin: call.stdin, folder });
    };
    const result = before ?? afterActing(how, tool, act());
    if (how === 'endless') await forever(options.signal);
    return framed(result, call.mark, how === 'cut');
  };

  const steady = (count: number): SlurmFaultHow | null => {
    if (count % 5 !== 0) return null;
    for (const trick of world.tricks) if (STEADY[trick] !== undefined) return STEADY[trick] ?? null;
    return null;
  };

  /** As the login shell hands it on. */
  const framed = (result: ToolResult, mark: string, cut: boolean): ExecResult => {
    const noise = world.tricks.has('banner') ? BANNER : '';
    const frame = (text: string): string => {
      const whole = `${noise}\n${mark}\n${text}\n${mark} ${result.code}\n${noise === '' ? '' : 'Goodbye.\n'}`;
      return cut ? `${noise}\n${mark}\n${text.slice(0, text.length / 2)}` : whole;
    };
    return { code: 0, signal: null, stdout: frame(result.stdout), stderr: frame(result.stderr), durationMs: 1, timedOut: false };
  };

  const no = (): Promise<never> => Promise.reject(new Error('the fake login host has no files; give it a host for the rest'));
  return {
    name: 'login1',
    kind: 'ssh',
    exec,
    stream: (command, options) => {
      if (rest !== null) return rest.stream(command, options);
      throw new Error('the fake login host streams nothing');
    },
    start: (command, options) => (rest === null ? no() : rest.start(command, options)),
    attach: (id) => (rest === null ? Promise.resolve(null) : rest.attach(id)),
    write: (path, content, mode) => (rest === null ? no() : rest.write(path, content, mode)),
    put: (local, remote, options) => (rest === null ? no() : rest.put(local, remote, options)),
    get: (remote, local, options) => (rest === null ? no() : rest.get(remote, local, options)),
    tunnel: (to) => (rest === null ? no() : rest.tunnel(to)),
    close: () => Promise.resolve(),
  };
}

function beforeActing(how: SlurmFaultHow | null, tool: string): ToolResult | null {
  if (how === null) return null;
  if (typeof how === 'object') return failed(how.code, how.stderr);
  switch (how) {
    case 'refused':
      throw unreachable('REFUSED', 'cannot connect to login1: connection refused');
    case 'denied':
      throw new BenchError({
        code: 'BENCH_SSH_AUTH',
        message: 'login1 does not accept any of your keys',
        hint: 'see that "ssh login1" works',
        exitCode: EXIT.provider,
      });
    case 'lost-before':
      throw lost();
    case 'unreachable':
      return failed(1, unreachableOf(tool));
    case 'socket-timeout-before':
      return failed(1, timeoutOf(tool));
    default:
      return null;
  }
}

function afterActing(how: SlurmFaultHow | null, tool: string, result: ToolResult): ToolResult {
  if (how === 'lost-after') throw lost();
  return how === 'socket-timeout-after' ? failed(1, timeoutOf(tool)) : result;
}

const lost = (): BenchError => unreachable('LOST', 'the connection to login1 was lost');

/** As the real host tells it. */
const unreachable = (how: 'REFUSED' | 'LOST', message: string): BenchError =>
  new BenchError({ code: `BENCH_SSH_${how}`, message, retryable: true, exitCode: EXIT.missingPart });

async function forever(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
