import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo, loadSpecSchema } from '@bench/core';
import type { Deployment } from '@bench/deploy';
import type { LoadResult } from '@bench/loadgen';
import { expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import { expect, it } from 'vitest';
import type { LoadOrder } from './load-places/index.ts';
import { nothingMeasured } from './load-places/nothing-measured.ts';
import type { RunMachine } from './machine.ts';
import { measureLoad } from './measure-load.ts';

const LEARNT = { tokenizer: 'server' } as unknown as LoadResult['calibration'];

it('what a load that measured nothing, or a client of the engine’s, knows of the tokenizer is not handed to the next one', async () => {
  const io = createIo();
  const yaml = 'model: {huggingface: org/m}\nengine: {llm: {vllm: {}}}\n';
  const [task] = expandRecipe(parseRecipe(yaml, { file: '/r/recipe.yaml', dir: '/r', name: 'r' }));
  const length = { min: 10, max: 10 };
  const load = loadSpecSchema.parse({
    data: { kind: 'random', inputTokens: length, outputTokens: length },
    maxConcurrency: 1,
    numPrompts: 1,
  });
  const calibrations = new Map<string, LoadResult['calibration']>();
  const given: unknown[] = [];
  const measure = async (calibration?: LoadResult['calibration']) =>
    measureLoad({
      task: task as Task,
      index: 0,
      load,
      repeat: 0,
      id: 'r1-d1-p0-r0',
      deployment: {
        record: { id: 'd1', engine: { name: 'vllm', model: 'm' } },
        endpoint: { address: '127.0.0.1', port: 1, server: { resetCachePath: null } },
        died: new Promise(() => undefined),
      } as unknown as Deployment,
      machine: {} as RunMachine,
      place: {
        name: 'here',
        run: (order: LoadOrder) => {
          given.push(order.calibration);
          const nothing = nothingMeasured(order, io);
          return Promise.resolve(calibration === undefined ? nothing : { ...nothing, calibration });
        },
        close: () => Promise.resolve(),
      },
      dir: await mkdtemp(join(tmpdir(), 'bench-measure-')),
      seed: 1,
      calibrations,
      telemetry: null,
      said: new Set(),
      io,
      onProgress: () => undefined,
    });
  await measure();
  await measure(LEARNT);
  await measure();
  await measure();
  expect(given).toEqual([undefined, undefined, LEARNT, LEARNT]);
});
