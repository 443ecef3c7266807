import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createIo } from '@bench/core';
import { startSlurm, type SlurmCluster } from '@bench/test-machines';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import {
  detectAllocation,
  launchContext,
  planLaunch,
  readLabel,
  realSystem,
  runPlan,
  type LaunchPlan,
  type LaunchRequest,
} from '../index.ts';
import { NASTY, printRank, printWords, runPlanned, wordsPrinted } from '../testing/run-plan.ts';

const missing = [part('slurm'), part('netns'), part('sshd')].find(({ present }) => !present);

describe.skipIf(missing)(`srun of a real Slurm${missing ? ` (${missing.skipped})` : ''}`, () => {
  let cluster: SlurmCluster;
  let jobs = 0;
  beforeAll(async () => {
    cluster = await startSlurm({ nodes: 4, gpusPerNode: 2, cpuNodes: 0 });
  });
  afterAll(() => cluster?.close());
  afterEach(() => cluster.run(['scancel', '--user=root']));

  /** Begins a job and gives the environment that its script has. */
  const job = (...options: string[]) => jobRunning((script) => script, options);

  /** Begins a job; `of` makes its script from what writes the environment down and waits. */
  async function jobRunning(of: (script: string) => string, options: string[]): Promise<Record<string, string>> {
    const file = join(cluster.shared, `environment-${jobs++}`);
    const script = `#!/bin/sh\n${of(`env -0 > ${file}.part && mv ${file}.part ${file}; exec sleep 600`)}\n`;
    await cluster.run(['sbatch', '--output=/dev/null', ...options], { stdin: script });
    for (let i = 0; i < 600 && !existsSync(file); i++) await sleep(50);
    const entries = readFileSync(file, 'utf8').split('\0').filter(Boolean);
    const all = Object.fromEntries(entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]));
    return { ...all, ...cluster.env };
  }

  function planned(env: Record<string, string>, asked: LaunchRequest): LaunchPlan {
    const system = { ...realSystem(env), hostname: env.SLURMD_NODENAME ?? 'gpu0' };
    const allocation = detectAllocation(system, { hostfile: asked.hostfile });
    return planLaunch(
      asked,
      allocation,
      launchContext(system, { id: 'launch1', folder: join(cluster.shared, 'launch1'), request: asked, allocation }),
    );
  }

  function launch(env: Record<string, string>, asked: LaunchRequest) {
    const plan = planned(env, asked);
    return { plan, result: runPlanned(plan, { env, cwd: cluster.shared }) };
  }

  it('gives every rank its place, and all of them the GPUs of their node', async () => {
    const env = await job('--nodes=2', '--gres=gpu:2');
    const command = ['sh', '-c', `${printRank[2]?.replace(/\)"$/, ') $CUDA_VISIBLE_DEVICES"')}`];
    const { plan, result } = launch(env, { command });
    expect(plan.allocation).toMatchObject({ scheduler: 'slurm', jobId: env.SLURM_JOB_ID, nodes: ['gpu0', 'gpu1'], gpusPerNode: 2 });
    expect(plan.topology).toEqual({ nodes: 2, ranksPerNode: 2, ranks: 4 });
    // Names of nodes need not be known to anybody but Slurm.
    expect(plan.master.address).toBe(cluster.node('gpu0').address);
    expect(result, result.stderr).toMatchObject({ status: 0 });
    expect(result.lines).toEqual(
      [0, 1, 2, 3].map((rank) => {
        const node = Math.floor(rank / 2);
        return `${rank} ${rank % 2} 4 2 ${node} ${plan.master.address}:${plan.master.port} launch1 gpu${node} 0,1`;
      }),
    );
  });

  it.each([
    ['GPUs per node with a type', ['--nodes=2', '--gpus-per-node=a100:2'], 2],
    ['GPUs in all', ['--nodes=2', '--gpus=4'], 2],
    ['tasks per node', ['--nodes=2', '--ntasks-per-node=3'], 3],
    ['tasks with CPUs', ['--nodes=2', '--ntasks-per-node=2', '--cpus-per-task=2', '--gres=gpu:1'], 2],
    ['nothing', ['--nodes=2'], 1],
    ['a GPU per task', ['--nodes=2', '--ntasks-per-node=2', '--gpus-per-task=1'], 2],
    ['GPUs that are not the same everywhere', ['--nodes=2', '--ntasks=2', '--gpus=3', '--cpus-per-task=2'], 2],
    ['no environment', ['--nodes=2', '--export=NONE', '--gres=gpu:2'], 2],
  ])('starts in a job that was asked for %s', async (_name, options, ranksPerNode) => {
    const { plan, result } = launch(await job(...options), { command: ['sh', '-c', 'echo "$RANK $(hostname) $BENCH_LAUNCH_ID"'] });
    expect(plan.topology.ranksPerNode).toBe(ranksPerNode);
    expect(result, result.stderr).toMatchObject({ status: 0 });
    const { ranks } = plan.topology;
    const expected = Array.from({ length: ranks }, (_, rank) => `${rank} gpu${Math.floor(rank / ranksPerNode)} launch1`);
    expect(result.lines).toEqual(expected);
  });

  it('uses the nodes that are chosen, in a job with more', async () => {
    const env = await job('--nodes=4');
    const hosts = (asked: Partial<LaunchRequest>) => {
      const { plan, result } = launch(env, { command: ['sh', '-c', 'echo "$RANK $NODE_RANK $(hostname)"'], ...asked });
      expect(result, result.stderr).toMatchObject({ status: 0 });
      expect(plan.master.address).toBe(cluster.node(plan.nodes[0] ?? '').address);
      return result.lines;
    };
    expect(hosts({ nodeNames: ['gpu1', 'gpu3'] })).toEqual(['0 0 gpu1', '1 1 gpu3']);
    // Another order than Slurm's.
    expect(hosts({ nodeNames: ['gpu3', 'gpu0'], ranksPerNode: 2 })).toEqual(['0 0 gpu3', '1 0 gpu3', '2 1 gpu0', '3 1 gpu0']);
    const hostfile = join(cluster.shared, 'hosts');
    writeFileSync(hostfile, 'gpu2\ngpu1\n');
    expect(hosts({ hostfile })).toEqual(['0 0 gpu2', '1 1 gpu1']);
  });

  it('keeps words, labels lines, and keeps values out of arguments', async () => {
    const env = await job('--nodes=2');
    expect(launch(env, { command: printWords(NASTY), nodes: 1 }).result.stdout).toBe(wordsPrinted(NASTY));
    const { plan, result } = launch(env, { command: ['sh', '-c', 'echo "$SECRET $RANK"'], label: true, env: { SECRET: 'a secret' } });
    expect(result.lines.map((line) => readLabel(plan.launcher, line))).toEqual([0, 1].map((rank) => ({ rank, text: `a secret ${rank}` })));
    expect(plan.argv.join(' ')).not.toContain('a secret');
  });

  it.each([
    ['exit 42', 42],
    ['kill -9 $$', 137],
  ])('ends when one rank fails, as it did: %s', async (end, code) => {
    const env = await job('--nodes=2');
    const plan = planned(env, { command: ['sh', '-c', `if [ "$RANK" = 1 ]; then ${end}; fi; exec sleep 600`] });
    const io = createIo();
    expect(await runPlan({ ...plan, env: { ...env, ...plan.env } }, { io, signal: io.signal })).toMatchObject({ code, end: 'exited' });
  });

  it('starts from within a step that holds all CPUs and GPUs', async () => {
    const env = await jobRunning((script) => `srun sh -c '${script}'`, ['--nodes=1', '--ntasks=1', '--cpus-per-task=2', '--gres=gpu:2']);
    const { plan, result } = launch(env, { command: ['sh', '-c', 'echo "$RANK $CUDA_VISIBLE_DEVICES"'], ranks: 2 });
    expect(plan.allocation.insideStep).toBe(true);
    expect(result, result.stderr).toMatchObject({ status: 0, lines: ['0 0,1', '1 0,1'] });
  });

  it.skipIf(!part('openmpi').present)('gives way to Open MPI when it is asked for', () => givesWay('mpirun.openmpi'));
  it.skipIf(!part('mpich').present)('gives way to MPICH when it is asked for', () => givesWay('mpiexec.hydra'));

  async function givesWay(launcher: string): Promise<void> {
    const env = await job('--nodes=2', '--ntasks-per-node=2');
    const { plan, result } = launch(env, { command: printRank, launcher });
    expect(result, result.stderr).toMatchObject({ status: 0 });
    expect(result.lines).toEqual(
      [0, 1, 2, 3].map((rank) => {
        const node = Math.floor(rank / 2);
        return `${rank} ${rank % 2} 4 2 ${node} ${plan.master.address}:${plan.master.port} launch1 gpu${node}`;
      }),
    );
  }

  it('finds the job of a shell that came to its node by SSH, and starts in it', async () => {
    const { SLURM_JOB_ID: id } = await job('--nodes=2', '--nodelist=gpu[1-2]');
    const outside = { PATH: process.env.PATH ?? '', ...cluster.env };
    const find = (hostname: string) => detectAllocation({ ...realSystem(outside), hostname });
    expect(find('gpu2')).toMatchObject({ jobId: id, nodes: ['gpu1', 'gpu2'], source: { jobId: 'squeue', nodes: 'scontrol show job' } });
    expect(find('gpu3').jobId).toBeNull();
    const { result } = launch({ ...outside, SLURMD_NODENAME: 'gpu2' }, { command: ['sh', '-c', 'echo "$RANK $SLURM_JOB_ID $(hostname)"'] });
    expect(result, result.stderr).toMatchObject({ status: 0, lines: [`0 ${id} gpu1`, `1 ${id} gpu2`] });
  });
});
