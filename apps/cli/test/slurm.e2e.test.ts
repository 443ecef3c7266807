import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readRun } from '@bench/results';
import { type SlurmCluster, startSlurm } from '@bench/test-machines';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { bench, folder, REPOSITORY, show, start } from './cli.ts';

const missing = [part('slurm'), part('netns'), part('sshd')].find(({ present }) => !present);

describe.skipIf(missing !== undefined)(`a cluster${missing === undefined ? '' : ` (${missing.skipped})`}`, () => {
  let cluster: SlurmCluster;
  let root: string;
  let env: Record<string, string>;
  let site: string[];
  beforeAll(async () => {
    cluster = await startSlurm({ accounting: true, share: [REPOSITORY] });
    root = await folder();
    const settings = join(root, 'bench.config.yaml');
    await writeFile(settings, 'providers: {slurm: {poll_interval_s: 1, prices_usd_per_gpu_hour: {gpu: 2}}}\n');
    env = { XDG_STATE_HOME: join(root, 'state') };
    site = ['--on', `slurm:${cluster.login.target}`, '--ssh-key', cluster.login.identityFile, '--config', settings];
  }, 120_000);
  afterEach(async () => {
    const queue = (await cluster.run(['squeue', '--noheader'])).stdout;
    const folders = (await cluster.runAsUser(['sh', '-c', 'ls ~/bench | grep -v cache || true'])).stdout;
    if (queue !== '' || folders !== '') throw new Error(`left behind: ${queue}${folders}`);
  });
  afterAll(async () => {
    await cluster?.close();
    if (root) await rm(root, { recursive: true, force: true });
  });
  const config = () => site.slice(-2);

  /** The embedded engine, which each node finds in a folder that all share, and three load clients. */
  async function recipe(
    name: string,
    o: { requests?: number; outputLen?: number; clients?: number; slurm?: string } = {},
  ): Promise<string> {
    const programs = join(cluster.shared, 'bin');
    await mkdir(programs, { recursive: true });
    const engine = join(REPOSITORY, 'packages/embedded-engine/dist/bin.js');
    await writeFile(join(programs, 'bench-embedded-engine'), `#!/bin/sh\nexec '${process.execPath}' '${engine}' "$@"\n`);
    await chmod(join(programs, 'bench-embedded-engine'), 0o755);
    const dir = join(root, name);
    await mkdir(dir, { recursive: true });
    await writeFile(
      join(dir, 'recipe.yaml'),
      `model: {random: tiny}
engine: {llm: {context_length: 512, max_concurrent_requests: 4, embedded: {}}}
benchmark: {random_input_len: 48, random_output_len: ${o.outputLen ?? 12}, num_prompts: ${o.requests ?? 12}, warmup: 3, sweep: {max_concurrency: [3, 6]}}
slurm:
  runtime: none
  time: 10m
  ${o.slurm ?? 'gres: "gpu:a100:1"'}
  prelude: ['export PATH=${programs}:$PATH']
  clients: {count: ${o.clients ?? 3}, partition: cpu}
`,
    );
    return dir;
  }
  const only = async (out: string) => {
    const [id] = await readdir(out);
    return { id: id as string, view: await readRun(join(out, id as string)) };
  };

  it('runs an engine and three clients to a report', async () => {
    const out = join(root, 'runs', 'plain');
    const finished = await bench(['run', await recipe('plain'), ...site, '--out', out], { env });
    expect(finished.code, show(finished)).toBe(0);
    const { id, view } = await only(out);
    expect(view.problems).toEqual([]);
    expect(view.tasks[0]?.points.map(({ result }) => [result?.counts.ok, result?.loadClients?.length])).toEqual([
      [12, 3],
      [12, 3],
    ]);
    expect(await readdir(join(out, id))).toEqual(expect.arrayContaining(['report.html', 'report.xlsx']));
    const status = await bench(['status', id, '--out', out], { env });
    expect(status.stdout).toMatch(/service\s+COMPLETED/);
    expect(status.stdout).toMatch(/client 2\s+COMPLETED/);
    const summary = JSON.parse((await bench(['status', id, '--out', out, '--json'], { env })).stdout) as {
      jobs: { ended: { usage: object } }[];
      metrics: unknown[];
    };
    const usage = { elapsedS: expect.any(Number) as number, exitCode: 0, nodes: expect.stringMatching(/^[cg]pu\d$/) as string };
    expect(summary.jobs.map(({ ended }) => ended.usage)).toMatchObject([usage, usage, usage, usage]);
    expect(summary.metrics).toEqual([]);
    const logs = await bench(['logs', id, '--out', out, ...config()], { env });
    expect(logs.code, show(logs)).toBe(0);
    expect(logs.stdout).not.toBe('');
  }, 300_000);

  it('leaves a run to its queue, where status, collect, attach and watch of other processes take it up', async () => {
    const out = join(root, 'runs', 'left');
    const left = await bench(['run', await recipe('left', { clients: 1 }), ...site, '--out', out, '--detach'], { env });
    expect(left.code, show(left)).toBe(0);
    const { id, view } = await only(out);
    expect(left.stdout).toContain(`bench watch ${id}`);
    expect(view.status).toBe('running');
    const gc = await bench(['gc', ...config()], { env });
    expect(gc.stdout, show(gc)).toContain('in use, and left alone');
    const status = await bench(['status', id, '--out', out], { env });
    expect(status.stdout).toContain('left to the queue');
    const logs = await bench(['logs', id, '--out', out, ...config()], { env });
    expect(logs.code, show(logs)).toBe(0);
    const collected = await bench(['collect', id, '--out', out, ...config()], { env });
    expect(collected.code, show(collected)).toBe(0);
    const there = join(root, 'there');
    const attached = await bench(['attach', id, ...site, '--out', there], { env: { XDG_STATE_HOME: join(root, 'other') } });
    expect(attached.code, show(attached)).toBe(0);
    const watched = await bench(['watch', id, '--out', out, ...config()], { env });
    expect(watched.code, show(watched)).toBe(0);
    const after = await only(out);
    expect(after.view.status).toBe('done');
    expect(after.view.tasks[0]?.points.map(({ result }) => result?.counts.ok)).toEqual([12, 12]);
  }, 300_000);

  it('is cleared by Ctrl-C', async () => {
    const out = join(root, 'runs', 'stopped');
    const running = start(['run', await recipe('stopped', { requests: 400, outputLen: 64 }), ...site, '--out', out], { env });
    await running.saw(/is up and answers/);
    const { id } = await only(out);
    const status = await bench(['status', id, '--out', out, ...config()], { env });
    expect(status.stdout, show(status)).toMatch(/^NOW\s+CPUS.*\n.*\d+\s+\d+\.\d busy.*\s+0 %\s+0\.0 of 80\.0 GiB\s+70 W\s+30 °C$/m);
    running.child.kill('SIGINT');
    const finished = await running.finished;
    expect(finished.code, show(finished)).toBe(130);
    const ledger = await bench(['ledger'], { env });
    expect(ledger.stdout).not.toContain('slurm');
  }, 300_000);

  it('refuses what it does not have before anything is submitted', async () => {
    const dir = await recipe('refused', { slurm: 'partition: gpuu' });
    const finished = await bench(['run', dir, ...site, '--out', join(root, 'refused-runs')], { env });
    expect(finished.code, show(finished)).toBe(3);
    expect(finished.stderr).toContain('there is no partition "gpuu"');
    const dry = await bench(['run', dir, '--on', 'slurm:nobody@nowhere.invalid', '--dry-run'], { env });
    expect(dry.code, show(dry)).toBe(0);
    expect(dry.stdout).toContain('sbatch');
    expect(dry.stdout).toContain('--partition=gpuu');
  }, 120_000);
});
