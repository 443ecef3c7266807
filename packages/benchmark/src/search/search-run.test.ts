import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo } from '@bench/core';
import { connect } from '@bench/host';
import { expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import { readJournal, readRun, runPaths, searchText } from '@bench/results';
import { beforeEach, expect, it, vi } from 'vitest';
import { type RunEvent, runTasks } from '../index.ts';
import { recordingEngine } from '../testing/recording-engine.ts';

// Engines come up and go down in these.
vi.setConfig({ testTimeout: 120_000 });

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-search-'));
});

/** An engine with 3 places: a request that comes while they are taken fails. */
function tasks(benchmark: string, engine = 'mode: full, limit: 3'): Task[] {
  const yaml = `model: {huggingface: org/m}
engine: {llm: {recording: {record_to: ${JSON.stringify(join(root, 'record.jsonl'))}, ${engine}}}}
benchmark: {num_prompts: 4, random_input_len: 40, random_output_len: 3, warmup: 0, ${benchmark}}
`;
  return expandRecipe(parseRecipe(yaml, { file: join(root, 'recipe.yaml'), dir: root, name: 'r' }, { engines: [recordingEngine] }));
}

async function run(list: Task[], more: { resume?: string; stop?: (event: RunEvent) => boolean } = {}) {
  const stop = new AbortController();
  const events: RunEvent[] = [];
  const outcome = await runTasks({
    io: createIo({ signal: stop.signal, connect }),
    tasks: list,
    engines: [recordingEngine],
    root,
    folders: [],
    tools: { test: '1' },
    asked: { recipes: [], site: 'local', filter: [], seed: 3 },
    ...(more.resume === undefined ? {} : { resume: more.resume }),
    on: (event) => {
      events.push(event);
      if (more.stop?.(event)) stop.abort();
    },
  });
  return { outcome, events };
}

const SEARCH = 'search: {max: concurrency, slo: {e2el_p99_ms: 3600000}, to: 16, precision: 0.01, repeats: 2}';
const LOADS = [1, 2, 4, 3, 3, 4];

async function probed(dir: string) {
  const { events } = await readJournal(runPaths.journal(dir));
  return events.flatMap((event) => (event.type === 'point_finished' ? [[event.probe?.at, event.point, event.repeat]] : []));
}

it('finds how many requests at once an engine serves, and keeps every probe as a point', async () => {
  const { outcome, events } = await run(tasks(SEARCH));
  expect(outcome).toMatchObject({ status: 'done', exitCode: 0 });
  expect(events[0]).toMatchObject({ points: 30, atMost: true, alreadyDone: 0 });
  expect(await probed(outcome.dir)).toEqual([
    [1, 0, 0],
    [2, 1, 0],
    [4, 2, 0],
    [3, 3, 0],
    [3, 3, 1],
    [4, 2, 1],
  ]);
  const [task] = (await readRun(outcome.dir)).tasks;
  expect(task?.file).toMatchObject({ status: 'done', search: { axis: 'concurrency', passes: 3, fails: 4, complete: true } });
  expect(task?.file.search && searchText(task.file.search)).toBe('3 concurrent pass, 4 do not (75 % sure)');
  expect(task?.points.map(({ entry, result }) => [entry.point, entry.repeat, result?.load?.maxConcurrency, result?.counts.sent])).toEqual([
    [0, 0, 1, 4],
    [1, 0, 2, 8],
    [2, 0, 4, 16],
    [2, 1, 4, 16],
    [3, 0, 3, 12],
    [3, 1, 3, 12],
  ]);
  const missed = events.flatMap((e) => (e.type === 'point_finished' ? [e.missed] : []));
  expect(missed.map((why) => why?.length)).toEqual([0, 0, 1, 0, 0, 1]);
  expect(missed[2]?.[0]).toMatch(/% of requests failed/);
  expect(events.find((e) => e.type === 'search_finished')).toMatchObject({ recipe: 'r', search: { passes: 3, fails: 4 } });
  expect((await readRun(outcome.dir)).run.tasks[0]).toMatchObject({ points: 30, repeats: 1, atMost: true });
});

