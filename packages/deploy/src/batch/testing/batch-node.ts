import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type BatchState, type BatchStateName, parseBatchState } from '@bench/core';
import { quote } from '@bench/host';
import { BUILTIN_ENGINES, expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import { planBatch } from '../plan-batch.ts';
import type { BatchJob, BatchPlan, BatchPlanOptions, BatchTiming } from '../types.ts';
import { nodeEngine } from './node-engine.ts';

export const API_KEY = 'sk-bench-0123456789abcdef';
const ENGINES = [...BUILTIN_ENGINES, nodeEngine];

/** Short enough for tests, long enough for a machine that is busy. */
const TIMING: Partial<BatchTiming> = { telemetryS: 1, graceS: 2, readyS: 60, serviceS: 60, reachS: 20, staleLockS: 60, pullS: 60 };

/** A job that soon takes the holder of a lock for dead. Only where that holder stands still or is gone: others may be as slow. */
export const hasty = (job: BatchJob): BatchJob => ({ ...job, script: job.script.replace('\nlock_stale_s=60\n', '\nlock_stale_s=3\n') });

export function taskOf(yaml: string, name = 'r'): Task {
  return expandRecipe(parseRecipe(yaml, { file: `/${name}`, dir: tmpdir(), name }, { engines: ENGINES }))[0] as Task;
}

export function planFor(task: Task, options: Partial<BatchPlanOptions> & { remoteDir: string }): BatchPlan {
  const { remoteDir, timing, ...rest } = options;
  return planBatch(task, {
    place: { remoteDir, runId: 'r123', deploymentId: 'd1' },
    deploymentDir: '/runs/r123/deployments/d1',
    engines: ENGINES,
    loadClient: { node: process.execPath, file: '/nowhere/bench-loadgen.mjs' },
    apiKey: API_KEY,
    resolve: (env) =>
      Object.fromEntries(
        Object.entries(env).map(([key, value]) => [key, typeof value === 'string' ? value : `secret of ${value.from_env}`]),
      ),
    timing: { ...TIMING, ...timing },
    ...rest,
  });
}

export interface RunningJob {
  child: ChildProcess;
  /** Standard output and error so far. */
  output(): string;
  ended: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
}

export interface BatchNode {
  remoteDir: string;
  plan: BatchPlan;
  /** Starts a job as Slurm does: the script on its own, in a folder that is none of its. */
  start(job: BatchJob, env?: Record<string, string>): RunningJob;
  service(env?: Record<string, string>): RunningJob;
  client(index: number, env?: Record<string, string>): RunningJob;
  state<Name extends BatchStateName>(name: Name): Promise<BatchState<Name> | null>;
  /** Waits for a file of state. */
  until<Name extends BatchStateName>(name: Name, job?: RunningJob): Promise<BatchState<Name>>;
  read(path: string): Promise<string>;
  write(path: string, content: string): Promise<void>;
  /** Files of the node's own disk that hold a text. */
  holding(text: string): Promise<string[]>;
}

const cleanups: (() => Promise<unknown>)[] = [];
/** Ends what tests left running, and removes their folders. */
export async function closeBatchNodes(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
}

let jobs = 4000;

/** A node of a cluster, on this machine: the files of a deployment in a temporary folder, and its jobs as processes. */
export async function batchNode(
  yaml: string,
  options: Partial<BatchPlanOptions> & { folder?: string; env?: Record<string, string>; onPlan?(plan: BatchPlan): void } = {},
): Promise<BatchNode> {
  const base = await mkdtemp(join(tmpdir(), 'bench-batch-'));
  const remoteDir = join(base, options.folder ?? 'bench-runs');
  const { folder: _folder, env: common, ...planning } = options;
  const plan = planFor(taskOf(yaml), { remoteDir, ...planning });
  await layDown(plan);
  const scratch = join(base, 'node-tmp');
  await mkdir(scratch, { recursive: true });
  // A login shell begins with a PATH of its own.
  if (common?.PATH !== undefined) await writeFile(join(base, '.bash_profile'), `PATH=${quote(common.PATH)}\n`);
  const running = new Set<ChildProcess>();
  cleanups.push(async () => {
    for (const child of running) {
      child.kill('SIGTERM');
      // One that a test has stopped hears of nothing else.
      child.kill('SIGCONT');
    }
    await Promise.all(
      [...running].map(
        (child) =>
          new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.once('close', resolve) : resolve(null))),
      ),
    );
    await rm(base, { recursive: true, force: true });
  });
  const root = plan.record.folder;
  const node: BatchNode = {
    remoteDir,
    plan,
    start(job, env = {}) {
      jobs += 1;
      const spooled = join(scratch, `job${jobs}`);
      writeFileSync(spooled, job.script, { mode: 0o700 });
      const child = spawn(spooled, [], {
        cwd: '/',
        env: {
          PATH: process.env.PATH,
          HOME: base,
          TMPDIR: scratch,
          SLURM_JOB_ID: String(jobs),
          SLURMD_NODENAME: 'gpu0',
          ...common,
          ...env,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      running.add(child);
      child.once('close', () => running.delete(child));
      let text = '';
      child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
      child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
      const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
      return { child, output: () => text, ended, signal: (name) => void child.kill(name) };
    },
    service: (env) => node.start(plan.jobs[0] as BatchJob, env),
    client: (index, env) => node.start(plan.jobs.find((job) => job.role === 'client' && job.index === index) as BatchJob, env),
    async state(name) {
      const text = await readFile(join(root, 'state', name), 'utf8').catch(() => null);
      return text === null ? null : parseBatchState(name, text);
    },
    async until(name, job) {
      for (let i = 0; i < 1200; i += 1) {
        const state = await node.state(name);
        if (state !== null) return state;
        if (job?.child.exitCode != null) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const there = await readdir(join(root, 'state'));
      throw new Error(
        `no ${name}; there are ${there.join(', ')}\n${await readFile(join(root, 'state/service.exit'), 'utf8').catch(() => '')}\n${job?.output() ?? ''}`,
      );
    },
    read: (path) => readFile(join(root, path), 'utf8'),
    write: (path, content) => writeFile(join(root, path), content),
    async holding(text) {
      const files = await readdir(scratch, { recursive: true, withFileTypes: true });
      const paths = files.filter((file) => file.isFile()).map(({ parentPath, name }) => join(parentPath, name));
      const contents = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
      return paths.filter((_, i) => contents[i]?.includes(text));
    },
  };
  return node;
}

/** Writes what a plan has to where it says, which is on this machine. */
export async function layDown(plan: BatchPlan): Promise<void> {
  for (const folder of plan.folders) await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const { path, content, mode } of plan.files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content, { mode });
    await chmod(path, mode);
  }
}
