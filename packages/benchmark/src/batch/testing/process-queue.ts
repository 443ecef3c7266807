import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchError } from '@bench/core';
import { localHost } from '@bench/host';
import type { Offer } from '@bench/provisioning';
import type { BatchQueue, JobOrder, JobRef, JobView } from '../batch-queue.ts';
import type { BatchSite } from '../batch-site.ts';
import { jobOffer } from '../offers.ts';

interface Job {
  ref: JobRef;
  order: JobOrder;
  state: 'pending' | 'running' | 'ended';
  process: ChildProcess | null;
  code: number | null;
  word: string;
  holder: string;
}

/** A queue of a test: its jobs are real processes of this machine, started as their turn comes. */
export interface ProcessQueue {
  readonly site: BatchSite;
  /** All that were submitted, in order. */
  readonly jobs: readonly Job[];
  /** Names of those that are not over. */
  alive(): string[];
  /** How many jobs of services may run at once. Default: any number. */
  room: number;
  /** Jobs for which there never is room. Default: none. */
  stuck: (order: JobOrder) => boolean;
  /** Asked before each submission; what it throws is the queue's refusal. */
  refuse: (order: JobOrder) => void;
  /** Ends a job's processes at once, as a node that breaks down does. */
  kill(job: Job, word: string): Promise<void>;
  /** As a time limit does: first a warning, then the end. */
  expire(job: Job): Promise<void>;
  close(): Promise<void>;
}

