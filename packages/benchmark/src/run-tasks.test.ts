import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, createIo, processAlive } from '@bench/core';
import { connect } from '@bench/host';
import { expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import { type JournalLine, readJournal, readRun, runPaths } from '@bench/results';
import { beforeEach, describe, expect, it } from 'vitest';
import { type RunEvent, type RunOutcome, runTasks } from './index.ts';
import { recordingEngine } from './testing/recording-engine.ts';

const engines = [recordingEngine];
let root: string;
let record: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-benchmark-'));
  record = join(root, 'record.jsonl');
});

function tasks(options: { engine?: string; benchmark?: string; matrices?: string } = {}): Task[] {
  const yaml = `model: {huggingface: org/m}
engine: {llm: {recording: {record_to: ${JSON.stringify(record)}, ${options.engine ?? ''}}}}
benchmark: {num_prompts: 4, random_input_len: 40, random_output_len: 5, warmup: 2, ${options.benchmark ?? 'max_concurrency: 2'}}
${options.matrices ?? ''}
`;
  return expandRecipe(parseRecipe(yaml, { file: join(root, 'recipe.yaml'), dir: root, name: 'r' }, { engines }));
}

async function run(
  list: Task[],
  more: { resume?: string; telemetry?: { intervalMs: number } | null; stop?: (event: RunEvent, stop: AbortController) => void } = {},
) {
  const stop = new AbortController();
  const events: RunEvent[] = [];
  const outcome = await runTasks({
    io: createIo({ signal: stop.signal, connect }),
    tasks: list,
    engines,
    root,
    folders: [],
    tools: { test: '1' },
    asked: { recipes: [], site: 'local', filter: [], seed: 3 },
    ...(more.resume === undefined ? {} : { resume: more.resume }),
    ...(more.telemetry === undefined ? {} : { telemetry: more.telemetry }),
    on: (event) => {
      events.push(event);
      more.stop?.(event, stop);
    },
  });
  return { outcome, events };
}

