import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { changeNotes, findRuns, listRuns, resolveRun, type RunFilter, runPaths, RunWriter, withTags } from './index.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 4, 1);
let root: string;
/** Ids in the order of their beginning, which is not the order of writing. */
let ids: string[];

interface Plan {
  day: number;
  recipe?: string;
  site?: string;
  engine?: string;
  model?: string;
  /** As the recipe asks for it; its machine has one of another kind, too. */
  gpu?: string;
  tag?: string;
  status?: 'done' | 'failed';
}

async function written(plan: Plan, folder = root): Promise<string> {
  const io = { now: () => START + plan.day * DAY, monotonic: () => 0, random: Math.random, sleep: () => Promise.resolve() };
  const task = { recipe: plan.recipe ?? 'tiny', variant: 'v', key: 'k' };
  const asked = { recipes: ['/r'], site: plan.site ?? 'local', filter: [], seed: 0 };
  const planned = { ...task, group: 0, deploymentKey: 'd', points: 1, repeats: 1 };
  const writer = await RunWriter.create({ root: folder, asked, tasks: [planned], tools: {} }, io);
  const gpus = [{ name: 'NVIDIA L40S' }];
  const system = { hostname: 'h', os: 'o', kernel: 'k', arch: 'x64', gpus };
  await writer.machine(0, { name: 'local', kind: 'local', system, priceUsdPerHour: null, priceSource: null });
  const engine = { name: plan.engine ?? 'vllm', version: '1', model: plan.model ?? 'Qwen/Qwen3-8B', randomWeights: false };
  await writer.deployment({ id: 'd1', key: 'd', target: 'process', status: 'stopped', engine, machine: 0, phases: [], error: null });
  await writer.task({
    ...task,
    schemaVersion: 1,
    kind: 'inference',
    params: {},
    gpu: { name: plan.gpu ?? null, count: plan.gpu === undefined ? 0 : 2 },
    status: 'done',
    deployment: 'd1',
    machine: 0,
    points: [],
    error: null,
  });
  if (plan.tag !== undefined) await changeNotes(writer.dir, (notes) => withTags(notes, { add: [plan.tag as string] }), io);
  await writer.finish(plan.status ?? 'done', 0, io.now());
  await writer.close();
  return writer.run.id;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-list-'));
  const last = await written({ day: 3, status: 'failed', tag: 'nightly' });
  const first = await written({ day: 0 });
  const other = await written({ day: 1, recipe: 'qwen3-coder', site: 'slurm:login1', engine: 'sglang', model: 'Qwen/Coder', gpu: 'H200' });
  ids = [first, other, last];
});

const listed = async (filter: RunFilter, limit?: number) =>
  (await listRuns(root, { filter, limit })).map((run) => ('outline' in run ? ids.indexOf(run.outline.run.id) : run.error));

it.each<[RunFilter, number[]]>([
  [{}, [0, 1, 2]],
  [{ recipe: 'qwen*' }, [1]],
  [{ status: 'failed' }, [2]],
  [{ site: 'SLURM*' }, [1]],
  [{ model: '*/qwen3-8b' }, [0, 2]],
  [{ gpu: 'h200' }, [1]],
  [{ gpu: '*L40S' }, []],
  [{ engine: 'vllm' }, [0, 2]],
  [{ tag: 'nightly' }, [2]],
  [{ tag: 'night' }, []],
  [{ since: START + DAY }, [1, 2]],
  [{ since: START + DAY, engine: 'vllm' }, [2]],
  [{ recipe: 'qwen*', engine: 'vllm' }, []],
])('%j', async (filter, expected) => {
  expect(await listed(filter)).toEqual(expected);
});

it('gives the newest so many, of those that pass', async () => {
  expect(await listed({}, 2)).toEqual([1, 2]);
  expect(await listed({ engine: 'vllm' }, 1)).toEqual([2]);
  expect(await listed({}, 99)).toEqual([0, 1, 2]);
});

it('has a run that cannot be read, with the reason, but for one that has to pass a filter', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-list-'));
  await written({ day: 0 }, folder);
  const id = await written({ day: 1 }, folder);
  await writeFile(runPaths.run(join(folder, id)), '{');
  expect(await listRuns(folder)).toMatchObject([{ error: expect.stringContaining('is not JSON') }, { outline: { status: 'done' } }]);
  expect(await listRuns(folder, { filter: { since: 0 } })).toHaveLength(1);
  expect(await listRuns(join(folder, 'nowhere'))).toEqual([]);
});

it('takes for the latest what began last, whatever the dates of its files; one that cannot be read by those', async () => {
  const dirs = ids.map((id) => join(root, id));
  expect(await findRuns(root)).toEqual(dirs);
  expect(await resolveRun('latest', root)).toBe(dirs[2]);
  const folder = await mkdtemp(join(tmpdir(), 'bench-list-'));
  const old = await written({ day: -9000 }, folder);
  for (const text of ['{', 'null', '{"createdAt":"then"}']) {
    const broken = join(folder, 'rbroken');
    await mkdir(broken, { recursive: true });
    await writeFile(runPaths.run(broken), text);
    expect(await findRuns(folder)).toEqual([join(folder, old), broken]);
  }
});

it('reads no file that a point measured', async () => {
  const [id = ''] = ids;
  const path = join(root, id, 'tasks/tiny/v/result.json');
  const file = JSON.parse(await readFile(path, 'utf8')) as object;
  const entry = { attempt: 1, point: 0, repeat: 0, path: 'attempts/1/points/0/0', status: 'ok', error: null };
  await writeFile(path, JSON.stringify({ ...file, points: [entry] }));
  const [run] = await listRuns(root);
  expect(run).toMatchObject({ outline: { tasks: [{ points: [{ entry }] }], problems: [] } });
});

it('stops when it is told to', async () => {
  await expect(listRuns(root, { signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
});
