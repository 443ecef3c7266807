import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, bootId, machineId } from '@bench/core';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  findRuns,
  isRunId,
  lockRun,
  type PlannedTask,
  readJournal,
  readRun,
  resolveRun,
  runPaths,
  RunWriter,
  type TaskFile,
} from './index.ts';
import { pointWith, recordWith } from './formats/testing/points.ts';

const record = recordWith({});
const result = (point: number) => ({ ...pointWith({ completed: 1, duration: 1.5 }), point });
const io = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5), monotonic: () => 0, random: Math.random };
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-results-'));
});

const planned: PlannedTask = { recipe: 'r', variant: 'v', key: 'k1', group: 0, deploymentKey: 'd1', points: 2, repeats: 1 };
const create = () =>
  RunWriter.create({ root, asked: { recipes: ['/r'], site: 'local', filter: [], seed: 0 }, tasks: [planned], tools: { node: '20' } }, io);

const taskFile = (points: TaskFile['points']): TaskFile => ({
  schemaVersion: 1,
  recipe: 'r',
  variant: 'v',
  key: 'k1',
  kind: 'inference',
  params: { c: 1 },
  gpu: { name: null, count: 0 },
  status: 'running',
  deployment: null,
  machine: null,
  points,
  error: null,
});
const entry = (attempt: number, point: number, path: string) => ({ attempt, point, repeat: 0, path, status: 'ok' as const, error: null });

async function failure(promise: Promise<unknown>): Promise<BenchError> {
  const error: unknown = await promise.then(
    () => null,
    (e: unknown) => e,
  );
  if (!BenchError.is(error)) throw new Error(`expected a BenchError, got ${String(error)}`);
  return error;
}

