import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RunView } from '@bench/results';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { syntheticRun } from '../testing/synthetic-run.ts';
import { failureLogs } from './failure-logs.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bench-report-logs-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const put = async (path: string, text: string) => {
  await mkdir(dirname(join(dir, path)), { recursive: true });
  await writeFile(join(dir, path), text);
};

it('reads the logs of what failed, and of nothing else', async () => {
  const view: RunView = {
    ...syntheticRun({
      tasks: [
        { recipe: 'r', variant: 'fine', points: [{ concurrency: 1 }] },
        { recipe: 'r', variant: 'broken', points: [], error: 'the engine ended with 1' },
        { recipe: 'r', variant: 'silent', points: [], error: 'the engine ended with 1' },
      ],
    }),
    dir,
  };
  await put('deployments/d1/engine.log', 'RuntimeError: nobody asks\n');
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i}`).join('\n');
  await put('deployments/d2/engine.log', `torch.OutOfMemoryError: CUDA out of memory.\n${lines}\n\n`);
  await put('deployments/d3/engine.log', '');
  const logs = await failureLogs(view);
  expect(logs).toHaveLength(1);
  expect(logs[0]).toMatchObject({
    tasks: [{ recipe: 'r', variant: 'broken' }],
    path: 'deployments/d2/engine.log',
    issues: [{ category: 'gpu_memory', count: 1 }],
    skippedBytes: 0,
  });
  expect(logs[0]?.lastLines).toHaveLength(20);
  expect(logs[0]?.lastLines.at(-1)).toBe('line 99');
});

it('reads what clients and commands wrote where a task failed without a deployment, and is quiet about what is not there', async () => {
  const view = { ...syntheticRun({ tasks: [{ recipe: 'c', kind: 'command', points: [], error: 'it ended with 1' }] }), dir };
  for (const task of view.tasks) task.deployment = null;
  expect(await failureLogs(view)).toEqual([]);
  await put(
    'tasks/c/default/attempts/1/points/0/0/command.log',
    "bash: line 1: nvcc: command not found\nModuleNotFoundError: No module named 'x'\n",
  );
  expect(await failureLogs(view)).toMatchObject([
    { path: 'tasks/c/default/attempts/1/points/0/0/command.log', issues: [{ category: 'missing_part', count: 2 }] },
  ]);
});
