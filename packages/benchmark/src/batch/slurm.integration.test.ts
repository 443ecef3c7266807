import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { createIo, type Io, parseTelemetry } from '@bench/core';
import { hostConnector } from '@bench/host';
import { collectGarbage, type Ledger, openLedger, openProviders, type OpenProviders } from '@bench/provisioning';
import { slurm } from '@bench/provisioning/slurm';
import { expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import { readRun } from '@bench/results';
import { type SlurmCluster, startSlurm } from '@bench/test-machines';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { runTasks, teardownRun } from '../index.ts';
import type { RunEvent } from '../events.ts';
import type { RunOutcome } from '../run-options.ts';
import { recordingEngine } from '../testing/recording-engine.ts';
import { type JobMetrics, jobMetrics } from './job-metrics.ts';
import { attachSlurm, collectRun, watchRun } from './slurm-run.ts';

const missing = [part('slurm'), part('netns'), part('sshd')].find(({ present }) => !present);
const engines = [recordingEngine];

describe.skipIf(missing !== undefined).each([true, false])(
  `runs on a real Slurm, accounting %s${missing === undefined ? '' : ` (${missing.skipped})`}`,
  (accounting) => {
    let cluster: SlurmCluster;
    let root: string;
    beforeAll(async () => {
      // One in which an engine and its clients are done on a slow machine, too, before the notice of its end.
      const brief = { name: 'brief', nodes: 'gpu[0-3]', maxTime: '2' };
      cluster = await startSlurm({
        accounting,
        partitions: [{ name: 'gpu', nodes: 'gpu[0-3]' }, { name: 'cpu', nodes: 'cpu0' }, brief],
      });
      root = await mkdtemp(join(tmpdir(), 'bench-slurm-'));
      await mkdir(join(cluster.shared, 'records'));
      await chmod(join(cluster.shared, 'records'), 0o777);
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

    /** A process of its own, with the user's ledger. */
    async function session<T>(
      action: (o: { io: Io; cloud: { ledger: Ledger; providers: OpenProviders }; stop: AbortController }) => Promise<T>,
      computer = 'mine',
      more: Record<string, unknown> = {},
    ): Promise<T> {
      const stop = new AbortController();
      const real = createIo({ signal: stop.signal });
      const io = { ...real, connect: hostConnector({ io: () => real, configFile: cluster.login.sshConfigFile, agentSocket: null }) };
      const settings = { slurm: { login: cluster.login.name, poll_interval_s: 1, prices_usd_per_gpu_hour: { gpu: 2 }, ...more } };
      const providers = await openProviders({ factories: [slurm()], settings, io });
      const ledger = await openLedger({ dir: join(root, computer), io });
      try {
        return await action({ io, cloud: { ledger, providers }, stop });
      } finally {
        await ledger.close();
        await providers.close();
      }
    }

    const record = () => join(cluster.shared, 'records', `${expect.getState().currentTestName?.replaceAll(/\W+/g, '-')}.jsonl`);
    function tasks(o: { engine?: string; benchmark?: string; slurm?: string; clients?: number } = {}): Task[] {
      const yaml = `
model: {huggingface: org/m}
engine: {llm: {recording: {record_to: ${JSON.stringify(record())}, ${o.engine ?? 'mode: good'}}}}
benchmark: {num_prompts: 12, random_input_len: 40, random_output_len: 5, warmup: 3, ${o.benchmark ?? 'max_concurrency: 6'}}
slurm: {runtime: none, ${o.slurm ?? 'gres: "gpu:a100:1", time: 10m'}, clients: {count: ${o.clients ?? 2}, partition: ${o.slurm?.includes('brief') ? 'brief' : 'cpu'}}}
`;
      return expandRecipe(parseRecipe(yaml, { file: join(root, 'recipe.yaml'), dir: root, name: 'r' }, { engines }));
    }
    const run = (list: Task[], o: { detach?: boolean; on?: (event: RunEvent, stop: AbortController) => void } = {}): Promise<RunOutcome> =>
      session(({ io, cloud, stop }) =>
        runTasks({
          io,
          tasks: list,
          engines,
          root: join(root, 'runs'),
          folders: [],
          cwd: root,
          tools: {},
          cloud,
          asked: {
            recipes: [],
            site: `slurm:${cluster.login.name}`,
            filter: [],
            seed: 3,
            batch: { login: cluster.login.name, maxWorkers: 4, keepS: 3600 },
          },
          ...(o.detach ? { detach: true } : {}),
          on: (event) => o.on?.(event, stop),
        }),
      );

    it('an engine and three clients on other nodes, to points with what the jobs used', async () => {
      const outcome = await run(tasks({ clients: 3 }));
      const view = await readRun(outcome.dir);
      expect(view.tasks[0]?.file.error).toBeNull();
      expect(outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [] });
      const [task] = view.tasks;
      expect(task?.points[0]?.result).toMatchObject({ counts: { ok: 12, warmup: 3 } });
      expect(task?.points[0]?.result?.loadClients).toHaveLength(3);
      expect(task?.machine).toMatchObject({ kind: 'node', name: expect.stringMatching(/^gpu\d$/) as string, priceUsdPerHour: 2 });
      expect(view.jobs.map(({ ended }) => ended?.state)).toEqual(Array.from({ length: 4 }, () => 'COMPLETED'));
      if (accounting) expect(view.jobs[0]?.ended).toMatchObject({ usage: { exitCode: 0, elapsedS: expect.any(Number) as number } });
      else expect(view.jobs[0]?.ended?.usage).toBeNull();
      const ledger = await session(({ cloud }) => cloud.ledger.entries());
      expect(ledger.filter((entry) => entry.run === outcome.id).map(({ state }) => state)).toEqual(Array.from({ length: 4 }, () => 'gone'));
    }, 180_000);

    it('tells of the GPU and the processes of a job that runs, and keeps what the job sampled of them', async () => {
      let dir = '';
      let looked: Promise<[JobMetrics[], string]> | undefined;
      const look = async (): Promise<[JobMetrics[], string]> => {
        const view = await readRun(dir);
        const metrics = await session(({ cloud }) => jobMetrics({ view, cloud, signal: new AbortController().signal }));
        return [metrics, (await cluster.run(['squeue', '--noheader', '--format=%j'])).stdout];
      };
      const outcome = await run(tasks({ engine: 'mode: slow', benchmark: 'sweep: {max_concurrency: [1, 2]}', clients: 1 }), {
        on: (event) => {
          if (event.type === 'run_started') dir = event.dir;
          if (event.type === 'deployment_ready') looked ??= look();
        },
      });
      expect(outcome.status).toBe('done');
      const [metrics, queue] = (await looked) ?? [[], ''];
      const gpu = { utilizationPercent: 0, memoryUsedMiB: 3, memoryTotalMiB: 81_920, powerW: 70, temperatureC: 30 };
      expect(metrics).toMatchObject([{ gpus: [gpu], processes: { count: 1 }, busyCpus: expect.any(Number) as number }]);
      expect(metrics[0]?.processes?.rssBytes).toBeGreaterThan(20_000_000);
      // The look was no job.
      expect(
        queue
          .trim()
          .split('\n')
          .every((name) => /^bench-\w+-\w+-\d+$/.test(name)),
      ).toBe(true);
      const view = await readRun(outcome.dir);
      expect(view.jobs.map(({ job }) => job)).toContain(metrics[0]?.job);
      expect(view.jobs).toHaveLength(2);
      const folder = join(outcome.dir, 'deployments', metrics[0]?.deployment ?? '');
      const samples = parseTelemetry(await readFile(join(folder, 'telemetry.jsonl'), 'utf8'));
      expect(samples.length).toBeGreaterThan(1);
      expect(samples[0]).toMatchObject({ gpus: [gpu], processes: { count: 1 } });
      // Of what is over nothing is asked.
      expect(await session(({ cloud }) => jobMetrics({ view, cloud, signal: new AbortController().signal }))).toEqual([]);
    }, 180_000);

    it('left to the queue, looked at and collected by other processes, and by another computer', async () => {
      const { id, dir, detached } = await run(tasks({ benchmark: 'sweep: {max_concurrency: [3, 6]}' }), { detach: true });
      expect(detached?.jobs).toHaveLength(3);
      // Nobody's process lives: gc leaves it alone all the same.
      const result = await session(({ io, cloud }) => collectGarbage({ ...cloud, io }));
      expect(result.ended).toEqual([]);
      expect(result.alive).toHaveLength(3);
      // The settings name another folder today: the run is where it was put, and none is made.
      const first = await session(({ io, cloud }) => collectRun({ dir, io, cloud }), 'mine', { remote_dir: '~/today' });
      expect(first.exitCode).toBe(0);
      expect((await cluster.runAsUser(['sh', '-c', 'ls -d ~/today || true'])).stdout).toBe('');
      const attached = await session(
        ({ io, cloud }) => attachSlurm({ id, root: join(root, 'elsewhere'), site: 'slurm:there', login: cluster.login.name, io, cloud }),
        'other',
      );
      const watched = await session(({ io, cloud }) => watchRun({ dir: attached, io, cloud }), 'other');
      expect(watched).toMatchObject({ status: 'done', exitCode: 0, still: 0 });
      const view = await readRun(attached);
      expect(view.problems).toEqual([]);
      expect(view.tasks[0]?.points.map(({ result: point }) => point?.counts.ok)).toEqual([12, 12]);
      // To the computer that submitted it the run is gone.
      await expect(session(({ io, cloud }) => watchRun({ dir, io, cloud }))).rejects.toMatchObject({
        code: 'BENCH_BATCH_GONE',
        exitCode: 5,
      });
    }, 180_000);

    it('of which the engine dies: its words, and nothing in the queue', async () => {
      const outcome = await run(tasks({ engine: 'mode: die, limit: 9' }));
      const view = await readRun(outcome.dir);
      expect(outcome).toMatchObject({ status: 'failed', exitCode: 5, leftBehind: [] });
      expect(view.tasks[0]?.file.error?.message).toContain('code 7');
    }, 180_000);

    it('that the user stops: cancelled, and exit code 130', async () => {
      const outcome = await run(tasks({ engine: 'mode: slow', benchmark: 'max_concurrency: 1' }), {
        on: (event, stop) => {
          if (event.type === 'point_started') stop.abort(new DOMException('stop', 'AbortError'));
        },
      });
      expect(outcome).toMatchObject({ status: 'interrupted', exitCode: 130, leftBehind: [] });
      expect(
        await readFile(
          join(outcome.dir, 'deployments', (await readRun(outcome.dir)).tasks[0]?.file.deployment ?? '', 'service.out'),
          'utf8',
        ),
      ).not.toBe('');
    }, 180_000);

    it('that asks for a partition there is not is refused before anything is submitted', async () => {
      await expect(run(tasks({ slurm: 'partition: gpuu, gres: "gpu:a100:1"' }))).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringContaining('there is no partition "gpuu"') as string,
      });
    }, 60_000);

    it('in a partition of two minutes, with no word of time in the recipe: it gets up and is measured', async () => {
      const outcome = await run(tasks({ slurm: 'partition: brief, gres: "gpu:a100:1"', clients: 1 }));
      expect(outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [] });
    }, 180_000);

    it('two at once, each on GPUs of its own; what one tears down is its own', async () => {
      const slow = { engine: 'mode: slow', benchmark: 'max_concurrency: 2' };
      const [one, other] = await Promise.all([run(tasks(slow), { detach: true }), run(tasks({ ...slow, clients: 1 }))]);
      expect(other).toMatchObject({ status: 'done', exitCode: 0 });
      const torn = await session(({ io, cloud }) => teardownRun({ dir: one.dir, io, cloud }));
      expect(torn.leftBehind).toEqual([]);
    }, 180_000);
  },
);