describe('a run directory', () => {
  it('gives back what was written into it', async () => {
    const writer = await create();
    expect(isRunId(writer.run.id)).toBe(true);
    const series = [{ t: 0, sent: 1, done: 1, failed: 0, outputTokens: 2, inFlight: 0.5, ttftP50Ms: 2 }];
    const path = await writer.point({
      recipe: 'r',
      variant: 'v',
      attempt: 1,
      result: result(0),
      records: [record],
      gaps: [{ index: 0, gapsMs: Float32Array.of(1.5) }],
      series,
    });
    await writer.task(taskFile([entry(1, 0, path)]));
    await writer.taskRecipe(planned, 'model: {}\n');
    await writer.finish('done', 0, io.now());
    await writer.close();

    const view = await readRun(writer.dir);
    expect(view.problems).toEqual([]);
    expect(view.status).toBe('done');
    const task = view.tasks[0];
    const point = task?.points[0];
    expect(task?.recipeText).toBe('model: {}\n');
    expect(point?.result).toEqual(result(0));
    expect(await point?.series()).toEqual(series);
    const lost: string[] = [];
    expect(await point?.requests((message) => lost.push(message))).toEqual([record]);
    expect(lost).toEqual([]);
    expect(await point?.requestsLost?.()).toBeNull();
    const file = join(writer.dir, 'tasks/r/v', path, 'requests.jsonl.gz');
    await writeFile(file, (await readFile(file)).subarray(0, -12));
    await point?.requests((message) => lost.push(message));
    expect(lost).toEqual([expect.stringMatching(/^requests\.jsonl\.gz is cut: \d+ requests? (is|are) left of it$/)]);
    expect(await point?.requestsLost?.()).toBe(lost[0]);
    expect((await point?.gaps())?.map((g) => [g.index, [...g.gapsMs]])).toEqual([[0, [1.5]]]);
    expect(await readFile(join(writer.dir, 'tasks/r/v', path, 'benchmark.txt'), 'utf8')).toContain('Serving Benchmark Result');
  });

  it('never becomes another run’s, be its id taken', async () => {
    const unlucky = { ...io, random: () => 0.5 };
    const options = { root, asked: { recipes: ['/r'], site: 'local', filter: [], seed: 0 }, tasks: [planned], tools: {} };
    const first = await RunWriter.create(options, unlucky);
    const before = await readFile(runPaths.run(first.dir), 'utf8');
    await expect(RunWriter.create({ ...options, tools: { other: '1' } }, unlucky)).rejects.toThrow(/exist/i);
    expect(await readFile(runPaths.run(first.dir), 'utf8')).toBe(before);
    await first.close();
    const both = await Promise.all([create(), create()]);
    expect(both[0].run.id).not.toBe(both[1].run.id);
    for (const writer of both) await writer.close();
  });

  it('shows the newest attempt of a point', async () => {
    const writer = await create();
    const paths = await Promise.all(
      [1, 2].map((attempt) =>
        writer.point({
          recipe: 'r',
          variant: 'v',
          attempt,
          result: { ...result(0), durationS: attempt },
          records: [],
          gaps: [],
          series: [],
        }),
      ),
    );
    await writer.task(taskFile([entry(1, 0, paths[0] as string), entry(2, 0, paths[1] as string)]));
    await writer.close();
    const [task] = (await readRun(writer.dir)).tasks;
    expect(task?.points.map((p) => p.result?.durationS)).toEqual([2]);
  });

  it('that nobody writes any more is interrupted, not running', async () => {
    const writer = await create();
    expect((await readRun(writer.dir)).status).toBe('running');
    await writer.close();
    expect((await readRun(writer.dir)).status).toBe('interrupted');
  });

  it('with damaged and missing files gives the rest, and says what was left out', async () => {
    const writer = await create();
    const path = await writer.point({ recipe: 'r', variant: 'v', attempt: 1, result: result(0), records: [], gaps: [], series: [] });
    await writer.task(taskFile([entry(1, 0, path), entry(1, 1, 'attempts/1/points/1/0')]));
    await writer.close();
    await writeFile(join(writer.dir, 'notes.json'), '{"tags": "not a list"}');
    const view = await readRun(writer.dir);
    expect(view.tasks[0]?.points.map((p) => p.result?.point)).toEqual([0, undefined]);
    expect(view.problems.map((p) => p.path.slice(writer.dir.length))).toEqual([
      '/tasks/r/v/attempts/1/points/1/0/result.json',
      '/notes.json',
    ]);
    expect(view.problems[0]?.message).toBe('missing');
  });

  it('of a newer version is refused politely', async () => {
    const writer = await create();
    await writer.close();
    await writeFile(runPaths.run(writer.dir), JSON.stringify({ ...writer.run, schemaVersion: 99 }));
    const error = await failure(readRun(writer.dir));
    expect(error.code).toBe('BENCH_RUN_TOO_NEW');
    expect(error.message).toContain('schema 99');
  });

  it('that is none says so', async () => {
    expect((await failure(readRun(root))).code).toBe('BENCH_RUN_NOT_FOUND');
    await writeFile(runPaths.run(root), '{"half":');
    expect((await failure(readRun(root))).code).toBe('BENCH_RUN_DAMAGED');
  });

  it('leaves no half-written point behind', async () => {
    const writer = await create();
    const folder = join(writer.dir, 'tasks/r/v/attempts/1/points/0');
    await mkdir(join(folder, '0.partial'), { recursive: true });
    await writeFile(join(folder, '0.partial', 'result.json'), '{"stale":');
    const path = await writer.point({ recipe: 'r', variant: 'v', attempt: 1, result: result(0), records: [], gaps: [], series: [] });
    await writer.task(taskFile([entry(1, 0, path)]));
    await writer.close();
    expect((await readRun(writer.dir)).tasks[0]?.points[0]?.result).toEqual(result(0));
  });

  it('keeps the lines of a group in their order, those too that came while one was written', async () => {
    const writer = await create();
    const lines = Array.from({ length: 50 }, (_, i) => `line ${i}`);
    await Promise.all(lines.map((line) => writer.groupLine(3, line)));
    await writer.groupLine(3, 'last\nof all');
    const text = await readFile(join(writer.dir, 'groups/3.log'), 'utf8');
    expect(text.replaceAll(/^\S*Z /gm, '')).toBe(`${lines.join('\n')}\nlast\n  of all\n`);
    await writer.close();
  });

  it('a point that is stored once more takes the place of the one before', async () => {
    const writer = await create();
    const point = { recipe: 'r', variant: 'v', attempt: 1, records: [], gaps: [], series: [] };
    await writer.point({ ...point, result: result(0) });
    const path = await writer.point({ ...point, result: { ...result(0), durationS: 77 } });
    await writer.task(taskFile([entry(1, 0, path)]));
    await writer.close();
    expect((await readRun(writer.dir)).tasks[0]?.points[0]?.result?.durationS).toBe(77);
  });

  it('keeps what a client of its own left, in the point or beside where it would be', async () => {
    const writer = await create();
    const where = { recipe: 'r', variant: 'v', attempt: 1, point: 0, repeat: 0 };
    const folder = await writer.pointFolder(where);
    await mkdir(join(folder, 'clients/a'), { recursive: true });
    await writeFile(join(folder, 'clients/a/metrics.json'), '{}');
    const path = await writer.point({
      recipe: 'r',
      variant: 'v',
      attempt: 1,
      result: { ...result(0), load: null, tokenSources: null, ownMetrics: { ops: { unit: '1/s', better: 'higher' } } },
      records: [],
      gaps: [],
      series: [],
    });
    expect((await readdir(join(writer.dir, 'tasks/r/v', path))).sort()).toEqual([
      'clients',
      'gaps.bin.gz',
      'requests.jsonl.gz',
      'result.json',
      'series.json',
    ]);
    await writeFile(join(await writer.pointFolder({ ...where, repeat: 1 }), 'log'), 'why');
    const failed = await writer.failedPoint({ ...where, repeat: 1 });
    expect(await readFile(join(writer.dir, 'tasks/r/v', failed, 'log'), 'utf8')).toBe('why');
    await writer.pointFolder({ ...where, repeat: 2 });
    expect(await writer.failedPoint({ ...where, repeat: 2 })).toBe('');
    await writer.close();
  });

  it('tells which deployments are still up', async () => {
    const writer = await create();
    const planning = (deployment: string) =>
      writer.event({ type: 'deployment_planned', deployment, key: 'k', machine: 1, target: 'compose', record: { id: deployment } });
    await writer.event({ type: 'machine_ready', machine: 1, name: 'gpu1' });
    for (const deployment of ['d1', 'd2', 'd3']) await planning(deployment);
    await writer.event({ type: 'deployment_started', deployment: 'd2', record: { id: 'd2', port: 7 } });
    await writer.event({ type: 'deployment_stopped', deployment: 'd1' });
    await writer.event({ type: 'deployment_kept', deployment: 'd2' });
    await writer.close();
    expect((await readRun(writer.dir)).live).toEqual([
      { deployment: 'd2', target: 'compose', machine: 1, machineName: 'gpu1', record: { id: 'd2', port: 7 } },
      { deployment: 'd3', target: 'compose', machine: 1, machineName: 'gpu1', record: { id: 'd3' } },
    ]);
  });

  it('with a task whose name is no folder’s is read, and says so', async () => {
    const writer = await create();
    await writer.close();
    const odd = { ...planned, recipe: 'my recipe @home' };
    await writeFile(runPaths.run(writer.dir), JSON.stringify({ ...writer.run, tasks: [odd, planned] }));
    const view = await readRun(writer.dir);
    expect(view.tasks.map((t) => [t.file.recipe, t.file.status])).toEqual([
      ['my recipe @home', 'pending'],
      ['r', 'pending'],
    ]);
    expect(view.problems).toEqual([
      { path: runPaths.run(writer.dir), message: expect.stringContaining('"my recipe @home" cannot be a folder name') as string },
    ]);
  });

  it('is not made for a task whose name is no folder’s', async () => {
    const asked = { recipes: [], site: 'local', filter: [], seed: 0 };
    const error = await failure(RunWriter.create({ root, asked, tasks: [planned, { ...planned, recipe: 'a b' }], tools: {} }, io));
    expect(error.code).toBe('BENCH_UNSAFE_NAME');
    expect(await findRuns(root)).toEqual([]);
  });

  it('that is opened and closed again stays as it was; reopened it runs', async () => {
    const first = await create();
    await first.finish('done', 0, io.now());
    await first.close();
    const before = await readFile(runPaths.run(first.dir), 'utf8');
    const refused = await RunWriter.open(first.dir, io);
    expect(refused.run).toMatchObject({ status: 'done', exitCode: 0 });
    await refused.close();
    expect(await readFile(runPaths.run(first.dir), 'utf8')).toBe(before);
    expect((await readRun(first.dir)).status).toBe('done');

    const again = await RunWriter.open(first.dir, io);
    await again.reopen();
    expect(again.run).toMatchObject({ status: 'running', endedAt: null, exitCode: null });
    expect((await readRun(first.dir)).run).toEqual(again.run);
    expect((await readRun(first.dir)).status).toBe('running');
    await again.close();
  });

  it('refuses names that would lead out of it', async () => {
    const writer = await create();
    expect((await failure(writer.taskRecipe({ recipe: '..', variant: 'v' }, ''))).code).toBe('BENCH_UNSAFE_NAME');
    expect((await failure(writer.taskRecipe({ recipe: 'a/b', variant: 'v' }, ''))).code).toBe('BENCH_UNSAFE_NAME');
    await writer.close();
  });
});

