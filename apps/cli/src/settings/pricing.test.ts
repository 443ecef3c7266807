import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadSettings } from './load-settings.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bench-pricing-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function load(text: string) {
  const config = join(dir, 'bench.config.yaml');
  await writeFile(config, text);
  return loadSettings({ config, builtin: () => Promise.resolve([]) });
}

it('prices of the settings have a source and a date, their own or those of all', async () => {
  const { prices } = await load(`
pricing:
  date: 2026-11-01
  gpus:
    H200: 2.10
    RTX5090: {price: 0.35, currency: EUR, source: contract, date: 2026-10-01}
  machines: {8xH200: 16, local: 0.12}
  partitions: {gpu: 1.5}
  rates: {EUR: 1.08, CHF: {usd: 1.2, date: 2026-10-31}}
`);
  const all = { currency: 'USD', source: 'bench.config.yaml', date: '2026-11-01' };
  expect(prices).toEqual({
    whatIf: [],
    known: [
      { per: 'gpu', name: 'H200', amount: 2.1, ...all },
      { per: 'gpu', name: 'RTX5090', amount: 0.35, currency: 'EUR', source: 'contract', date: '2026-10-01' },
      { per: 'machine', name: 'H200', count: 8, amount: 16, ...all },
      { per: 'machine', name: 'local', amount: 0.12, ...all },
      { per: 'partition', name: 'gpu', amount: 1.5, ...all },
    ],
    rates: { EUR: { usd: 1.08, date: '2026-11-01' }, CHF: { usd: 1.2, date: '2026-10-31' } },
  });
  expect((await load('')).prices).toEqual({ whatIf: [], known: [], rates: {} });
});

it.each([
  ['pricing: {gpus: {H200: 2}}', /date/],
  ['pricing: {date: yesterday}', /expected a date/],
  ['pricing: {date: 2026-11-01, gpus: {H2000: 2}}', /no GPU is called "H2000".*did you mean "H200"/],
  ['pricing: {date: 2026-11-01, machines: {8xH2000: 2}}', /no GPU is called "H2000".*did you mean "H200"/],
  ['pricing: {date: 2026-11-01, gpus: {H200: {price: 2, currency: euro}}}', /expected/],
  ['pricing: {date: 2026-11-01, gpu: {H200: 2}}', /did you mean "gpus"/],
])('refuses %s', async (text, message) => {
  await expect(load(text)).rejects.toMatchObject({ code: 'BENCH_SETTINGS_INVALID', message: expect.stringMatching(message) as string });
});
