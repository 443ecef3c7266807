import { expect, it } from 'vitest';
import { loadFiles, loadSpecSchema, moveLoadFiles } from './index.ts';

it('finds the files of a load, and moves them', async () => {
  const load = loadSpecSchema.parse({ data: { kind: 'jsonl', path: 'a.jsonl' }, tokenizer: 't.json' });
  expect(loadFiles(load)).toEqual([
    { path: 'a.jsonl', what: 'the prompt file' },
    { path: 't.json', what: 'the tokenizer' },
  ]);
  const moved = await moveLoadFiles(load, ({ path }) => `/far/${path}`);
  expect(moved).toEqual({ ...load, data: { kind: 'jsonl', path: '/far/a.jsonl' }, tokenizer: '/far/t.json' });
  const made = loadSpecSchema.parse({ data: { kind: 'random', inputTokens: { min: 1, max: 1 }, outputTokens: { min: 1, max: 1 } } });
  expect(loadFiles(made)).toEqual([]);
  expect(await moveLoadFiles(made, () => 'x')).toEqual(made);
});