describe('one writer', () => {
  it('at a time', async () => {
    const writer = await create();
    const error = await failure(RunWriter.open(writer.dir, io));
    expect(error.code).toBe('BENCH_RUN_BUSY');
    expect(error.message).toContain(String(process.pid));
    await writer.close();
    await (await RunWriter.open(writer.dir, io)).close();
  });

  it.each([
    ['a process that is gone', { pid: 2 ** 22 - 1, started: '1', boot: null }],
    ['a process id that is used again', { pid: process.pid, started: '1', boot: null }],
    ['another boot (a lock of an older version)', { pid: process.pid, started: null, boot: 'another' }],
    ['another boot of this machine', { pid: process.pid, started: null, boot: 'another', host: hostname(), machine: machineId() }],
    ['a gone process of this machine', { pid: 2 ** 22 - 1, started: '1', boot: bootId(), host: hostname(), machine: null }],
    ['nobody (an empty file)', null],
  ])('takes over the lock of %s', async (_name, holder) => {
    const path = join(root, 'lock');
    await writeFile(path, holder === null ? '' : JSON.stringify(holder));
    const lock = await lockRun(path);
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid });
    await lock.release();
    await expect(readFile(path)).rejects.toThrow(/ENOENT/);
  });
});

describe('the lock of another machine', () => {
  const here = { pid: 2 ** 22 - 1, started: '1', boot: 'another', host: hostname(), machine: machineId() };
  // Nothing tells two hosts of one name apart on a machine without an id.
  const others: [string, typeof here][] = [['another host', { ...here, host: 'node-17' }]];
  if (machineId() !== null) others.push(['a host of the same name', { ...here, machine: 'f'.repeat(32) }]);
  it.each(others)('%s is left alone, and counts as running', async (_name, holder) => {
    const writer = await create();
    await writer.close();
    const path = runPaths.lock(writer.dir);
    await writeFile(path, JSON.stringify(holder));
    const error = await failure(RunWriter.open(writer.dir, io));
    expect(error).toMatchObject({ code: 'BENCH_RUN_BUSY', exitCode: 2, details: { host: holder.host, pid: holder.pid, lock: path } });
    expect(error.message).toContain(`on ${holder.host}`);
    expect(error.hint).toContain(`delete ${path}`);
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(holder);
    expect((await readRun(writer.dir)).status).toBe('running');
  });

  it('names its own machine', async () => {
    const lock = await lockRun(join(root, 'lock'));
    expect(JSON.parse(await readFile(join(root, 'lock'), 'utf8'))).toMatchObject({
      pid: process.pid,
      host: hostname(),
      machine: machineId(),
    });
    await lock.release();
    expect(await readdir(root)).toEqual([]);
  });
});

