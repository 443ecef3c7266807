import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchError } from '@bench/core';
import { readJournal, readRun, runPaths, RunWriter } from '@bench/results';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { isAway, isGone, isOfHere } from './collect-errors.ts';
import { DENIED_THERE, NOT_LEFT, WHAT_IS_THERE } from './fetch-path.ts';
import { type BatchWorld, batchWorld } from './testing/batch-world.ts';
import { faultyHost } from './testing/faulty-host.ts';

let world: BatchWorld;
beforeEach(async () => {
  world = await batchWorld();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await world.close();
});

const error = (code: `BENCH_${string}`, message: string = code) => new BenchError({ code, message });
const errno = (code: string) => Object.assign(new Error(`${code}: no space left on device, write`), { code });
const CUT = error('BENCH_HOST_FILE', 'tar: Unexpected EOF in archive');
const DENIED = error('BENCH_HOST_PERMISSION', 'permission denied (tar: ./0/secret: Cannot open: Permission denied)');
const SAID = { signal: null, stdout: '', stderr: '', durationMs: 1, timedOut: false };
const MEASURED = `echo '{"size": 7}' > metrics.json`;
/** Waits are short here, and end when the work is stopped. */
const briefly = (ms: number, signal?: AbortSignal) => delay(Math.min(ms, 50), undefined, { signal });
const types = async (dir: string) => (await readJournal(runPaths.journal(dir))).events.map(({ type }) => type);
const left = async () => (await readdir(world.queue.site.remoteDir)).filter((name) => !name.endsWith('.sbatch') && name !== 'cache');
const failure = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it did not fail'),
    (thrown: unknown) => thrown as BenchError,
  );

/** A command that was left to the queue, and is over there. */
async function measuredThere() {
  const { outcome } = await world.run(world.command(`echo 7 > out.txt; ${MEASURED}`), { detach: true });
  await expect.poll(() => world.queue.alive(), { timeout: 20_000 }).toEqual([]);
  return outcome;
}

it.each([
  [error('BENCH_SSH_LOST'), 'away'],
  [error('BENCH_BATCH_LOOK'), 'away'],
  [error('BENCH_BATCH_FETCH'), 'here'],
  [errno('ENOSPC'), 'here'],
  [errno('EDQUOT'), 'here'],
  [error('BENCH_BATCH_GONE'), 'gone'],
  [error('BENCH_BATCH_UNREAD'), 'measured'],
  [error('BENCH_CLIENT_FAILED'), 'measured'],
  [error('BENCH_HOST_DISK_FULL'), 'measured'],
  [errno('ENOENT'), 'measured'],
  [null, 'measured'],
])('%s tells of what is %s', (thrown, what) => {
  expect([isAway(thrown) && 'away', isOfHere(thrown) && 'here', isGone(thrown) && 'gone'].find(Boolean) ?? 'measured').toBe(what);
});