const journal = async (outcome: RunOutcome): Promise<JournalLine[]> => (await readJournal(runPaths.journal(outcome.dir))).events;
type Seen = { prompt?: string; start?: number; reset?: boolean };
const seen = async (): Promise<Seen[]> =>
  (await readFile(record, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Seen);
const started = async () => (await seen()).filter((s) => s.start !== undefined).map((s) => s.start as number);
const expectGone = (pids: number[]) => expect.poll(() => pids.filter(processAlive), { timeout: 4000, interval: 20 }).toEqual([]);

describe('a run', () => {
  it('serves tasks that differ only in load from one deployment, and takes each deployment down', async () => {
    const list = tasks({ matrices: 'matrices: {cross: {benchmark.max_concurrency: [1, 2], engine.llm.max_concurrent_requests: [4, 8]}}' });
    const { outcome, events } = await run(list);
    expect(outcome).toMatchObject({ status: 'done', exitCode: 0 });
    const pids = await started();
    expect(pids).toHaveLength(2);
    await expectGone(pids);
    const types = (await journal(outcome)).map((e) => e.type).filter((t) => /deployment|attempt/.test(t));
    const once = [
      'deployment_planned',
      'deployment_started',
      'deployment_ready',
      'attempt_started',
      'attempt_started',
      'deployment_stopped',
    ];
    expect(types).toEqual([...once, ...once]);
    const view = await readRun(outcome.dir);
    expect(view.problems).toEqual([]);
    expect(view.tasks.map((t) => [t.file.status, t.points.length, t.points[0]?.result?.counts.ok, t.deployment?.status])).toEqual(
      Array.from({ length: 4 }, () => ['done', 1, 4, 'stopped']),
    );
    expect(view.machines[0]?.system.cpu?.logicalCores).toBeGreaterThan(0);
    expect(events.filter((e) => e.type === 'point_finished')).toHaveLength(4);
    expect(view.tasks[0]?.deployment?.phases.map((p) => p.name)).toEqual(['launch', 'model_load', 'smoke_test', 'teardown']);
  });

  it('sends no prefix twice to a deployment, over points, repeats and warm-ups, and resets the cache between', async () => {
    await run(
      tasks({
        benchmark: 'repeats: 2, sweep: {max_concurrency: [1, 2, 3]}',
        matrices: 'matrices: {cross: {benchmark.random_output_len: [5, 6]}}',
      }),
    );
    const all = await seen();
    const prompts = all.flatMap((s) => (s.prompt?.startsWith('What is') === false ? [s.prompt] : []));
    // 2 tasks × 3 points × 2 repeats × (4 + 2 warm-up), and what was asked to learn the tokenizer.
    expect(prompts.length).toBeGreaterThanOrEqual(72);
    expect(all.filter((s) => s.start !== undefined)).toHaveLength(1);
    const fronts = prompts.map((p) => p.split(' ').slice(0, 5).join(' '));
    expect(new Set(fronts).size).toBe(fronts.length);
    expect(all.filter((s) => s.reset)).toHaveLength(12);
  });

  it('keeps what engine and machine told while a point was measured, in the time of its requests', async () => {
    const { outcome } = await run(tasks({ engine: 'mode: slow' }), { telemetry: { intervalMs: 20 } });
    const [point] = (await readRun(outcome.dir)).tasks[0]?.points ?? [];
    const lines = (await point?.telemetry()) ?? [];
    expect(lines[0]?.kind).toBe('clock');
    const engine = lines.filter((line) => line.kind === 'engine');
    const [first, last] = [engine[0], engine.at(-1)];
    expect([first?.running, last?.running]).toEqual([expect.any(Number), 0]);
    // It is asked once more when the load is over.
    expect(last?.atMs).toBeGreaterThan((point?.result?.durationS ?? Infinity) * 1000);
    expect(point?.result?.telemetry).toMatchObject({ intervalMs: 20, noEnergy: expect.any(String) });
  });

  it('samples nothing where that is not wanted', async () => {
    const { outcome } = await run(tasks(), { telemetry: null });
    const [point] = (await readRun(outcome.dir)).tasks[0]?.points ?? [];
    expect(await point?.telemetry()).toEqual([]);
    expect(point?.result?.telemetry).toBeUndefined();
    await expect(readFile(join(outcome.dir, 'tasks', 'r', 'default', point?.entry.path ?? '', 'telemetry.jsonl.gz'))).rejects.toThrow(
      'ENOENT',
    );
  });

  it('goes on when a task fails, and says which', async () => {
    const list = tasks({ matrices: 'matrices: [{engine.llm.recording.mode: [fail, good]}]' });
    const { outcome, events } = await run(list);
    expect(outcome).toMatchObject({ status: 'failed', exitCode: 1 });
    const failed = events.find((e) => e.type === 'point_failed');
    expect(failed?.message).toMatch(/no request succeeded \(4× http_5xx\).*kernel fault/);
    const view = await readRun(outcome.dir);
    expect(view.tasks.map((t) => t.file.status).sort()).toEqual(['done', 'failed']);
    await expectGone(await started());
  });

  it('that measures nothing ends with 5', async () => {
    expect((await run(tasks({ engine: 'mode: fail' }))).outcome).toMatchObject({ status: 'failed', exitCode: 5 });
  });

  it('names the death of the engine as the reason', async () => {
    const { outcome, events } = await run(tasks({ engine: 'mode: die, limit: 9', benchmark: 'sweep: {max_concurrency: [1, 2]}' }));
    expect(outcome.exitCode).toBe(1);
    expect(events.filter((e) => e.type === 'point_finished')).toHaveLength(1);
    expect(events.find((e) => e.type === 'point_failed')?.message).toContain('the engine ended with code 7');
  });

  it('brings an engine that died up again for the points that are left', async () => {
    const { outcome, events } = await run(tasks({ engine: 'mode: die, limit: 11', benchmark: 'sweep: {max_concurrency: [1, 2, 3]}' }));
    expect(outcome.exitCode).toBe(1);
    const [task] = (await readRun(outcome.dir)).tasks;
    expect(task?.points.map((p) => p.entry.status)).toEqual(['ok', 'failed', 'ok']);
    expect(task?.file.status).toBe('failed');
    expect(events.filter((e) => e.type === 'deployment_ready')).toHaveLength(2);
    await expectGone(await started());
  });

  it('takes no point for measured during which the engine went silent', async () => {
    // The smoke test, what is asked to learn the tokenizer, warm-ups and the first requests are answered.
    const { outcome, events } = await run(tasks({ engine: 'mode: vanish, limit: 8', benchmark: 'max_concurrency: 1' }));
    expect(outcome.exitCode).toBe(5);
    expect(events.find((e) => e.type === 'point_failed')?.message).toMatch(
      /[1-3] of 4 requests failed, and the engine does not answer any more \(GET \/health: \w+\)/,
    );
    expect((await journal(outcome)).some((e) => e.type === 'point_finished')).toBe(false);
    await expectGone(await started());
  });

  it('takes an engine that went silent down, and brings it up again for the points that are left', async () => {
    const { outcome, events } = await run(tasks({ engine: 'mode: vanish, limit: 11', benchmark: 'sweep: {max_concurrency: [1, 2, 3]}' }));
    expect(outcome.exitCode).toBe(1);
    const [task] = (await readRun(outcome.dir)).tasks;
    expect(task?.points.map((p) => p.entry.status)).toEqual(['ok', 'failed', 'ok']);
    expect(events.filter((e) => e.type === 'deployment_ready')).toHaveLength(2);
    await expectGone(await started());
  });

  it('gives an engine up that goes silent again and again, also where nothing at all was answered', async () => {
    const list = tasks({ engine: 'mode: vanish, limit: 1', benchmark: 'sweep: {max_concurrency: [1, 2, 3, 4, 5]}' });
    const { outcome, events } = await run(list);
    expect(outcome.exitCode).toBe(5);
    const failed = events.flatMap((e) => (e.type === 'point_failed' ? [e.message] : []));
    expect(failed).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/does not answer any more \(GET \/health/) as string));
    expect(events.filter((e) => e.type === 'deployment_ready')).toHaveLength(3);
    expect((await readRun(outcome.dir)).tasks[0]?.file.error).toMatchObject({
      code: 'BENCH_ENGINE_SILENT',
      message: expect.stringContaining('not tried') as string,
    });
    await expectGone(await started());
  });

  it('gives an engine up that dies again and again', async () => {
    const { outcome, events } = await run(tasks({ engine: 'mode: die, limit: 3', benchmark: 'sweep: {max_concurrency: [1, 2, 3, 4, 5]}' }));
    expect(outcome.exitCode).toBe(5);
    expect(events.filter((e) => e.type === 'deployment_ready')).toHaveLength(3);
    expect((await readRun(outcome.dir)).tasks[0]?.file).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('not tried') as string },
    });
  });

  it('refuses an unfit site before anything is made', async () => {
    const missing = { ...recordingEngine, program: { argv: ['x'] as const, needs: { command: 'no-such-thing' }, install: () => 'get it' } };
    const error: unknown = await runTasks({
      io: createIo({ connect }),
      tasks: tasks(),
      engines: [missing],
      root: join(root, 'runs'),
      folders: [],
      tools: {},
      asked: { recipes: [], site: 'local', filter: [], seed: 0 },
    }).catch((e: unknown) => e);
    expect(BenchError.is(error) && [error.code, error.exitCode, error.hint]).toEqual(['BENCH_ENGINE_MISSING', 3, 'get it']);
    await expect(readFile(join(root, 'runs'))).rejects.toThrow(/ENOENT/);
  });
});

