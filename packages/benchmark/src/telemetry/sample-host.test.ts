import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Host, processAlive } from '@bench/core';
import { connect } from '@bench/host';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hostClock } from './clock-offset.ts';
import { readHostSample, sampleHost } from './sample-host.ts';

let bin: string;
let host: Host;
beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), 'bench-sampler-'));
  host = await connect('local');
});
afterEach(async () => {
  await host.close();
  await rm(bin, { recursive: true, force: true });
});

async function program(name: string, text: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`);
  await chmod(join(bin, name), 0o755);
}

/** The host, with these programs before its own. */
const withPrograms = (path = `${bin}:${process.env.PATH}`): Host =>
  Object.assign(Object.create(host) as Host, {
    stream: ((command, options) => host.stream(command, { ...options, env: { PATH: path } })) satisfies Host['stream'],
  });

const NVIDIA = String.raw`echo $PPID > "$0.pid"
echo "$*" >> "$0.calls"
printf '1, 37, 1024, 81920, 71.25, 31, 1980, 2619, 0x0000000000000004\n'`;

it('samples the GPUs that it was given, and the CPU, until it is stopped, and leaves no process', async () => {
  await program('nvidia-smi', NVIDIA);
  const ends: string[] = [];
  const sampler = sampleHost({ host: withPrograms(), gpuIds: ['1'], intervalMs: 50, onEnd: (reason) => ends.push(reason) });
  await expect.poll(() => sampler.samples.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(3);
  const pid = Number(await readFile(join(bin, 'nvidia-smi.pid'), 'utf8'));
  await sampler.stop();
  const { length } = sampler.samples;
  const [first, second] = sampler.samples;
  expect(first?.gpus).toEqual([
    {
      index: 1,
      utilizationPercent: 37,
      memoryUsedMiB: 1024,
      memoryTotalMiB: 81_920,
      powerW: 71.25,
      temperatureC: 31,
      smClockMhz: 1980,
      memoryClockMhz: 2619,
      clockReasons: '0x0000000000000004',
    },
  ]);
  expect(await readFile(join(bin, 'nvidia-smi.calls'), 'utf8')).toMatch(/^-i 1 --query-gpu=/);
  expect(first?.toMs).toBeGreaterThanOrEqual(first?.fromMs ?? Infinity);
  expect(second?.cpu?.totalS).toBeGreaterThanOrEqual(first?.cpu?.totalS ?? Infinity);
  expect(first?.cpu?.totalS).toBeGreaterThan(first?.cpu?.busyS ?? Infinity);
  await expect.poll(() => processAlive(pid), { timeout: 10_000 }).toBe(false);
  expect(sampler.samples).toHaveLength(length);
  expect(ends).toEqual([]);
});

it('of a machine without GPUs tells the CPU', async () => {
  await program('nvidia-smi', 'echo asked > "$0.calls"');
  const sampler = sampleHost({ host: withPrograms(), gpuIds: [], intervalMs: 50, onEnd: () => undefined });
  await expect.poll(() => sampler.samples.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
  await sampler.stop();
  expect(sampler.samples[0]).toMatchObject({ gpus: [], cpu: { busyS: expect.any(Number) } });
  await expect(readFile(join(bin, 'nvidia-smi.calls'))).rejects.toThrow('ENOENT');
});

it('says once why it cannot be', async () => {
  await program('bash', 'echo "no such shell here" >&2; exit 3');
  const ends: string[] = [];
  const sampler = sampleHost({ host: withPrograms(), gpuIds: [], intervalMs: 50, onEnd: (reason) => ends.push(reason) });
  await expect.poll(() => ends, { timeout: 30_000 }).toEqual(['no such shell here']);
  await sampler.stop();
  expect(ends).toHaveLength(1);
  expect(sampler.samples).toEqual([]);
});

it('passes over what is no sample', () => {
  expect(readHostSample('Last login: today')).toBeNull();
  expect(readHostSample('{"fromMs":17N,"toMs":1,"gpus":null,"cpu":null}')).toBeNull();
  expect(readHostSample('{"fromMs":1,"toMs":2,"gpus":null,"cpu":null}')).toEqual({ fromMs: 1, toMs: 2, gpus: null, cpu: null });
});

it('a host’s clock is known as far as its answer was quick, or not at all', async () => {
  const answering = (stdout: string): Host => Object.assign(Object.create(host) as Host, { exec: () => Promise.resolve({ stdout }) });
  const signal = new AbortController().signal;
  expect((await hostClock(host, signal))?.uncertaintyMs).toBeGreaterThan(0);
  const far = await hostClock(answering('1000000000000\n'), signal);
  expect(far?.offsetMs).toBeLessThan(-1e11);
  expect(await hostClock(answering('1800000000N\n'), signal)).toBeNull();
  const away = Object.assign(Object.create(host) as Host, { exec: () => Promise.reject(new Error('away')) });
  expect(await hostClock(away, signal)).toBeNull();
});