describe('what was measured and cannot be kept here', () => {
  it.each([
    ['a disk that is full here', error('BENCH_HOST_DISK_FULL', 'the disk is full'), /make room here/],
    ['a transfer that is cut', CUT, /bench collect takes it/],
  ])('%s: stays on the cluster, and is collected later', async (_what, fault, hint) => {
    const { dir, id } = await measuredThere();
    const host = faultyHost(world.queue.site.host, { get: () => Promise.reject(fault) });
    const thrown = await failure(world.later('collect', dir, { host }));
    expect(thrown).toMatchObject({ code: 'BENCH_BATCH_FETCH', exitCode: 3, hint: expect.stringMatching(hint) as string });
    expect(thrown.message).toContain(join(world.queue.site.remoteDir, id));
    expect(await types(dir)).not.toEqual(expect.arrayContaining(['point_failed']));
    const { outcome, view } = await world.later('collect', dir);
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0 });
    expect(view.tasks[0]?.points.map(({ result }) => result?.scalars['size'])).toEqual([7]);
    expect(await left()).toEqual([]);
  });

  it.each(['point', 'task', 'event'] as const)('a disk that is full when the run directory’s %s is written: the same', async (call) => {
    const { dir } = await measuredThere();
    const real = RunWriter.prototype[call] as (this: RunWriter, given: never) => Promise<never>;
    let faults = 1;
    vi.spyOn(RunWriter.prototype, call).mockImplementation(async function (this: RunWriter, given: never) {
      // The job’s end, and the deployment’s, are told of as well.
      const of = given as { type?: string; points?: unknown[] };
      const isPoint = call === 'point' || of.type === 'point_finished' || (of.points?.length ?? 0) > 0;
      if (isPoint && faults-- > 0) throw errno('ENOSPC');
      return await real.call(this, given);
    } as never);
    expect(await failure(world.later('collect', dir))).toMatchObject({ code: 'BENCH_BATCH_FETCH', exitCode: 3 });
    vi.restoreAllMocks();
    const { outcome, view } = await world.later('collect', dir);
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0 });
    expect(view.problems).toEqual([]);
    expect(view.tasks[0]?.points.map(({ result }) => result?.scalars['size'])).toEqual([7]);
    const told = await types(dir);
    expect(told.filter((type) => type === 'point_finished')).toHaveLength(1);
    expect(told).not.toContain('point_failed');
  });

  it('is waited for where only the cluster is out of reach', async () => {
    const { dir } = await measuredThere();
    let lost = 2;
    const host = faultyHost(world.queue.site.host, { get: () => (lost-- > 0 ? Promise.reject(error('BENCH_SSH_LOST')) : null) });
    const { outcome, view } = await world.later('watch', dir, { host, io: { sleep: () => Promise.resolve() } });
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0, still: 0 });
    expect(view.tasks[0]?.points.map(({ entry }) => entry.status)).toEqual(['ok']);
    expect(lost).toBeLessThan(1);
  });

  it('is fetched again where its transfer was cut: the run goes on, and cancels nothing', async () => {
    let cuts = 2;
    const host = faultyHost(world.queue.site.host, { get: () => (cuts-- > 0 ? Promise.reject(CUT) : null) });
    const list = world.command(`echo "{\\"size\\": $size}" > metrics.json`, 'matrices: {cross: {size: [1, 2]}}');
    const { outcome, view } = await world.run(list, { host, io: { sleep: briefly } });
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [] });
    expect(view.tasks.map(({ points }) => points.map(({ result }) => result?.scalars['size']))).toEqual([[1], [2]]);
    expect(view.jobs.map(({ ended }) => ended?.state)).toEqual(['COMPLETED', 'COMPLETED']);
    expect(cuts).toBeLessThan(1);
  });

  it('that is cut again and again ends the watching, and is collected later', async () => {
    const { dir } = await measuredThere();
    let cuts = 0;
    const host = faultyHost(world.queue.site.host, { get: () => Promise.reject(((cuts += 1), CUT)) });
    const thrown = await failure(world.later('watch', dir, { host, io: { sleep: () => Promise.resolve() } }));
    expect(thrown).toMatchObject({ code: 'BENCH_BATCH_FETCH', exitCode: 3, retryable: true });
    expect(cuts).toBeGreaterThan(2);
    expect((await world.later('collect', dir)).outcome).toMatchObject({ status: 'done', exitCode: 0, still: 0 });
  });

  it('does not keep what another deployment measured from being collected', async () => {
    const list = world.command(`echo "{\\"size\\": $size}" > metrics.json`, 'matrices: {cross: {size: [1, 2]}}');
    const { outcome } = await world.run(list, { detach: true });
    await expect.poll(() => world.queue.alive(), { timeout: 20_000 }).toEqual([]);
    const host = faultyHost(world.queue.site.host, { get: (from) => (from.includes('/d1-') ? Promise.reject(CUT) : null) });
    const thrown = await failure(world.later('collect', outcome.dir, { host }));
    expect(thrown).toMatchObject({ code: 'BENCH_BATCH_FETCH', message: expect.stringContaining('/d1-') as string });
    const { tasks } = await readRun(outcome.dir);
    expect(tasks.map(({ points }) => points.map(({ result }) => result?.scalars['size']))).toEqual([[], [2]]);
  });

  it('ends a run that is watched, which says where it is; its folder stays', async () => {
    const host = faultyHost(world.queue.site.host, { get: () => Promise.reject(error('BENCH_HOST_DISK_FULL', 'the disk is full')) });
    const thrown = await failure(world.run(world.command(MEASURED), { host }));
    expect(thrown).toMatchObject({ code: 'BENCH_BATCH_FETCH', exitCode: 6, hint: expect.stringContaining('make room here') as string });
    const [id = ''] = await left();
    expect(thrown.message).toMatch(new RegExp(`left behind: what d1-\\w+ measured is in .*/${id}/d1-`));
    const { outcome, view } = await world.later('collect', join(world.root, 'runs', id));
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0 });
    expect(view.tasks[0]?.points.map(({ result }) => result?.scalars['size'])).toEqual([7]);
    expect(await left()).toEqual([]);
  });
});