it.each(['dataset: {type: jsonl, path: nowhere.json}', 'tokenizer: nowhere.json'])(
  'misses a file of "%s" before the engine is started',
  async (benchmark) => {
    await expect(run(tasks({ benchmark }))).rejects.toMatchObject({
      code: 'BENCH_FILE_MISSING',
      exitCode: 3,
      message: expect.stringContaining('nowhere.json does not exist') as string,
    });
    await expect(seen()).rejects.toThrow(/ENOENT/);
  },
);

it('misses a secret before anything is started', async () => {
  const yaml = 'command: {run: "touch started", env: {API_KEY: {from_env: BENCH_TEST_NOT_SET}}}';
  const list = expandRecipe(parseRecipe(yaml, { file: join(root, 'recipe.yaml'), dir: root, name: 'r' }));
  await expect(run(list)).rejects.toMatchObject({
    code: 'BENCH_SECRET_MISSING',
    exitCode: 4,
    message: 'r: API_KEY is to come from the environment variable BENCH_TEST_NOT_SET, which is not set',
  });
  await expect(readFile(join(root, 'runs'))).rejects.toThrow(/ENOENT/);
});

describe('an interrupted run', () => {
  const sweep = { benchmark: 'sweep: {max_concurrency: [1, 2, 3]}' };

  it('keeps what is done, leaves nothing running, and resumes with only what is missing', async () => {
    const list = tasks(sweep);
    const first = await run(list, { stop: (event, stop) => event.type === 'point_started' && event.ref.point === 1 && stop.abort() });
    expect(first.outcome).toMatchObject({ status: 'interrupted', exitCode: 130 });
    await expectGone(await started());
    expect((await readRun(first.outcome.dir)).tasks[0]?.points.map((p) => p.entry.point)).toEqual([0]);

    const second = await run(list, { resume: first.outcome.dir });
    expect(second.outcome).toMatchObject({ id: first.outcome.id, status: 'done', exitCode: 0 });
    expect(second.events[0]).toMatchObject({ type: 'run_started', resumed: true, points: 2, alreadyDone: 1 });
    const finished = (await journal(first.outcome)).filter((e) => e.type === 'point_finished').map((e) => [e.attempt, e.point]);
    expect(finished).toEqual([
      [1, 0],
      [2, 1],
      [2, 2],
    ]);
    expect((await readRun(first.outcome.dir)).tasks[0]?.points.map((p) => [p.entry.attempt, p.result?.counts.ok])).toEqual([
      [1, 4],
      [2, 4],
      [2, 4],
    ]);

    const third = await run(list, { resume: first.outcome.dir });
    expect(third.outcome.status).toBe('done');
    expect(await started()).toHaveLength(2);
  });

  it('can be taken up after a crash at any line of its journal, and ends measured', async () => {
    const list = tasks(sweep);
    const { outcome } = await run(list);
    const path = runPaths.journal(outcome.dir);
    const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
    const crashes = [...new Set(lines.map((line) => (JSON.parse(line) as JournalLine).type))].map(
      (type) => lines.findIndex((line) => line.includes(`"${type}"`)) + 1,
    );
    for (const keep of crashes) {
      const dir = join(root, `crash-${keep}`);
      await cp(outcome.dir, dir, { recursive: true });
      // The index of the task lags behind its journal: at worst it is not there at all.
      await rm(join(dir, 'tasks', 'r', 'default', 'result.json'));
      await writeFile(runPaths.journal(dir), `${lines.slice(0, keep).join('\n')}\n`);
      const before = lines.slice(0, keep).filter((line) => line.includes('"point_finished"')).length;
      const again = await run(list, { resume: dir });
      expect(again.outcome.status).toBe('done');
      expect(again.events[0]).toMatchObject({ points: 3 - before, alreadyDone: before });
      const view = await readRun(dir);
      expect(view.tasks[0]?.points.map((p) => p.result?.counts.ok)).toEqual([4, 4, 4]);
      expect(view.tasks[0]?.file).toMatchObject({ status: 'done' });
      expect(view.tasks[0]?.deployment).not.toBeNull();
      await rm(dir, { recursive: true });
    }
    await expectGone(await started());
  }, 120_000);

  it('is not resumed with a changed recipe', async () => {
    const first = await run(tasks(sweep));
    const error: unknown = await run(tasks({ benchmark: 'sweep: {max_concurrency: [1, 2, 3, 4]}' }), { resume: first.outcome.dir }).catch(
      (e: unknown) => e,
    );
    expect(BenchError.is(error) && [error.code, error.exitCode]).toEqual(['BENCH_RECIPE_CHANGED', 2]);
    expect((error as BenchError).message).toContain('changed');
    expect((await readRun(first.outcome.dir)).status).toBe('done');
    expect(await started()).toHaveLength(1);
  });
});