describe('the journal', () => {
  const event = { type: 'deployment_stopped', deployment: 'd1' } as const;

  it('keeps events in order, and numbers them on after it was opened again', async () => {
    const writer = await create();
    await Promise.all([writer.event(event), writer.event({ ...event, deployment: 'd2' })]);
    await writer.close();
    const again = await RunWriter.open(writer.dir, io);
    await again.event({ ...event, deployment: 'd3' });
    await again.close();
    const { events } = await readJournal(runPaths.journal(writer.dir));
    expect(events.map((e) => [e.seq, e.at, e.type === 'deployment_stopped' && e.deployment])).toEqual([
      [0, '2026-01-02T03:04:05.000Z', 'd1'],
      [1, '2026-01-02T03:04:05.000Z', 'd2'],
      [2, '2026-01-02T03:04:05.000Z', 'd3'],
    ]);
  });

  it('survives a last line cut at any byte', async () => {
    const writer = await create();
    await writer.event(event);
    await writer.close();
    const path = runPaths.journal(writer.dir);
    const whole = await readFile(path);
    for (let cut = 1; cut < whole.length; cut++) {
      await writeFile(path, Buffer.concat([whole, whole.subarray(0, cut)]));
      const again = await RunWriter.open(writer.dir, io);
      await again.event({ ...event, deployment: 'after' });
      await again.close();
      const { events, truncatedAt } = await readJournal(path);
      expect([events.length, truncatedAt]).toEqual([2, null]);
      await truncate(path, whole.length);
    }
  });

  it('that was edited is refused with the line', async () => {
    const writer = await create();
    await writer.close();
    await appendFile(runPaths.journal(writer.dir), '{"type":"nonsense"}\n');
    const error = await failure(readJournal(runPaths.journal(writer.dir)));
    expect(error.code).toBe('BENCH_JOURNAL_DAMAGED');
    expect(error.message).toContain('journal.jsonl:1');
  });
});

describe('finding runs', () => {
  it('by id, its beginning, its folder, and as the latest', async () => {
    const a = await create();
    const b = await create();
    await Promise.all([a.close(), b.close()]);
    await mkdir(join(root, 'not-a-run'));
    expect((await findRuns(root)).sort()).toEqual([a.dir, b.dir].sort());
    expect(await resolveRun(a.run.id, root)).toBe(a.dir);
    expect(await resolveRun(a.dir, '/nowhere')).toBe(a.dir);
    expect(await resolveRun('latest', root)).toBe((await findRuns(root)).at(-1));
    expect((await failure(resolveRun('r', root))).message).toContain('means 2 runs');
    expect((await failure(resolveRun('rzzzzzzzzz', root))).code).toBe('BENCH_RUN_NOT_FOUND');
    await rm(root, { recursive: true });
    expect(await findRuns(root)).toEqual([]);
  });
});
