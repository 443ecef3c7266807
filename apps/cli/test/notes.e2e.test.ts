import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunWriter } from '@bench/results';
import { beforeAll, describe, expect, it } from 'vitest';
import { bench, folder, show } from './cli.ts';
import { writtenRun } from './written-runs.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 4, 1);
let root: string;
let runs: string;
let ids: string[];

beforeAll(async () => {
  root = await folder();
  runs = join(root, 'runs');
  ids = [
    await writtenRun(runs, { at: START, figures: { 8: [100] } }),
    await writtenRun(runs, {
      at: START + DAY,
      figures: { 8: [100] },
      recipe: 'qwen3-coder',
      site: 'slurm:login1',
      gpu: { name: 'H200', count: 2 },
      engine: { name: 'sglang', model: 'Qwen/Qwen3-Coder' },
    }),
    await writtenRun(runs, { at: START + 2 * DAY, figures: { 8: [100] }, status: 'failed' }),
  ];
});

const inRoot = (args: readonly string[]) => bench(args, { cwd: root });
const listed = async (...flags: string[]) => {
  const finished = await inRoot(['list', '--json', ...flags]);
  expect(finished.code, show(finished)).toBe(0);
  return JSON.parse(finished.stdout) as { id: string; tags: string[]; recipes: string[]; measured: number; points: number }[];
};

describe('bench list', () => {
  it.each([
    [[], [0, 1, 2]],
    [['--recipe', 'qwen*', '--status', 'done', '--site', 'slurm*', '--model', '*/qwen3-coder', '--gpu', 'h200'], [1]],
    [['--since', '2026-05-02', '--engine', 'vllm'], [2]],
    [['--engine', 'vllm', '--limit', '1'], [2]],
  ])('%j', async (flags, expected) => {
    expect((await listed(...flags)).map(({ id }) => ids.indexOf(id))).toEqual(expected);
  });

  it('says that no run is like that', async () => {
    expect(await inRoot(['list', '--gpu', 'B200'])).toMatchObject({ code: 0, stdout: 'no run in runs is like that\n' });
  });

  it('shows a run that cannot be read, unless a filter is to pass', async () => {
    const own = join(root, 'damaged');
    await writtenRun(own, { at: START, figures: { 8: [100] } });
    const id = await writtenRun(own, { at: START + DAY, figures: { 8: [100] } });
    await writeFile(join(own, id, 'run.json'), '{');
    expect((await listed('--out', own)).map(({ recipes }) => recipes[0])).toEqual([expect.stringContaining('is not JSON'), 'tiny']);
    expect(await listed('--out', own, '--since', '2026-01-01')).toHaveLength(1);
  });
});

describe('tags and remarks', () => {
  it('are on every place that shows the run', async () => {
    const [, run = ''] = ids;
    expect(await inRoot(['tag', run, 'nightly', 'driver=570'])).toMatchObject({ code: 0, stdout: 'tags: nightly, driver=570\n' });
    const noted = await inRoot(['note', run, 'fan', 'of', 'gpu3', 'replaced']);
    expect(noted.stdout).toMatch(/^tags: nightly, driver=570\n1\. 20\d\d-\d\d-\d\d \d\d:\d\d UTC {2}fan of gpu3 replaced\n$/);
    expect((await listed('--tag', 'nightly')).map(({ id, tags }) => [id, tags])).toEqual([[run, ['nightly', 'driver=570']]]);
    const table = await inRoot(['list']);
    expect(table.stdout).toMatch(/POINTS {2}TAGS {16,}RECIPES/);
    expect(table.stdout).toMatch(new RegExp(`${run} .* nightly driver=570 +qwen3-coder`));
    const status = await inRoot(['status', run]);
    expect(status.stdout).toMatch(/\ntags: nightly, driver=570\n.* UTC {2}fan of gpu3 replaced\n/);
    const json = JSON.parse((await inRoot(['status', run, '--json'])).stdout) as { notes: unknown };
    expect(json.notes).toMatchObject({ tags: ['nightly', 'driver=570'], remarks: [{ text: 'fan of gpu3 replaced' }] });
    expect((await inRoot(['tag', run, '--remove', 'nightly'])).stdout).toMatch(/^tags: driver=570\n1\. /);
    expect((await inRoot(['note', run, '--remove', '1'])).stdout).toBe('tags: driver=570\n');
  });

  it('come from several commands at once while the run goes on, and none is lost', async () => {
    const asked = { recipes: ['/r'], site: 'local', filter: [], seed: 0 };
    const io = { now: Date.now, monotonic: () => 0, random: Math.random };
    const writer = await RunWriter.create({ root: join(root, 'going'), asked, tasks: [], tools: {} }, io);
    try {
      const names = ['a', 'b', 'c', 'd'];
      const all = await Promise.all(names.map((name) => inRoot(['tag', writer.dir, name])));
      expect(
        all.map(({ code }) => code),
        all.map(show).join('\n'),
      ).toEqual([0, 0, 0, 0]);
      const notes = JSON.parse(await readFile(join(writer.dir, 'notes.json'), 'utf8')) as { tags: string[] };
      expect(notes.tags.toSorted()).toEqual(names);
    } finally {
      await writer.close();
    }
  });

  it.each([
    [['tag', 'latest', 'two words'], 'cannot be a tag'],
    [['tag', 'latest', '--remove', 'nothere'], 'it has no tag "nothere"'],
    [['note', 'latest', '--remove', '3'], 'it has no remark 3'],
    [['note', 'latest', ' '], 'the remark is empty'],
    [['tag', 'rnothere00', 'x'], 'no run "rnothere00"'],
    [['list', '--since', 'yesterday'], 'expected a day, a time, or how long ago'],
    [['list', '--status', 'dome'], 'Allowed choices are running, done, failed, interrupted'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await inRoot(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
