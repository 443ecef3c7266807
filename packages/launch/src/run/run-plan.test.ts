import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import { afterAll, describe, expect, it } from 'vitest';
import type { LaunchPlan } from '../types.ts';
import { runPlan, type RunPlanOptions } from './run-plan.ts';
import { testPlan } from './test-plan.ts';

const dir = mkdtempSync(join(tmpdir(), 'bench-run-plan-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const sh = (script: string, ...args: string[]) => testPlan(['sh', '-c', script, 'sh', ...args]);

async function run(plan: LaunchPlan, options: Partial<RunPlanOptions> = {}) {
  const shown = { stdout: '', stderr: '' };
  const decoder = new TextDecoder();
  const outcome = await runPlan(plan, {
    io: createIo(),
    signal: new AbortController().signal,
    show: (stream, chunk) => {
      shown[stream] += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    },
    ...options,
  });
  return { ...outcome, ...shown };
}

const pidIn = (file: string) => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);
const running = (pid: number) => existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

describe('runPlan', () => {
  it.each([
    [0, 'exit 0'],
    [3, 'exit 3'],
    [127, 'no-such-program-anywhere'],
    [143, 'kill -TERM $$'],
    [137, 'kill -KILL $$'],
  ])('gives the exit code %i of %s', async (code, script) => {
    expect(await run(sh(script))).toMatchObject({ code, end: code > 128 ? 'signal' : 'exited' });
  });

  it('keeps the streams apart for people and together in the log, to the byte', async () => {
    const logFile = join(dir, 'a', 'b', 'raw.log');
    const result = await run(sh(String.raw`printf 'one\r2%%'; sleep 0.2; echo two >&2; sleep 0.2; printf '\377\n'`), { logFile });
    expect(result.stdout).toBe('one\r2%\uFFFD\n');
    expect(result.stderr).toBe('two\n');
    expect(readFileSync(logFile)).toEqual(Buffer.from('one\r2%two\n\xFF\n', 'latin1'));
    expect(statSync(logFile).mode & 0o777).toBe(0o600);
  });

  it('hands lines on that are not UTF-8', async () => {
    const lines: string[] = [];
    await run(sh(String.raw`printf 'caf\351 latin1\nnext\n'`), { onLine: ({ text }) => lines.push(text) });
    expect(lines).toEqual(['caf\uFFFD latin1', 'next']);
  });

  it('prefixes lines by rank when the launcher labels them', async () => {
    const plan = { ...sh(String.raw`printf '1: b\n0: a\nfrom the launcher\n0: no end'`), labelled: true };
    const readLabel = (line: string) => {
      const [, rank, text] = /^(\d+): (.*)$/.exec(line) ?? [];
      return text === undefined ? null : { rank: Number(rank), text };
    };
    const ranks: (number | null)[] = [];
    const result = await run(plan, { readLabel, onLine: ({ rank }) => ranks.push(rank) });
    expect(result.stdout).toBe('[1] b\n[0] a\nfrom the launcher\n[0] no end\n');
    expect(ranks).toEqual([1, 0, null, 0]);
  });

  it('hides what a filter means, counts it, and never hides an error', async () => {
    const logFile = join(dir, 'filtered.log');
    const noise = [
      'using cuda device 0',
      'cuda',
      "AttributeError: 'NoneType' object has no attribute 'cuda'",
      'noise 12',
      'noise 13',
      'noise error',
    ];
    const result = await run(sh('printf "%s\\n" "$@"', ...noise), {
      logFile,
      filters: [
        { name: 'cuda', pattern: 'cuda' },
        { name: 'errors', pattern: '.*AttributeError.*' },
        { name: 'noise', pattern: String.raw`noise .*` },
      ],
    });
    // A pattern is of the whole line: "cuda" does not swallow what speaks of CUDA.
    expect(result.stdout.split('\n')).toEqual([noise[0], noise[2], noise[5], '']);
    expect(result.hidden).toEqual({ cuda: 1, noise: 2 });
    expect(readFileSync(logFile, 'utf8')).toBe(`${noise.join('\n')}\n`);
  });

  it('ends a program that says nothing any more with 124, with all it started', async () => {
    const file = join(dir, 'silent.pid');
    const result = await run(sh('echo started; sleep 600 & echo $! >"$1"; wait', file), { silenceMs: 300, graceMs: 5000 });
    expect(result).toMatchObject({ code: 124, end: 'silence', stdout: 'started\n' });
    expect(running(pidIn(file))).toBe(false);
  });

  it('kills what does not obey TERM', async () => {
    const file = join(dir, 'deaf.pid');
    const result = await run(sh(`trap '' TERM; echo $$ >"$1"; while :; do sleep 0.05; done`, file), { silenceMs: 300, graceMs: 300 });
    expect(result).toMatchObject({ code: 124, end: 'silence' });
    expect(running(pidIn(file))).toBe(false);
  });

  it('takes no slow reader for silence', async () => {
    const slow = async () => new Promise<void>((resolve) => setTimeout(resolve, 900));
    const result = await run(sh('echo a; exit 0'), { silenceMs: 300, show: slow });
    expect(result).toMatchObject({ code: 0 });
  });

  it('is ended by the signal with 130, and sweeps', async () => {
    const file = join(dir, 'stopped.pid');
    const stop = new AbortController();
    const swept: string[] = [];
    const result = run(sh('echo $$ >"$1"; sleep 600', file), {
      signal: stop.signal,
      sweep: (end) => {
        swept.push(end);
        return Promise.resolve(['node7: cannot tell']);
      },
    });
    await expect.poll(() => pidIn(file)).toBeGreaterThan(1);
    stop.abort();
    expect(await result).toMatchObject({ code: 130, end: 'interrupted', left: ['node7: cannot tell'] });
    expect(swept).toEqual(['interrupted']);
    expect(running(pidIn(file))).toBe(false);
  });

  it('does not start what was stopped before', async () => {
    const file = join(dir, 'never');
    expect(await run(sh('echo >"$1"', file), { signal: AbortSignal.abort() })).toMatchObject({ code: 130, end: 'interrupted' });
    expect(existsSync(file)).toBe(false);
  });

  it('sweeps after a failure and not after success', async () => {
    const swept: string[] = [];
    const sweep = (end: string) => {
      swept.push(end);
      return Promise.resolve([]);
    };
    await run(sh('exit 0'), { sweep });
    await run(sh('exit 9'), { sweep });
    expect(swept).toEqual(['exited']);
  });

  it('does not wait for ever for pipes that an escaped process holds', async () => {
    const file = join(dir, 'escaped.pid');
    const result = await run(sh('setsid sleep 600 & echo $! >"$1"; wait', file), { silenceMs: 200, graceMs: 200 });
    const pid = pidIn(file);
    expect(result).toMatchObject({ code: 124 });
    expect(running(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });

  it('writes the files of the plan before, and removes them with their folder after', async () => {
    const folder = join(dir, 'plan');
    const path = join(folder, 'hosts');
    const plan = { ...sh('cat "$1"; stat -c %a "$1"', path), files: [{ path, content: 'gpu0\n', mode: 0o600 }] };
    expect((await run(plan)).stdout).toBe('gpu0\n600\n');
    expect(existsSync(folder)).toBe(false);
  });

  it('adds the environment of the plan to that of this process', async () => {
    const plan = { ...sh('echo "$HELLO ${PATH:+path}"'), env: { HELLO: "it's $HOME" } };
    expect((await run(plan)).stdout).toBe("it's $HOME path\n");
  });

  it('says which launcher is missing', async () => {
    await expect(run(testPlan(['no-such-launcher']))).rejects.toMatchObject({ code: 'BENCH_COMMAND_NOT_FOUND' });
  });

  it('ends the program when nobody can be shown what it says', async () => {
    const file = join(dir, 'unread.pid');
    const show = () => Promise.reject(new Error('EPIPE'));
    await expect(run(sh('echo $$ >"$1"; while :; do echo x; sleep 0.05; done', file), { show })).rejects.toThrow('EPIPE');
    expect(running(pidIn(file))).toBe(false);
  });
});
