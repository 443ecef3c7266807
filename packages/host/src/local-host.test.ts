import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchError, processAlive } from '@bench/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { freePort, localHost, parseSystemInfo, systemInfo } from './index.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bench-host-'));
});
const host = () => localHost({ stateDir: join(dir, 'state') });
const untilGone = (pid: number) => expect.poll(() => processAlive(pid), { timeout: 4000, interval: 20 }).toBe(false);

describe('exec', () => {
  it('passes arguments as data, whatever is in them', async () => {
    const nasty = ['a b', '$(id)', '"', "'", '\n', '; rm -rf /', '`x`', '*', '\\', '-n'];
    const result = await host().exec({ argv: ['printf', '%s\\0', ...nasty] });
    expect(result.stdout.split('\0').slice(0, -1)).toEqual(nasty);
    expect(result.code).toBe(0);
  });

  it('runs a script from stdin with arguments', async () => {
    const result = await host().exec({ script: 'printf "%s|" "$@"; exit 3', args: ['one two', '$x'] });
    expect(result).toMatchObject({ code: 3, stdout: 'one two|$x|', signal: null, timedOut: false });
  });

  it('says which command does not exist', async () => {
    const error = await host()
      .exec({ argv: ['no-such-command-here'] })
      .catch((e: unknown) => e);
    expect(BenchError.is(error)).toBe(true);
    expect((error as BenchError).code).toBe('BENCH_COMMAND_NOT_FOUND');
    expect((error as BenchError).message).toContain('no-such-command-here');
  });

  it('cuts the middle out of long output and keeps both ends', async () => {
    const result = await host().exec({ argv: ['seq', '1', '100000'] }, { maxOutputBytes: 200 });
    expect(result.stdout.startsWith('1\n2\n')).toBe(true);
    expect(result.stdout.trimEnd().endsWith('100000')).toBe(true);
    expect(result.stdout).toMatch(/\d+ bytes cut out/);
    expect(result.stdout.length).toBeLessThan(300);
  });

  it('ends the whole process group on time-out', async () => {
    const pidFile = join(dir, 'grandchild');
    const result = await host().exec({ script: 'sleep 60 & echo $! >"$1"; wait', args: [pidFile] }, { timeoutMs: 300 });
    expect(result.timedOut).toBe(true);
    const grandchild = Number(await readFile(pidFile, 'utf8'));
    await untilGone(grandchild);
  });

  it('ends the command when aborted, and rejects with the reason', async () => {
    const controller = new AbortController();
    const pending = host().exec({ argv: ['sleep', '60'] }, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 50);
    await expect(pending).rejects.toThrow('enough');
  });
});

describe('stream', () => {
  it('gives lines of both streams as they come, then the exit', async () => {
    const execution = host().stream({ script: 'echo out; echo err >&2; printf last; exit 4' });
    const lines: string[] = [];
    for await (const line of execution.lines()) lines.push(`${line.stream}:${line.text}`);
    expect(lines.sort()).toEqual(['stderr:err', 'stdout:last', 'stdout:out']);
    expect(await execution.exit).toEqual({ code: 4, signal: null });
  });
});

describe('start', () => {
  it('is found again by id, with its log and exit code', async () => {
    const h = host();
    await h.start({ script: 'echo hello; sleep 0.2; echo bye >&2; exit 7' }, { id: 'job-1' });
    const again = await localHost({ stateDir: join(dir, 'state') }).attach('job-1');
    if (!again) throw new Error('not found');
    expect(await again.status()).toEqual({ running: true });
    for (let i = 0; i < 200 && (await again.status()).running; i++) await delay(20);
    expect(await again.status()).toEqual({ running: false, code: 7 });
    expect((await again.readLog()).text).toBe('hello\nbye\n');
    expect((await again.readLog(6)).text).toBe('bye\n');
    expect(await h.attach('never')).toBeNull();
    await expect(h.start({ argv: ['true'] }, { id: 'job-1' })).rejects.toThrow(/already started/);
    await expect(h.start({ argv: ['true'] }, { id: '../up' })).rejects.toThrow(/cannot be a process id/);
  });

  it('stops with everything it started', async () => {
    const process_ = await host().start({ script: 'sleep 60 & echo $!; wait' }, { id: 'job-2' });
    let text = '';
    for (let i = 0; i < 100 && text === ''; i++) {
      await delay(20);
      text = (await process_.readLog()).text;
    }
    await process_.stop({ graceMs: 500 });
    await untilGone(Number(text));
    expect((await process_.status()).running).toBe(false);
  });
});

describe('files', () => {
  it('copies folders whole and replaces what was there', async () => {
    const h = host();
    await h.write(join(dir, 'a', 'x', 'one.txt'), '1', 0o600);
    await h.put(join(dir, 'a'), join(dir, 'b'));
    await writeFile(join(dir, 'b', 'stale.txt'), 'stale');
    await h.put(join(dir, 'a'), join(dir, 'b'));
    expect(await readFile(join(dir, 'b', 'x', 'one.txt'), 'utf8')).toBe('1');
    await expect(readFile(join(dir, 'b', 'stale.txt'))).rejects.toThrow(/ENOENT/);
  });
});

describe('system information', () => {
  it('describes this machine', async () => {
    const info = await systemInfo(host());
    expect(info.cpu?.logicalCores).toBeGreaterThan(0);
    expect(info.nodeVersion).toBe(process.versions.node);
    expect(info.kernel).toMatch(/^\w+ \d/);
  });

  it('reads GPUs and passes over a login banner', () => {
    const info = parseSystemInfo(
      'Welcome!\nnvidia_gpu\tNVIDIA H200, 143771, 570.86.15, GPU-1\nnvidia_gpu\tNVIDIA H200, [N/A], 570.86.15, GPU-2\ncuda\t12.8\ncores\t\n',
    );
    expect(info).toEqual({
      gpus: [
        { name: 'NVIDIA H200', memoryMiB: 143771, driver: '570.86.15', uuid: 'GPU-1' },
        { name: 'NVIDIA H200', driver: '570.86.15', uuid: 'GPU-2' },
      ],
      driverVersion: '570.86.15',
      cudaVersion: '12.8',
    });
  });
});

it('finds a free port', async () => {
  expect(await freePort()).toBeGreaterThan(1023);
});
