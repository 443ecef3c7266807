import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseGate } from '@bench/core';
import { expect, it } from 'vitest';
import { gatesOf } from './compare-settings.ts';
import { loadSettings } from './load-settings.ts';

async function load(text: string) {
  const config = join(await mkdtemp(join(tmpdir(), 'bench-settings-')), 'bench.config.yaml');
  await writeFile(config, text);
  return loadSettings({ config, builtin: () => Promise.resolve([]) });
}

it('tolerances are shares, and gates are read', async () => {
  const settings = await load(`
compare: {tolerance: 2.5%, between_runs: 1 %}
gates:
  default: [ttft_p99_ms<+5%, error_ratio<1%]
  recipes:
    qwen*: [ttft_p99_ms<+10%, ttft_p99_ms<800]
    qwen3-coder: [ttft_p99_ms<+20%]
`);
  expect(settings.compare).toEqual({ tolerance: 0.025, betweenRuns: 0.01 });
  const texts = (recipe: string) => settings.gates && gatesOf(settings.gates, recipe).map(({ text }) => text);
  expect(texts('llama')).toEqual(['ttft_p99_ms<+5%', 'error_ratio<1%']);
  expect(texts('Qwen3')).toEqual(['error_ratio<1%', 'ttft_p99_ms<+10%', 'ttft_p99_ms<800']);
  expect(texts('qwen3-coder')).toEqual(['error_ratio<1%', 'ttft_p99_ms<800', 'ttft_p99_ms<+20%']);
  const typed = [parseGate('ttft_p99_ms<+2%'), parseGate('error_ratio<5%')];
  expect(settings.gates && gatesOf(settings.gates, 'Qwen3', typed).map(({ text }) => text)).toEqual([
    'ttft_p99_ms<800',
    'ttft_p99_ms<+2%',
    'error_ratio<5%',
  ]);
  expect(await load('plugins: []\n')).not.toHaveProperty('gates');
});

it.each([
  [
    'gates: {default: [ttft_p99_ms<5%]}',
    'bench.config.yaml:1:19 gates.default.0: gate "ttft_p99_ms<5%", column 13: a per cent of this figure is a change',
  ],
  ['gates: {recipe: {}}', 'unknown key "recipe" in gates; did you mean "recipes"?'],
  ['compare: {tolerance: 5}', ':1:22 compare.tolerance: expected text, found 5'],
  ['compare: {tolerance: five}', 'expected a per cent: 5%'],
])('%s is refused', async (text, message) => {
  await expect(load(text)).rejects.toThrow(message);
});
