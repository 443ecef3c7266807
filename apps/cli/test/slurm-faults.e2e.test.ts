import { statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { show } from './cli.ts';
import { runsOf } from './slurm-runs.ts';
import { type ClusterSite, clusterSite, missingOfSlurm as missing } from './slurm.ts';

describe.skipIf(missing !== undefined)(`faults of a cluster${missing === undefined ? '' : ` (${missing.skipped})`}`, () => {
  let on: ClusterSite;
  beforeAll(async () => {
    on = await clusterSite({
      // The first two runs begin together, and each copies a Node; what was copied is used by those after them.
      homeSizeMiB: 3 * Math.ceil(statSync(process.execPath).size / 2 ** 20) + 60,
      partitions: [
        { name: 'gpu', nodes: 'gpu[0-3]' },
        { name: 'cpu', nodes: 'cpu0' },
        { name: 'closed', nodes: 'cpu0', options: ['State=INACTIVE'] },
      ],
    });
  }, 120_000);
  afterAll(() => on?.close());

  const { outOf, begin, run, served, midst, ended, engineLog } = runsOf(() => on);

  it('a job that sbatch refuses ends the run, and takes what was submitted before it out of the queue', async () => {
    const cases = { service: { slurm: 'reservation: nosuch' }, client: { clients: 2, moreOfClients: ', reservation: nosuch' } };
    await Promise.all(
      Object.entries(cases).map(async ([name, options]) => {
        const refused = await run(`refused-${name}`, options);
        expect(refused.code, show(refused)).toBe(5);
        expect(refused.stderr).toContain('the reservation is not there, or not yours');
        expect((await ended(`refused-${name}`)).errors).toEqual([expect.stringContaining('Requested reservation is invalid')]);
      }),
    );
  }, 300_000);

  describe.concurrent('while other runs go on', () => {
    it('an engine that is killed ends the run, which says so', async () => {
      const { running, service } = await midst('killed');
      const { id, node } = service;
      // Of this job: another one may be on the node.
      const kill = `for p in /proc/[0-9]*; do
  tr '\\0' '\\n' < $p/environ 2>/dev/null | grep -q "^BENCH_ENGINE_OF=$1\\." || continue
  tr '\\0' ' ' < $p/cmdline | grep -q embedded-engine/dist/bin.js && kill -9 "\${p#/proc/}" && echo killed
done; true`;
      const { stdout } = await on.cluster.node(node).exec(['sh', '-c', kill, 'sh', id]);
      expect(stdout).toContain('killed');
      const finished = await running.finished;
      expect(finished.code, show(finished)).toBe(5);
      expect(finished.stderr).toContain('the engine was ended by SIGKILL');
      const { errors, view } = await ended('killed');
      expect(errors).toEqual([expect.stringContaining('the engine was ended by SIGKILL')]);
      expect(view.status).toBe('failed');
    }, 300_000);

    it('a service that is cancelled by hand ends the run, which says so', async () => {
      const { running, service } = await midst('cancelled');
      await on.cluster.run(['scancel', service.id]);
      const finished = await running.finished;
      expect(finished.code, show(finished)).toBe(5);
      expect(finished.stderr).toMatch(/cancelled/);
      expect((await ended('cancelled')).errors).toEqual([expect.stringContaining('cancelled')]);
    }, 300_000);

    it('two runs at once come to reports of their own, and each engine sees the GPUs that were asked for', async () => {
      const [one, two] = await Promise.all([
        run('one', { clients: 1, slurm: 'partition: gpu', more: 'deploy: {gpu: A100-80GB, gpu_count: 1}' }),
        run('two', { clients: 1, slurm: 'gres: "gpu:a100:2"' }),
      ]);
      expect(one.code, show(one)).toBe(0);
      expect(two.code, show(two)).toBe(0);
      const [first, second] = [await ended('one'), await ended('two')];
      expect(first.id).not.toBe(second.id);
      for (const { view } of [first, second]) expect(view.tasks[0]?.points.map(({ result }) => result?.counts.ok)).toEqual([12, 12]);
      expect(await engineLog('one')).toMatch(/^GPUs: \d\n/);
      expect(await engineLog('two')).toMatch(/^GPUs: 0,1\n/);
    }, 300_000);

    it('a partition that takes no jobs is told of before anything is sent', async () => {
      for (const options of [{ slurm: 'partition: closed' }, { clientPartition: 'closed' }]) {
        const refused = await run('closed', options);
        expect(refused.code, show(refused)).toBe(3);
        expect(refused.stderr).toContain('partition "closed" takes no jobs now');
        expect(await readdir(outOf('closed')).catch(() => [])).toEqual([]);
      }
    }, 300_000);

    it('a drained node is waited for, which is told with its reason; one that is drained later keeps what runs on it', async () => {
      const hold = await on.hold('drained');
      await on.cluster.drain('gpu3');
      const running = await begin('drained', { slurm: 'gres: "gpu:a100:1"\n  extra: ["--nodelist=gpu3"]', clients: 1, hold });
      await running.saw(/waits in the queue: .*(ReqNodeNotAvail|UnavailableNodes|DRAINED)/);
      await on.cluster.resume('gpu3');
      const { node } = await served('drained', running, hold);
      expect(node).toBe('gpu3');
      await on.cluster.drain('gpu3');
      await hold.release();
      const finished = await running.finished;
      await on.cluster.resume('gpu3');
      expect(finished.code, show(finished)).toBe(0);
      expect((await ended('drained')).view.tasks[0]?.points.map(({ result }) => result?.counts.ok)).toEqual([12, 12]);
    }, 300_000);

    it('a job whose time is over ends the run, which says so', async () => {
      const { running, service } = await midst('expired');
      await on.cluster.expire(service.id, 45);
      const finished = await running.finished;
      expect(finished.code, show(finished)).toBe(5);
      expect(finished.stderr).toContain('time limit');
      expect((await ended('expired')).errors).toEqual([expect.stringContaining('time limit')]);
    }, 300_000);
  });

  it('a controller that is away is waited for while jobs run, and is no place to begin a run', async () => {
    const { running, hold } = await midst('controller');
    await on.cluster.stopController();
    const refused = await run('no-controller');
    expect(refused.code, show(refused)).toBe(4);
    expect(refused.stderr).toContain('the controller cannot be reached');
    expect(await readdir(outOf('no-controller')).catch(() => [])).toEqual([]);
    await running.saw(/the cluster cannot be looked at, and is asked again/);
    await on.cluster.startController();
    await hold.release();
    const finished = await running.finished;
    expect(finished.code, show(finished)).toBe(0);
    expect((await ended('controller')).view.tasks[0]?.points.map(({ result }) => result?.counts.ok)).toEqual([12, 12]);
  }, 300_000);

  it('a full disk on the cluster ends the run, which says so', async () => {
    const fill = () => on.cluster.runAsUser(['sh', '-c', 'dd if=/dev/zero of=fill bs=64k 2>/dev/null; true']);
    const { running, hold } = await midst('full');
    await fill();
    await hold.release();
    const finished = await running.finished;
    expect(finished.code, show(finished)).toBe(5);
    expect(finished.stderr).toMatch(/no space left|disk .*full/i);
    await ended('full');
    await fill();
    const refused = await run('full-before');
    expect(refused.code, show(refused)).toBeGreaterThan(0);
    expect(refused.stderr).toMatch(/no space left|disk .*full/i);
    await ended('full-before');
    await on.cluster.runAsUser(['rm', 'fill']);
  }, 300_000);
});