export async function processQueue(root: string, o: { usdPerGpuHour?: number } = {}): Promise<ProcessQueue> {
  const jobs: Job[] = [];
  const host = localHost();
  const remoteDir = await mkdtemp(join(root, 'cluster '));
  const nodes = [
    {
      name: 'gpu0',
      partition: 'gpu',
      isDefault: true,
      state: 'idle',
      suffix: '',
      usable: true,
      gpus: [{ type: 'a100', count: 2 }],
      cpus: 4,
      memoryMb: 4096,
      timeLimitS: 3600,
      maxNodes: null,
      partitionUp: true,
      features: [],
    },
  ];
  const offers = o.usdPerGpuHour === undefined ? [] : [pricedOffer(o.usdPerGpuHour)];

  const start = async (job: Job) => {
    job.state = 'running';
    await mkdir(job.order.folder, { recursive: true });
    const script = join(remoteDir, `${job.ref.name}.sbatch`);
    await writeFile(script, job.order.script);
    const out = openSync(join(job.order.folder, job.order.log), 'a');
    // As --export=NONE leaves it.
    const env = {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      SLURM_JOB_ID: job.ref.id,
      SLURMD_NODENAME: 'localhost',
      SLURM_JOB_NODELIST: 'localhost',
    };
    job.process = spawn('bash', [script], { cwd: job.order.folder, env, stdio: ['ignore', out, out], detached: true });
    closeSync(out);
    job.process.once('exit', (code) => {
      job.code = code;
      job.state = 'ended';
      if (job.word === 'RUNNING') job.word = code === 0 ? 'COMPLETED' : 'FAILED';
    });
    job.word = 'RUNNING';
  };
  const schedule = async () => {
    for (const job of jobs) {
      if (job.state !== 'pending') continue;
      const before = jobs.find(({ ref }) => ref.id === job.order.after?.id);
      const waits = job.order.after?.kind === 'afterany' ? before?.state !== 'ended' : before?.state === 'pending';
      if ((before && waits) || queue.stuck(job.order)) continue;
      const services = jobs.filter(({ state, order }) => state === 'running' && order.role !== 'client').length;
      if (job.order.role !== 'client' && services >= queue.room) continue;
      await start(job);
    }
  };
  const signal = (job: Job, name: NodeJS.Signals, group = false) => {
    const pid = job.process?.pid;
    if (pid === undefined) return;
    try {
      process.kill(group ? -pid : pid, name);
    } catch {
      // It has gone.
    }
  };
  const over = async (job: Job, withinMs: number) => {
    for (let left = withinMs; left > 0 && job.state === 'running'; left -= 20) await delay(20);
    return job.state !== 'running';
  };
  const end = async (job: Job, word: string) => {
    if (job.state === 'ended') return;
    job.word = word;
    if (job.state === 'pending') job.state = 'ended';
    else {
      signal(job, 'SIGTERM');
      if (!(await over(job, 20_000))) signal(job, 'SIGKILL', true);
      await over(job, 5000);
    }
  };
  const viewOf = (job: Job): JobView => ({
    state: job.state === 'pending' ? 'pending' : job.state === 'running' ? 'running' : 'ended',
    word: job.state === 'pending' ? 'PENDING' : job.word,
    reason: job.state === 'pending' ? (job.order.after ? 'Dependency' : 'Resources') : null,
    startsAt: job.state === 'pending' ? '2030-01-01T10:30:00.000Z' : null,
    node: job.state === 'pending' ? null : 'localhost',
    exitCode: job.code,
  });
  const batchQueue = (run: { id: string }): BatchQueue => ({
    pollMs: 50,
    lateMs: 1000,
    async submit(order, { signal: stop }) {
      stop.throwIfAborted();
      queue.refuse(order);
      const ref = { name: `bench-tester-${run.id}-${jobs.length}`, id: String(100 + jobs.length) };
      jobs.push({ ref, order, state: 'pending', process: null, code: null, word: 'PENDING', holder: 'process' });
      await schedule();
      return ref;
    },
    async jobs(refs) {
      await schedule();
      return new Map(refs.map(({ name }) => [name, find(name)]));
    },
    cancel: async ({ name }) => {
      const job = jobs.find(({ ref }) => ref.name === name);
      if (job) await end(job, 'CANCELLED');
    },
    over: () => Promise.resolve(),
    usage: ({ name }) =>
      Promise.resolve({
        elapsedS: 36,
        maxRssBytes: 1024,
        exitCode: jobs.find(({ ref }) => ref.name === name)?.code ?? null,
        nodes: 'gpu0',
      }),
    hold: ({ name }) => setHolder(name, 'process'),
    leave: ({ name }, until) => setHolder(name, until.toISOString()),
    async sweep(known) {
      for (const job of jobs)
        if (job.state !== 'ended' && job.ref.name.includes(run.id) && !known.some(({ name }) => name === job.ref.name))
          await end(job, 'CANCELLED');
      return [];
    },
  });
  const find = (name: string): JobView | null => {
    const job = jobs.find(({ ref }) => ref.name === name);
    return job ? viewOf(job) : null;
  };
  const setHolder = (name: string, holder: string) => {
    const job = jobs.find(({ ref }) => ref.name === name);
    if (job) job.holder = holder;
    return Promise.resolve();
  };
  const queue: ProcessQueue = {
    jobs,
    room: Infinity,
    stuck: () => false,
    refuse: () => undefined,
    site: {
      host,
      remoteDir,
      gpuTypes: ['a100'],
      problems: ({ partition }) =>
        partition === undefined || partition === 'gpu'
          ? []
          : [{ code: 'BENCH_SLURM_PARTITION', message: `there is no partition "${partition}"`, hint: 'there are: gpu' }],
      offerOf: (directives) => jobOffer(directives, { partition: undefined, nodes, offers, now: '2026-01-01T00:00:00.000Z' }),
      queue: batchQueue,
    },
    alive: () => jobs.filter(({ state }) => state !== 'ended').map(({ ref }) => ref.name),
    async kill(job, word) {
      job.word = word;
      signal(job, 'SIGKILL', true);
      // What the script started in groups of its own goes with the node.
      for (const pid of await groupsOf(job.ref.id)) {
        try {
          process.kill(-pid, 'SIGKILL');
        } catch {
          // It has gone.
        }
      }
      if (!(await over(job, 5000))) throw new BenchError({ code: 'BENCH_TEST', message: `${job.ref.name} cannot be killed` });
    },
    async expire(job) {
      signal(job, 'SIGUSR1');
      await over(job, 30_000);
      await end(job, 'TIMEOUT');
      job.word = 'TIMEOUT';
    },
    async close() {
      for (const job of jobs) await end(job, 'CANCELLED');
      await host.close();
    },
  };
  return queue;
}

/** Groups of processes whose environment says that they are of a job. */
async function groupsOf(jobId: string): Promise<number[]> {
  const { stdout } = await localHost().exec({ argv: ['ps', '-eo', 'pid='] });
  const found: number[] = [];
  for (const pid of stdout.split('\n').map(Number).filter(Boolean)) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.split('\0').includes(`SLURM_JOB_ID=${jobId}`)) found.push(pid);
  }
  return found;
}

function pricedOffer(usdPerGpuHour: number): Offer {
  const plain = jobOffer({}, { partition: 'gpu', nodes: [], offers: [], now: '' });
  return {
    ...plain,
    gpu: { id: null, name: 'a100', vendor: 'nvidia', count: 2, memoryGb: 40, formFactor: null },
    priceUsdPerHour: usdPerGpuHour * 2,
  };
}