it('goes on where it was when it was stopped, or crashed at any of its points', async () => {
  const list = tasks(SEARCH);
  const first = await run(list, { stop: (event) => event.type === 'point_started' && event.ref.point === 2 });
  expect(first.outcome.status).toBe('interrupted');
  expect((await readRun(first.outcome.dir)).tasks[0]?.file.search).toMatchObject({ passes: 2, fails: null, complete: false });
  const second = await run(list, { resume: first.outcome.dir });
  expect(second.outcome.status).toBe('done');
  expect(second.events[0]).toMatchObject({ alreadyDone: 2, points: 28, atMost: true });
  expect((await probed(first.outcome.dir)).map(([at]) => at)).toEqual(LOADS);

  const path = runPaths.journal(first.outcome.dir);
  const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1);
  const ends = lines.flatMap((line, i) => (line.includes('"point_finished"') ? [i + 1] : []));
  for (const keep of [ends[3] as number, ends[5] as number]) {
    const dir = join(root, `crash-${keep}`);
    await cp(first.outcome.dir, dir, { recursive: true });
    await rm(join(dir, 'tasks', 'r', 'default', 'result.json'));
    await writeFile(runPaths.journal(dir), `${lines.slice(0, keep).join('\n')}\n`);
    const again = await run(list, { resume: dir });
    expect(again.outcome.status).toBe('done');
    expect((await probed(dir)).map(([at]) => at)).toEqual(LOADS);
    expect((await readRun(dir)).tasks[0]?.file).toMatchObject({ status: 'done', search: { passes: 3, fails: 4, complete: true } });
  }
});

it('ends with its task where a point cannot be measured, with what was found', async () => {
  const { outcome, events } = await run(tasks(SEARCH, 'mode: die, limit: 8'));
  expect(outcome).toMatchObject({ status: 'failed', exitCode: 1 });
  expect(events.filter((e) => e.type === 'point_failed')).toHaveLength(1);
  const [task] = (await readRun(outcome.dir)).tasks;
  expect(task?.file).toMatchObject({ status: 'failed', search: { passes: 1, fails: null, complete: false } });
});

it('takes a load of which not one request is served as one that fails, once others were', async () => {
  const { outcome } = await run(tasks(SEARCH, 'mode: overrun, limit: 3'));
  expect(outcome).toMatchObject({ status: 'done', exitCode: 0 });
  // So clear a failure needs no repeat.
  expect((await probed(outcome.dir)).map(([at]) => at)).toEqual([1, 2, 4, 3, 3]);
  const [task] = (await readRun(outcome.dir)).tasks;
  expect(task?.file.search).toMatchObject({ passes: 3, fails: 4, complete: true });
  expect(task?.file.search?.probes[2]).toMatchObject({ at: 4, missed: ['no request succeeded'] });
  expect(task?.points.find(({ entry }) => entry.point === 2)?.result?.counts.ok).toBe(0);
});

it('fails where the engine serves nothing from the first', async () => {
  const { outcome } = await run(tasks(SEARCH, 'mode: fail'));
  expect(outcome).toMatchObject({ status: 'failed', exitCode: 5 });
  expect(await probed(outcome.dir)).toEqual([]);
});

it('a curve doubles concurrency from 1 to its end', async () => {
  const { outcome, events } = await run(tasks('max_concurrency: 2, sweep: auto', 'mode: good'));
  expect(outcome.status).toBe('done');
  expect(events[0]).toMatchObject({ points: 4, atMost: true });
  expect((await probed(outcome.dir)).map(([at]) => at)).toEqual([1, 2]);
  expect((await readRun(outcome.dir)).tasks[0]?.file.search).toBeUndefined();
});