describe('what came not, and whether it is there', () => {
  const answering = (code: number | null, fault: BenchError) =>
    faultyHost(world.queue.site.host, {
      get: (from) => (from.endsWith('/clients/0/0') ? Promise.reject(fault) : null),
      exec: (command) => ('script' in command && command.script === WHAT_IS_THERE ? Promise.resolve({ ...SAID, code }) : null),
    });

  it.each([null, 1, 127, 255])('is not known by an answer of %s: it is asked again', async (code) => {
    const { dir } = await measuredThere();
    const thrown = await failure(world.later('collect', dir, { host: answering(code, CUT) }));
    expect(thrown).toMatchObject({ code: 'BENCH_BATCH_LOOK', retryable: true });
    expect(await types(dir)).not.toContain('point_failed');
    expect((await world.later('collect', dir)).outcome).toMatchObject({ status: 'done', exitCode: 0, still: 0 });
  });

  it.each([DENIED_THERE, NOT_LEFT])(
    'what may not be read there (answer %s) is a point that failed, and is kept there until a teardown',
    async (code) => {
      const { dir, id } = await measuredThere();
      const collected = await world.later('collect', dir, { host: answering(code, DENIED) });
      const folder = join(world.queue.site.remoteDir, id);
      const why = `folder ${folder} on ${world.queue.site.host.name} holds what may not be read there; bench teardown removes it`;
      expect(collected.outcome).toMatchObject({ status: 'failed', exitCode: 6, still: 0, leftBehind: [why] });
      expect(collected.view.tasks[0]?.points[0]?.entry).toMatchObject({
        status: 'failed',
        error: expect.stringMatching(/^\S.*clients\/0\/0 may not be read on .*Cannot open: Permission denied/) as string,
      });
      expect(await left()).toEqual([id]);
      expect((await world.later('end', dir)).outcome.leftBehind).toEqual([]);
      expect(await left()).toEqual([]);
    },
  );

  it('keeps it for whoever collects the rest', async () => {
    const go = join(world.root, 'go');
    const list = world.command(
      `while [ "$s" = 2 ] && [ ! -e '${go}' ]; do sleep 0.1; done; echo "{\\"s\\": $s}" > metrics.json`,
      'matrices: {cross: {s: [1, 2]}}',
    );
    const { outcome } = await world.run(list, { detach: true });
    await expect.poll(() => world.queue.jobs[0]?.state, { timeout: 20_000 }).toBe('ended');
    expect((await world.later('collect', outcome.dir, { host: answering(DENIED_THERE, DENIED) })).outcome.still).toBe(1);
    await world.queue.site.host.write(go, '');
    const watched = await world.later('watch', outcome.dir);
    expect(watched.outcome).toMatchObject({ status: 'failed', exitCode: 6, leftBehind: [expect.stringContaining('may not be read')] });
    expect(watched.view.tasks.map(({ points }) => points.map(({ entry }) => entry.status))).toEqual([['failed'], ['ok']]);
    expect(await left()).toEqual([outcome.id]);
  });

  it('what may not be written here ends a run at once, and stays on the cluster', async () => {
    const host = faultyHost(world.queue.site.host, { get: () => Promise.reject(DENIED) });
    const thrown = await failure(world.run(world.command(MEASURED), { host }));
    expect(thrown).toMatchObject({ code: 'BENCH_BATCH_FETCH', hint: expect.stringContaining('let this user write here') as string });
    const [id = ''] = await left();
    expect((await world.later('collect', join(world.root, 'runs', id))).outcome).toMatchObject({ status: 'done', exitCode: 0 });
  });

  it('is told by files alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bench-there-'));
    try {
      await chmod(folder, 0o755);
      for (const name of ['open', 'file', 'folder']) await mkdir(join(folder, name, 'deep'), { recursive: true });
      for (const name of ['open', 'file', 'folder']) await writeFile(join(folder, name, 'deep', 'a file'), 'x', { mode: 0o644 });
      await chmod(join(folder, 'file', 'deep', 'a file'), 0);
      await chmod(join(folder, 'folder', 'deep'), 0);
      // Root may read whatever there is.
      const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
      const answer = (path: string, run = folder, denied = 'denied') =>
        spawnSync('sh', ['-c', WHAT_IS_THERE, 'sh', path, run, denied], { cwd: '/', ...user }).status;
      expect(['open', 'open/deep/a file', 'file', 'file/deep/a file', 'folder'].map((name) => answer(join(folder, name)))).toEqual([
        0,
        0,
        DENIED_THERE,
        DENIED_THERE,
        DENIED_THERE,
      ]);
      expect([answer(join(folder, 'none')), answer(join(folder, 'file'), folder, '')]).toEqual([NOT_LEFT, 0]);
      expect(answer(join(folder, 'none'), join(folder, 'no run'))).toBe(42);
    } finally {
      await chmod(join(folder, 'folder', 'deep'), 0o700);
      await rm(folder, { recursive: true });
    }
  });
});

