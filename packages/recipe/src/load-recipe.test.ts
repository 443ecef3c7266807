import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deploymentKey, engineOf, expandRecipe, loadPoints, loadRecipe, servedModelName } from './index.ts';

const RECIPES = join(import.meta.dirname, '../../../recipes');

describe('recipes/tiny-cpu', () => {
  it('loads, and launches the embedded engine', async () => {
    const loaded = await loadRecipe(join(RECIPES, 'tiny-cpu'));
    expect(loaded).toMatchObject({ name: 'tiny-cpu', kind: 'inference', variantCount: 1 });
    const [task] = expandRecipe(loaded);
    if (!task) throw new Error('no task');
    expect(task.variant).toBe('default');
    const { engine, settings, llm } = engineOf(task.resolved);
    const launch = engine.launch({ model: task.resolved.model!, llm, settings, port: 1234, gpu: null, via: 'process' });
    expect(launch.args.join(' ')).toBe(
      '--port 1234 --host 127.0.0.1 --model-random tiny --served-model-name random-tiny --parallel 8 --context-length 1024',
    );
    expect(servedModelName(task.resolved)).toBe('random-tiny');
    expect(loadPoints(task).map(({ label, load }) => [label, load.maxConcurrency, load.numPrompts, load.warmupRequests])).toEqual([
      ['max_concurrency=1 num_prompts=16', 1, 16, 1],
      ['max_concurrency=2 num_prompts=24', 2, 24, 2],
      ['max_concurrency=4 num_prompts=48', 4, 48, 4],
      ['max_concurrency=8 num_prompts=96', 8, 96, 8],
      ['max_concurrency=16 num_prompts=128', 16, 128, 8],
    ]);
    expect(deploymentKey(task.resolved)).toMatch(/^[0-9a-f]{16}$/);
  });
});
