import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startMachine } from '@bench/test-machines';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { BENCH, bench, type Finished, REPOSITORY, show, start } from './cli.ts';
import { runsOf } from './slurm-runs.ts';
import { type ClusterSite, clusterSite, missingOfSlurm as missing, onlyRun, shapeOf } from './slurm.ts';

/** Telemetry of points. A job keeps its samples with its deployment. */
const SAMPLED = /^(telemetry\.|scalars\.(engine|gpu|host_cpu|kv_cache)_)/;
/** What is there of a result or not by how fast its machine was: an answer that came all at once has no rate. */
const TIMED = /^steady\.|scalars\.(user_output_rate|steady_output_throughput) /;

describe.skipIf(missing !== undefined)(`a cluster${missing === undefined ? '' : ` (${missing.skipped})`}`, () => {
  let on: ClusterSite;
  let root: string;
  let env: Record<string, string>;
  let site: string[];
  beforeAll(async () => {
    on = await clusterSite({ accounting: true, conf: ['JobAcctGatherType=jobacct_gather/linux', 'JobAcctGatherFrequency=task=1'] });
    ({ root, env, site } = on);
  }, 120_000);
  const nothingLeft = async () => {
    const queue = await on.jobs();
    const folders = (await on.cluster.runAsUser(['sh', '-c', 'ls ~/bench | grep -v cache || true'])).stdout;
    if (queue.length > 0 || folders !== '') throw new Error(`left behind: ${JSON.stringify(queue)}${folders}`);
  };
  afterAll(() => on?.close());
  const config = () => on.config;
  const recipe: ClusterSite['recipe'] = (name, options) => on.recipe(name, options);
  const only = onlyRun;

  describe('one after another', () => {
    afterEach(nothingLeft);

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
      // Why they waited, or for what, is no matter any more.
      expect(status.stdout).not.toContain('COMPLETED (');
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
      const hold = await on.hold('left');
      const left = await bench(['run', await recipe('left', { clients: 1, hold }), ...site, '--out', out, '--detach'], { env });
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
      await hold.release();
      const watched = await bench(['watch', id, '--out', out, ...config()], { env });
      expect(watched.code, show(watched)).toBe(0);
      const after = await only(out);
      expect(after.view.status).toBe('done');
      expect(after.view.tasks[0]?.points.map(({ result }) => result?.counts.ok)).toEqual([12, 12]);
    }, 300_000);

    it.skipIf(!part('docker').present || !part('compose').present)(
      'gives results of the same shape as the same recipe with --on docker does',
      async () => {
        const dir = await recipe('shape', { clients: 1 });
        const shares = [REPOSITORY, root].map((folder) => ({ from: folder, to: folder, readOnly: folder === REPOSITORY }));
        const machine = await startMachine({ shares });
        // A computer with a Docker of its own, on which somebody types.
        const onMachine = async (args: readonly string[]): Promise<Finished> => ({
          ...(await machine.exec(['node', BENCH, ...args], {
            env: {
              PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin',
              HOME: '/root',
              XDG_STATE_HOME: join(root, 'typed'),
              NO_COLOR: '1',
            },
            timeoutMs: 240_000,
            check: false,
          })),
          signal: null,
        });
        try {
          const built = await onMachine(['image', 'build', 'embedded', '--offline', '--on', 'docker']);
          expect(built.code, show(built)).toBe(0);
          const places = {
            queue: (args: readonly string[]) => bench([...args, ...site], { env }),
            docker: (args: readonly string[]) => onMachine([...args, '--on', 'docker']),
          };
          const shapes = await Promise.all(
            Object.entries(places).map(async ([name, run]) => {
              const out = join(root, 'runs', `shape-${name}`);
              const finished = await run(['run', dir, '--out', out]);
              expect(finished.code, show(finished)).toBe(0);
              const { id, view } = await only(out);
              const file = async (path: string) =>
                shapeOf(JSON.parse(await readFile(join(out, id, 'tasks/shape/default', path), 'utf8'))).filter(
                  (line) => !TIMED.test(line) && !SAMPLED.test(line),
                );
              expect(view.tasks[0]?.points).toHaveLength(2);
              return {
                task: await file('result.json'),
                points: [await file('attempts/1/points/0/0/result.json'), await file('attempts/1/points/1/0/result.json')],
                files: (await readdir(join(out, id, 'tasks/shape/default/attempts/1/points/0/0')))
                  .filter((entry) => entry !== 'telemetry.jsonl.gz')
                  .sort(),
              };
            }),
          );
          const [queued, docker] = shapes;
          // What each client wrote stays beside what was made of it.
          expect({ ...queued, files: queued?.files.filter((name) => name !== 'clients') }).toEqual(docker);
        } finally {
          await machine.stop();
        }
      },
      300_000,
    );

    it('is cleared by Ctrl-C', async () => {
      const out = join(root, 'runs', 'stopped');
      const hold = await on.hold('stopped');
      const running = start(['run', await recipe('stopped', { hold }), ...site, '--out', out], { env });
      await Promise.all([running.saw(/is up and answers/), hold.held(running)]);
      const { id } = await only(out);
      const status = await bench(['status', id, '--out', out, ...config()], { env });
      expect(status.stdout, show(status)).toMatch(/^NOW\s+CPUS.*\n.*\d+\s+\d+\.\d busy.*\s+0 %\s+0\.0 of 80\.0 GiB\s+70 W\s+30 °C$/m);
      running.child.kill('SIGINT');
      const finished = await running.finished;
      expect(finished.code, show(finished)).toBe(130);
      const ledger = await bench(['ledger'], { env });
      expect(ledger.stdout).not.toContain('slurm');
    }, 300_000);

    it('is looked at with the key that is named', async () => {
      const login = on.cluster.login.target;
      const file = join(root, 'look.config.yaml');
      await writeFile(file, `providers: {slurm: {login: "${login}", prices_usd_per_gpu_hour: {gpu: 2}}}\n`);
      const alone = { HOME: root, SSH_AUTH_SOCK: '' };
      const key = ['--config', file, '--ssh-key', on.cluster.login.identityFile];
      const look = async (...args: string[]) => {
        const finished = await bench([...args, ...key], { env: alone });
        expect(finished.code, show(finished)).toBe(0);
        return finished.stdout;
      };
      expect(await look('doctor', '--on', `slurm:${login}`)).toMatch(/partitions\s+.*gpu/);
      expect(await look('check', 'slurm')).toMatch(/partitions\s+.*gpu/);
      const offers = await look('offers', '--provider', 'slurm');
      expect(offers).toMatch(/^slurm\s+gpu\s+\d× A100\S* 80 GB\s+\d of \d free(, \d in part)?\s+\S+\s+\d+\s+\d+ GB\s+\$2\.00\/h$/m);
      expect(offers).toMatch(/^slurm\s+cpu\s+-\s/m);
      const { offers: some } = JSON.parse(await look('offers', '--gpu', 'a100', '--json')) as { offers: object[] };
      expect(some).toContainEqual(expect.objectContaining({ provider: 'slurm', region: 'gpu', priceUsdPerHour: 2 }));
      expect(await look('gpus')).toMatch(/^A100\S*\s.*slurm \$2\.00\/h/m);
      const denied = { doctor: ['doctor', '--on', `slurm:${login}`], ssh: ['doctor', '--on', `ssh:${login}`], check: ['check', 'slurm'] };
      const codes = Object.values(denied).map(async (args) => {
        const finished = await bench([...args, '--config', file], { env: alone });
        expect(show(finished)).toMatch(/permission denied.*--ssh-key/s);
        return finished.code;
      });
      expect(await Promise.all(codes)).toEqual([3, 3, 4]);
    }, 120_000);

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

  // What happens in mid-run, and what accounting has of it.
  describe.concurrent('faults', () => {
    const { outOf, midst, ended } = runsOf(() => on);
    const statusOf = async (name: string, id: string) => (await bench(['status', id, '--out', outOf(name)], { env })).stdout;
    /** What a job used, as status prints it: its time and its memory. */
    const USED = String.raw`(\d+(\.\d)? s|\d+m \d\ds|\d+h \d\dm).*[\d.]+ [MG]i?B`;

    it('an engine that is killed: its job has failed, with its code, its time and its memory', async () => {
      const { running, service } = await midst('killed');
      const kill =
        'for p in /proc/[0-9]*; do case "$(tr "\\0" " " < $p/cmdline 2>/dev/null)" in *embedded-engine/dist/bin.js*) tr "\\0" "\\n" < $p/environ | grep -q "^BENCH_ENGINE_OF=$1\\." && kill -9 "${p#/proc/}";; esac; done; true';
      await on.cluster.node(service.node).exec(['sh', '-c', kill, 'sh', service.id]);
      const finished = await running.finished;
      expect(finished.code, show(finished)).toBe(5);
      const { id, view, errors } = await ended('killed');
      expect(errors).toEqual([expect.stringContaining('the engine was ended by SIGKILL')]);
      const usage = { elapsedS: expect.any(Number) as number, maxRssBytes: expect.any(Number) as number, exitCode: 1, nodes: service.node };
      expect(view.jobs[0]?.ended).toMatchObject({ state: 'FAILED', usage });
      expect(await statusOf('killed', id)).toMatch(new RegExp(`service +FAILED.*${USED}`));
    }, 300_000);

    it('a job whose time is over: it is TIMEOUT or has failed, with its time and its memory', async () => {
      const { running, service } = await midst('expired');
      await on.cluster.expire(service.id, 45);
      const finished = await running.finished;
      expect(finished.code, show(finished)).toBe(5);
      const { id, view, errors } = await ended('expired');
      expect(errors).toEqual([expect.stringContaining('time limit')]);
      const usage = { elapsedS: expect.any(Number) as number, maxRssBytes: expect.any(Number) as number, nodes: service.node };
      expect(view.jobs[0]?.ended).toMatchObject({ state: expect.stringMatching(/^(TIMEOUT|FAILED)$/) as string, usage });
      expect(await statusOf('expired', id)).toMatch(new RegExp(`service +(TIMEOUT|FAILED).*${USED}`));
    }, 300_000);

    it('a client that is cancelled: its points fail with the reason, and what was measured before is kept', async () => {
      // The first load's requests are answered, those of its warm-up too.
      const { running, hold } = await midst('client', { after: 15 });
      const { id } = await onlyRun(outOf('client'));
      const [, , client] = await on.jobs(id);
      await expect.poll(async () => (await onlyRun(outOf('client'))).view.tasks[0]?.points.length, { timeout: 200_000 }).toBe(1);
      await on.cluster.run(['scancel', client?.id ?? '']);
      await expect.poll(async () => (await on.jobs(id)).length, { timeout: 60_000 }).toBe(2);
      await hold.release();
      const finished = await running.finished;
      expect(finished.code, show(finished)).toBe(1);
      const { view } = await ended('client');
      expect(view.tasks[0]?.points.map(({ entry, result }) => [entry.status, entry.error, result?.counts.ok])).toEqual([
        ['ok', null, 12],
        ['failed', expect.stringMatching(/client 1 (of 2: |gave the load up)/), undefined],
      ]);
      expect(view.jobs[2]?.ended?.usage).toMatchObject({
        elapsedS: expect.any(Number) as number,
        maxRssBytes: expect.any(Number) as number,
      });
    }, 300_000);
  });
});
