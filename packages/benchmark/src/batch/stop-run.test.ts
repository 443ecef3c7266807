import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BenchError, type Host } from '@bench/core';
import { readRun } from '@bench/results';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BatchQueue } from './batch-queue.ts';
import { LOOK } from './look-script.ts';
import { RUN_FILES } from './run-snapshot.ts';
import { type BatchWorld, batchWorld } from './testing/batch-world.ts';
import { faultyHost } from './testing/faulty-host.ts';

let world: BatchWorld;
beforeEach(async () => {
  world = await batchWorld();
});
afterEach(() => world.close());

const lost = () => Promise.reject(new BenchError({ code: 'BENCH_SSH_LOST', message: 'the connection was lost' }));
const left = async (dir = world.queue.site.remoteDir) =>
  (await readdir(dir)).filter((name) => !name.endsWith('.sbatch') && name !== 'cache');
const failure = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it did not fail'),
    (thrown: unknown) => thrown as BenchError,
  );
const SLEEPY = 'echo begun; sleep 60';
const MEASURED = `echo '{"size": 7}' > metrics.json`;

/** A login host at which the files of a run cannot be looked at, so many times. */
function blind(times: number): Host {
  let more = times;
  return faultyHost(world.queue.site.host, {
    exec: (command) => ('script' in command && command.script === LOOK && more-- > 0 ? lost() : null),
  });
}

describe('a run that is ended while its cluster goes in and out of reach', () => {
  const quick = { sleep: () => Promise.resolve() };
  async function measuredThere() {
    const { outcome } = await world.run(world.command(MEASURED), { detach: true });
    await expect.poll(() => world.queue.alive(), { timeout: 20_000 }).toEqual([]);
    return outcome;
  }

  it('takes what is complete as soon as there is a look', async () => {
    const { dir } = await measuredThere();
    const { outcome, view } = await world.later('end', dir, { host: blind(2), io: quick });
    expect(outcome).toMatchObject({ status: 'interrupted', leftBehind: [] });
    expect(view.tasks[0]?.points.map(({ result }) => result?.scalars['size'])).toEqual([7]);
    expect(await left()).toEqual([]);
  });

  it('keeps its folder there and says where it is, when there is none', async () => {
    const { dir, id } = await measuredThere();
    const { outcome, view } = await world.later('end', dir, { host: blind(Infinity), io: quick });
    const folder = join(world.queue.site.remoteDir, id);
    expect(outcome).toMatchObject({ exitCode: 6, leftBehind: [expect.stringContaining(folder) as string] });
    expect(view.live).toHaveLength(1);
    expect(await left()).toEqual([id]);
    const collected = await world.later('collect', dir);
    expect(collected.outcome).toMatchObject({ status: 'done', exitCode: 0, still: 0 });
    expect(collected.view.tasks[0]?.points.map(({ result }) => result?.scalars['size'])).toEqual([7]);
    expect(await left()).toEqual([]);
  });

  it('has its folder removed by the next end where only that went wrong', async () => {
    const host = faultyHost(world.queue.site.host, {
      exec: (command) => ('script' in command && command.script.includes('rm -rf') ? lost() : null),
    });
    const { outcome } = await world.run(world.command(MEASURED), { host });
    const why = `folder ${join(world.queue.site.remoteDir, outcome.id)} on ${world.queue.site.host.name} could not be removed: the connection was lost`;
    expect(outcome).toMatchObject({ status: 'done', exitCode: 6, leftBehind: [why] });
    expect((await world.later('end', outcome.dir, { host })).outcome.leftBehind).toEqual([why]);
    expect(await left()).toEqual([outcome.id]);
    const ended = await world.later('end', outcome.dir);
    expect(ended.outcome).toMatchObject({ status: 'done', leftBehind: [] });
    expect(await left()).toEqual([]);
  });
});

describe('a run that breaks off', () => {
  it('names no job that had ended by itself', async () => {
    const go = join(world.root, 'go');
    const list = world.command(`while [ "$s" = 2 ] && [ ! -e '${go}' ]; do sleep 0.1; done; ${MEASURED}`, 'matrices: {cross: {s: [1, 2]}}');
    const host = faultyHost(world.queue.site.host, {
      // The second job ends after the last look, and before the run breaks off.
      get: async () => {
        await world.queue.site.host.write(go, '');
        await expect.poll(() => world.queue.alive(), { timeout: 20_000 }).toEqual([]);
        throw new BenchError({ code: 'BENCH_HOST_DISK_FULL', message: 'the disk is full' });
      },
    });
    const thrown = await failure(world.run(list, { host }));
    expect(thrown).toMatchObject({ code: 'BENCH_BATCH_FETCH', exitCode: 6 });
    expect(thrown.message).not.toContain('cancelled');
    expect(world.queue.jobs.map(({ word }) => word)).toEqual(['COMPLETED', 'COMPLETED']);
  });
});

describe('a run whose ledger cannot be read when it is ended', () => {
  it('says so, and its folder stays for the next end', async () => {
    const { outcome } = await world.run(world.command(SLEEPY), { detach: true });
    const before = (queue: BatchQueue): BatchQueue => ({ ...queue, sweep: () => Promise.reject(new Error('the ledger cannot be read')) });
    for (const exitCode of [6, 6])
      expect((await world.later('end', outcome.dir, { before })).outcome).toMatchObject({
        exitCode,
        leftBehind: ['the ledger cannot be read'],
      });
    expect(world.queue.alive()).toEqual([]);
    expect(await left()).toEqual([outcome.id]);
    expect((await world.later('end', outcome.dir)).outcome.leftBehind).toEqual([]);
    expect(await left()).toEqual([]);
  });
});

describe('a run that cannot be left to the queue', () => {
  it('says so, and that its jobs were cancelled; nothing of it is there', async () => {
    let puts = 0;
    const host = faultyHost(world.queue.site.host, {
      // The first one goes with the submission.
      put: (_local, remote) => (basename(remote) === RUN_FILES && ++puts > 1 ? lost() : null),
    });
    const thrown = await failure(world.run(world.command(SLEEPY), { detach: true, host }));
    expect(thrown.message).toMatch(
      /^the run cannot be left to the queue: .*the connection was lost\n {2}the run broke off, and its job 100 was cancelled$/,
    );
    expect(world.queue.alive()).toEqual([]);
    expect(await left()).toEqual([]);
    const [id = ''] = await readdir(join(world.root, 'runs'));
    expect(await readRun(join(world.root, 'runs', id))).toMatchObject({ status: 'interrupted', live: [], detachedUntil: null });
  });
});

describe('a run whose cluster has another folder in the settings today', () => {
  it('goes on where it was put', async () => {
    const list = world.command(`sleep "$s"; ${MEASURED}`, 'matrices: {cross: {s: [0, 2]}}');
    const { outcome } = await world.run(list, { detach: true });
    const today = join(world.root, 'today');
    const again = await world.run(list, { resume: outcome.dir, remoteDir: today });
    expect(again.outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [] });
    expect(again.view.tasks.flatMap(({ points }) => points.map(({ entry }) => entry.status))).toEqual(['ok', 'ok']);
    expect(world.queue.jobs).toHaveLength(2);
    expect(await left()).toEqual([]);
    expect(await readdir(world.root)).not.toContain('today');
  });
});