describe('logs', () => {
  const LOG = /\.(log|out)$/;

  it('that cannot be kept here stay there, and are collected later', async () => {
    const full = error('BENCH_HOST_DISK_FULL', 'the disk is full');
    const host = faultyHost(world.queue.site.host, { get: (from) => (LOG.test(from) ? Promise.reject(full) : null) });
    const thrown = await failure(world.run(world.command(MEASURED), { host }));
    expect(thrown).toMatchObject({ code: 'BENCH_BATCH_FETCH', exitCode: 6 });
    const [id = ''] = await left();
    const { outcome, view } = await world.later('collect', join(world.root, 'runs', id));
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [] });
    expect(await logsOf(view)).toEqual(['service.out']);
    expect(await left()).toEqual([]);
  });

  it('whose transfer was cut are fetched again', async () => {
    let cuts = 1;
    const host = faultyHost(world.queue.site.host, { get: (from) => (LOG.test(from) && cuts-- > 0 ? Promise.reject(CUT) : null) });
    const { outcome, view } = await world.run(world.command(MEASURED), { host, io: { sleep: briefly } });
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [] });
    expect(cuts).toBeLessThan(1);
    expect(await logsOf(view)).toEqual(['service.out']);
  });

  it('that are not there, or may not be read, do not keep a run from its end', async () => {
    const one = (fault: BenchError, code: number) =>
      faultyHost(world.queue.site.host, {
        get: (from) => (LOG.test(from) ? Promise.reject(fault) : null),
        exec: (command) => ('script' in command && command.script === WHAT_IS_THERE ? Promise.resolve({ ...SAID, code }) : null),
      });
    const none = await world.run(world.command(MEASURED), { host: one(error('BENCH_HOST_NO_FILE'), NOT_LEFT) });
    expect(none.outcome).toMatchObject({ status: 'done', exitCode: 0, leftBehind: [] });
    expect(await left()).toEqual([]);
    const denied = await world.run(world.command(MEASURED), { host: one(DENIED, DENIED_THERE) });
    expect(denied.outcome).toMatchObject({ status: 'done', exitCode: 6 });
    expect(await left()).toEqual([denied.outcome.id]);
  });

  const logsOf = async (view: Awaited<ReturnType<typeof readRun>>) =>
    (await readdir(runPaths.deployment(view.dir, view.tasks[0]?.file.deployment ?? ''))).filter((name) => LOG.test(name));
});

describe('a run that another computer finished', () => {
  it('is gone from the cluster: what was taken here stays, and nothing is told to have failed', async () => {
    const go = join(world.root, 'go');
    const list = world.command(
      `while [ "$s" = 2 ] && [ ! -e '${go}' ]; do sleep 0.1; done; echo "{\\"s\\": $s}" > metrics.json`,
      'matrices: {cross: {s: [1, 2]}}',
    );
    const { outcome } = await world.run(list, { detach: true });
    const { dir } = outcome;
    await expect.poll(() => world.queue.jobs[0]?.state, { timeout: 20_000 }).toBe('ended');
    expect((await world.later('collect', dir)).outcome.still).toBe(1);
    const elsewhere = join(world.root, 'elsewhere');
    await cp(dir, elsewhere, { recursive: true });
    await world.queue.site.host.write(go, '');
    expect((await world.later('watch', elsewhere)).outcome).toMatchObject({ status: 'done', exitCode: 0 });
    expect(await failure(world.later('watch', dir))).toMatchObject({ code: 'BENCH_BATCH_GONE', exitCode: 5 });
    const ended = await world.later('end', dir);
    expect(ended.outcome).toMatchObject({ status: 'interrupted', leftBehind: [] });
    expect(ended.view.tasks.map(({ points }) => points.map(({ result }) => result?.scalars['s']))).toEqual([[1], []]);
    expect(ended.view.live).toEqual([]);
    expect(await types(dir)).not.toContain('point_failed');
  });

  it('while its points are fetched is no failure of theirs', async () => {
    const { dir, id } = await measuredThere();
    const host = faultyHost(world.queue.site.host, {
      get: async () => {
        await rm(join(world.queue.site.remoteDir, id), { recursive: true, force: true });
        throw error('BENCH_HOST_NO_FILE', 'no such file or folder');
      },
    });
    expect(await failure(world.later('collect', dir, { host }))).toMatchObject({ code: 'BENCH_BATCH_GONE', exitCode: 5 });
    expect(await types(dir)).not.toContain('point_failed');
  });
});
