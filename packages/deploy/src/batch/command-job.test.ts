import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { BatchJob } from './types.ts';
import { batchNode, type BatchNode, closeBatchNodes } from './testing/batch-node.ts';

afterEach(closeBatchNodes);

const recipe = (command: object, slurm: object = {}) => JSON.stringify({ command, slurm });
const run = (node: BatchNode, env?: Record<string, string>) => node.start(node.plan.jobs[0] as BatchJob, env);
const files = (node: BatchNode) => join(node.plan.record.folder, 'clients/0/0');

it('a command runs in its folder, and what it promised is brought together', async () => {
  const node = await batchNode(
    recipe(
      {
        run: 'pwd; echo "$word|$gpu_device_ids" ; echo "$$FROM_PRELUDE $$BENCHMARK_ID" > out.txt; mkdir -p deep/er; echo 1 > deep/er/a.csv; echo "{}" > metrics.json; echo mine > command.log; exit 0',
        variables: { word: '"it\'s" $(id)' },
        result_files: ['out.txt', 'deep/*/*.csv', 'none*.txt', 'command.log'],
        env: { A: 'b' },
      },
      { prelude: ['export FROM_PRELUDE=yes'] },
    ),
    { folder: "a 'folder'" },
  );
  expect(node.plan.jobs).toHaveLength(1);
  const job = run(node, { CUDA_VISIBLE_DEVICES: '2,3' });
  expect(await job.ended).toBe(0);
  expect(await node.state('service.exit')).toMatchObject({ code: 0, reason: 'done' });
  expect(await node.state('service.ready')).not.toBeNull();
  expect(await readFile(join(files(node), 'command.log'), 'utf8')).toBe(`${node.plan.record.folder}/task\n"it's" $(id)|2,3\n`);
  expect((await readdir(files(node))).sort()).toEqual(['command.log', 'deep', 'metrics.json', 'out.txt', 'task-command.log']);
  expect(await readFile(join(files(node), 'out.txt'), 'utf8')).toBe('yes r123\n');
});

it('a command that fails leaves what there is, and says why', async () => {
  const node = await batchNode(recipe({ run: 'echo half > out.txt; echo "no luck" >&2; exit 4', result_files: ['out.txt'] }));
  expect(await run(node).ended).toBe(4);
  expect(await node.state('service.exit')).toMatchObject({ code: 4, reason: 'exited with code 4: no luck' });
  expect(await readFile(join(files(node), 'out.txt'), 'utf8')).toBe('half\n');
});

it('a file that was promised and is not there fails the command', async () => {
  const node = await batchNode(recipe({ run: 'true', result_files: ['a b.txt', '*.csv'] }));
  expect(await run(node).ended).toBe(1);
  expect(await node.state('service.exit')).toMatchObject({ code: 1, reason: 'result_files: there is no a b.txt' });
});

it('a command is ended for its time, with all that it started', async () => {
  const node = await batchNode(recipe({ run: 'sleep 300 & echo $! > pid; wait', timeout: 1, result_files: ['pid'] }));
  expect(await run(node).ended).toBe(1);
  expect(await node.state('service.exit')).toMatchObject({ code: null, reason: 'did not end within 1 s and was ended' });
  const pid = Number(await readFile(join(files(node), 'pid'), 'utf8'));
  const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  expect(state).toContain(') Z');
});

it('a command that is told to stop brings what there is', async () => {
  const node = await batchNode(recipe({ run: 'echo half > out.txt; sleep 300', result_files: ['out.txt'] }));
  const job = run(node);
  await node.until('service.ready', job);
  await expect
    .poll(() => readFile(join(node.plan.record.folder, 'task/out.txt'), 'utf8').catch(() => ''), { timeout: 10_000 })
    .toBe('half\n');
  await writeFile(join(node.plan.record.folder, 'state/stop'), '{"atMs":1,"reason":"torn down"}');
  expect(await job.ended).toBe(130);
  expect(await node.state('service.exit')).toMatchObject({ code: null, reason: 'stopped: torn down' });
  expect(await readFile(join(files(node), 'out.txt'), 'utf8')).toBe('half\n');
});
