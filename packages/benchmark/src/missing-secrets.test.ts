import { parseRecipe, type Task } from '@bench/recipe';
import { expect, it } from 'vitest';
import { missingSecrets } from './missing-secrets.ts';
import { unfit } from './placement.ts';

const task = (name: string, recipe: object): Task =>
  parseRecipe(JSON.stringify(recipe), { file: `/nowhere/${name}.yaml`, name }).tasks[0] as Task;
const io = { secrets: { get: (name: string) => (name === 'SET' ? 'value' : undefined), mask: () => undefined } };

it('secrets that are not set are told of before anything is started, of every kind of recipe', () => {
  const tasks = [
    task('serve', {
      model: { huggingface: 'org/m' },
      engine: { llm: { vllm: { extra_env: { HF_TOKEN: { from_env: 'MY_TOKEN' }, PLAIN: 'x', OTHER: { from_env: 'SET' } } } } },
    }),
    task('work', {
      command: { run: 'true', result_files: [], env: { API_KEY: { from_env: 'WORK_KEY' }, AGAIN: { from_env: 'MY_TOKEN' } } },
    }),
    task('store', {
      service: { image: 'redis:7', port: 6379, env: { REDIS_PASSWORD: { from_env: 'STORE_PASSWORD' } } },
      clients: { c: { image: 'redis:7', command: ['true'], env: { CLIENT_KEY: { from_env: 'CLIENT_KEY' } } } },
    }),
  ];
  const problems = missingSecrets(tasks, { io });
  expect(problems.map(({ message }) => message)).toEqual([
    'serve: HF_TOKEN is to come from the environment variable MY_TOKEN, which is not set',
    'work: API_KEY is to come from the environment variable WORK_KEY, which is not set',
    'store: REDIS_PASSWORD is to come from the environment variable STORE_PASSWORD, which is not set',
    'store: CLIENT_KEY is to come from the environment variable CLIENT_KEY, which is not set',
  ]);
  expect(problems[0]?.hint).toBe('export MY_TOKEN=…');
  expect(unfit(problems)).toMatchObject({ code: 'BENCH_SECRET_MISSING', exitCode: 4 });
});

it('the exit code says what is to be mended first: the recipe, then what is missing, then credentials', () => {
  const secret = { code: 'BENCH_SECRET_MISSING', message: 'a' } as const;
  const file = { code: 'BENCH_FILE_MISSING', message: 'b' } as const;
  const gpu = { code: 'BENCH_GPU_UNKNOWN', message: 'c' } as const;
  expect([[secret], [secret, file], [secret, file, gpu]].map((all) => unfit(all).exitCode)).toEqual([4, 3, 2]);
});
