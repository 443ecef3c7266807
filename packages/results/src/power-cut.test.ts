import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { pointWith, recordWith } from './formats/testing/points.ts';
import { RunWriter } from './index.ts';
import { watchSyncs } from './testing/synced.ts';

const record = recordWith({});
const result = (point: number) => ({ ...pointWith({ completed: 1, duration: 1.5 }), point });
const io = { now: () => 0, monotonic: () => 0, random: Math.random };
let top = '';
let watch: Awaited<ReturnType<typeof watchSyncs>>;
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'bench-power-'));
  watch = await watchSyncs(top);
});
afterEach(async () => {
  watch.restore();
  await rm(top, { recursive: true, force: true });
});

it('a power cut takes away nothing that was written, in folders that were made for it too', async () => {
  const tasks = [{ recipe: 'r', variant: 'v', key: 'k1', group: 0, deploymentKey: 'd1', points: 2, repeats: 1 }];
  const asked = { recipes: ['/r'], site: 'local', filter: [], seed: 0 };
  const writer = await RunWriter.create({ root: join(top, 'a/b/runs'), asked, tasks, tools: {} }, io);
  // The lock says who is alive, and after a power cut nobody is.
  const lost = () => watch.atRisk(/run\.lock/);
  expect(await lost()).toEqual([]);
  await writer.event({ type: 'run_started', pid: 1, resumed: false });
  expect(await lost()).toEqual([]);
  await writer.deploymentDir('d1');
  expect(await lost()).toEqual([]);
  for (const point of [0, 1]) {
    await writer.point({
      recipe: 'r',
      variant: 'v',
      attempt: 1,
      result: result(point),
      records: [record],
      gaps: [{ index: 0, gapsMs: Float32Array.of(1.5) }],
      series: [],
    });
    expect(await lost()).toEqual([]);
  }
  await writer.taskRecipe({ recipe: 'r', variant: 'v' }, 'model: {}\n');
  await writer.finish('done', 0, 1);
  expect(await lost()).toEqual([]);
  await writer.close();
});

it('the watch sees what is at risk', async () => {
  await mkdir(join(top, 'new'));
  await writeFile(join(top, 'new/file'), 'text');
  expect((await watch.atRisk()).sort()).toEqual(['content /new/file', 'name /new', 'name /new/file']);
});
