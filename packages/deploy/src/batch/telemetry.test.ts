import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseTelemetry, type TelemetrySample } from '@bench/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JOB_SAMPLES } from './scripts/telemetry.ts';
import { batchNode, type BatchNode, closeBatchNodes } from './testing/batch-node.ts';

let bin: string;
beforeEach(async () => {
  bin = await mkdtemp(join(tmpdir(), 'bench-smi-'));
});
afterEach(async () => {
  await closeBatchNodes();
  await rm(bin, { recursive: true, force: true });
});

async function program(name: string, text: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`);
  await chmod(join(bin, name), 0o755);
}
const PATH = () => `${bin}:${process.env.PATH}`;
const yaml = (more = 'deploy: {gpu: NVIDIA A100 80GB}\n') =>
  `model: {huggingface: org/m}\nengine: {llm: {noded: {}}}\nslurm: {runtime: none}\n${more}`;

/** As nvidia-smi answers, with one that says nothing of power. */
const NVIDIA = String.raw`
echo "$*" >> "$0.calls"
printf '0, 37, 1024, 81920, 71.25, 31\n1, [N/A], 3, 81920, [Not Supported], [Unknown Error]\n'`;

async function samples(node: BatchNode, count: number): Promise<TelemetrySample[]> {
  const read = async () => parseTelemetry(await node.read('telemetry.jsonl').catch(() => ''));
  await expect.poll(async () => (await read()).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(count);
  return read();
}

describe('the job of a service', () => {
  it('writes down by itself how its GPUs and its engine are, until the engine ends', async () => {
    await program('nvidia-smi', NVIDIA);
    const node = await batchNode(yaml(), { env: { PATH: PATH() } });
    const job = node.service({ CUDA_VISIBLE_DEVICES: '0,1' });
    await node.until('service.ready', job);
    const [first, second] = await samples(node, 2);
    expect(first?.gpus).toEqual([
      { index: 0, utilizationPercent: 37, memoryUsedMiB: 1024, memoryTotalMiB: 81_920, powerW: 71.25, temperatureC: 31 },
      { index: 1, utilizationPercent: null, memoryUsedMiB: 3, memoryTotalMiB: 81_920, powerW: null, temperatureC: null },
    ]);
    expect(second?.processes?.count).toBe(1);
    // Node itself takes more.
    expect(second?.processes?.rssBytes).toBeGreaterThan(20_000_000);
    expect(second?.processes?.cpuS).toBeGreaterThan(0);
    expect((second?.atMs ?? 0) > (first?.atMs ?? 0)).toBe(true);
    job.signal('SIGTERM');
    expect(await job.ended).toBe(130);
    const after = (await node.read('telemetry.jsonl')).length;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect((await node.read('telemetry.jsonl')).length).toBe(after);
  });

  it.each([
    ['no tool is there', null, { CUDA_VISIBLE_DEVICES: '0' }, null],
    [
      'its tool has failed',
      'echo "NVIDIA-SMI has failed because it could not talk to the driver"; exit 9',
      { CUDA_VISIBLE_DEVICES: '0' },
      null,
    ],
    ['it was given none', NVIDIA, { CUDA_VISIBLE_DEVICES: '' }, []],
  ])('says nothing of GPUs where %s', async (_case, tool, env, gpus) => {
    await program('nvidia-smi', tool ?? 'exit 127');
    const node = await batchNode(yaml(), { env: { PATH: PATH() } });
    const job = node.service(env);
    await node.until('service.ready', job);
    expect((await samples(node, 1))[0]?.gpus).toEqual(gpus);
    job.signal('SIGTERM');
    await job.ended;
  });

  it('that asked for no GPUs tells of none, although its node has some', async () => {
    await program('nvidia-smi', NVIDIA);
    const node = await batchNode(yaml(''), { env: { PATH: PATH() } });
    const job = node.service();
    await node.until('service.ready', job);
    expect((await samples(node, 1))[0]?.gpus).toEqual([]);
    job.signal('SIGTERM');
    await job.ended;
  });

  it('is not held up by a tool that hangs', async () => {
    await program('nvidia-smi', 'exec sleep 60');
    const node = await batchNode(yaml(), { env: { PATH: PATH() } });
    const job = node.service({ CUDA_VISIBLE_DEVICES: '0' });
    await node.until('service.ready', job);
    await node.write('state/stop', '{"atMs":1,"reason":"done"}\n');
    expect(await job.ended).toBe(0);
  });
});

describe('a look at a job from outside', () => {
  const look = async (pidFile: string, env: Record<string, string>) => {
    const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', JOB_SAMPLES, 'bench', pidFile], {
      env: { PATH: PATH(), ...env },
    });
    return parseTelemetry(stdout);
  };

  it('sees the engine’s processes, and the GPUs of the job alone', async () => {
    await program('nvidia-smi', NVIDIA);
    const node = await batchNode(yaml(), { env: { PATH: PATH() } });
    const job = node.service({ CUDA_VISIBLE_DEVICES: '2,3' });
    const { jobId } = await node.until('service.running', job);
    await node.until('service.ready', job);
    const pidFile = join(node.plan.record.folder, 'engine.pid');
    const seen = await look(pidFile, { SLURM_JOB_ID: jobId, CUDA_VISIBLE_DEVICES: '2,3' });
    expect(seen.map(({ gpus, processes }) => [gpus?.length, processes?.count])).toEqual([
      [2, 1],
      [2, 1],
    ]);
    const calls = await promisify(execFile)('cat', [join(bin, 'nvidia-smi.calls')]);
    expect([
      ...new Set(
        calls.stdout
          .trim()
          .split('\n')
          .map((line) => line.split(' --')[0]),
      ),
    ]).toEqual(['-i 2,3']);
    // What was left by another job may be anybody's process by now.
    const other = await look(pidFile, { SLURM_JOB_ID: '1' });
    expect(other.map(({ gpus, processes }) => [gpus, processes])).toEqual([
      [null, null],
      [null, null],
    ]);
    job.signal('SIGTERM');
    await job.ended;
  });

  it('sees clocks, and what holds them back, by the name that the driver has for it', async () => {
    await program(
      'nvidia-smi',
      String.raw`
case "$*" in *clocks_event_reasons*) echo 'Field "clocks_event_reasons.active" is not a valid field to query.'; exit 2 ;; esac
printf '0, 37, 1024, 81920, 71.25, 31, 1980, 2619, 0x0000000000000024\n1, 0, 3, 81920, 70.00, 30, [N/A], 2619, [N/A]\n'`,
    );
    const [seen] = await look('/nowhere', { CUDA_VISIBLE_DEVICES: '0,1' });
    expect(seen?.gpus?.map(({ smClockMhz, memoryClockMhz, clockReasons }) => [smClockMhz, memoryClockMhz, clockReasons])).toEqual([
      [1980, 2619, '0x0000000000000024'],
      [null, 2619, null],
    ]);
  });

  it('sees the rest where the driver knows nothing of clocks', async () => {
    await program('nvidia-smi', `case "$*" in *clocks*) exit 2 ;; esac\n${NVIDIA}`);
    const [seen] = await look('/nowhere', { CUDA_VISIBLE_DEVICES: '0' });
    expect(seen?.gpus?.[0]).toEqual({
      index: 0,
      utilizationPercent: 37,
      memoryUsedMiB: 1024,
      memoryTotalMiB: 81_920,
      powerW: 71.25,
      temperatureC: 31,
    });
  });

  it('asks rocm-smi where there is no nvidia-smi that answers, whatever the order of its columns', async () => {
    await program('nvidia-smi', 'exit 9');
    await program(
      'rocm-smi',
      String.raw`printf '\ndevice,Temperature (Sensor junction) (C),Temperature (Sensor memory) (C),Current Socket Graphics Package Power (W),GPU use (%%),VRAM Total Memory (B),VRAM Total Used Memory (B)\ncard0,41.0,39.0,N/A,12,206141652992,298352640\n'; echo "$*" >&2`,
    );
    const [seen] = await look('/nowhere', { ROCR_VISIBLE_DEVICES: '0' });
    expect(seen?.gpus).toEqual([
      { index: 0, utilizationPercent: 12, memoryUsedMiB: 285, memoryTotalMiB: 196_592, powerW: null, temperatureC: 41 },
    ]);
  });
});
