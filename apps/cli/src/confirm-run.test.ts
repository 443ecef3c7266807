import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudAccess } from '@bench/benchmark';
import { createIo } from '@bench/core';
import type { Offer } from '@bench/provisioning';
import { expandRecipe, parseRecipe } from '@bench/recipe';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { askedCloud, type RentFlags } from './cloud-flags.ts';
import { confirmRun } from './confirm-run.ts';
import type { CliContext } from './context.ts';
import type { Job } from './perform.ts';

const asked: string[] = [];
// There is no terminal in a test: this one says yes.
vi.mock('./ask.ts', () => ({
  terminalAsk:
    () =>
    ({ text }: { text: string }) => {
      asked.push(text);
      return Promise.resolve('y');
    },
}));

let cache = '';
let shown = '';
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'bench-confirm-'));
  vi.stubEnv('XDG_CACHE_HOME', cache);
  asked.length = 0;
  shown = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    shown += String(text);
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await rm(cache, { recursive: true, force: true });
});

const offer = {
  id: 'o',
  provider: 'memo',
  instanceType: 't1',
  region: 'west',
  zone: null,
  country: null,
  gpu: { id: 'L4', name: 'NVIDIA L4', vendor: 'nvidia', count: 1, memoryGb: 24, formFactor: null },
  priceUsdPerHour: 20,
  storageUsdPerGbMonth: null,
  egressUsdPerGb: 0,
  priceSource: { kind: 'live', name: 'memo', at: '2026-11-01T00:00:00.000Z' },
  market: 'on-demand',
  availability: 'available',
  workloads: ['vm'],
} as unknown as Offer;
const memo = {
  factory: { name: 'memo', capabilities: { workloads: ['vm'], markets: ['on-demand'] } },
  provider: {
    async *offers() {
      yield await Promise.resolve(offer);
    },
  },
};
const cloud = { providers: { list: [memo], closed: [], get: () => memo } } as unknown as CloudAccess;
const tasks = expandRecipe(
  parseRecipe('model: {huggingface: org/m}\nengine: {llm: {vllm: {}}}\ndeploy: {gpu: NVIDIA L4}\nbenchmark: {duration: 2h}\n', {
    file: '/r/recipe.yaml',
    dir: '/r',
    name: 'r',
  }),
);

async function ask(own: Pick<Job['asked'], 'mode' | 'keep'>, flags: RentFlags = {}): Promise<string> {
  const keeps = own.mode === 'deploy' || own.keep ? 'run' : 'nothing';
  const limits = askedCloud(flags, { site: null, settings: { cloud: {}, providers: {} }, keeps });
  const job = { yes: false, asked: { ...own, cloud: limits } } as unknown as Job;
  const context = { io: createIo({ env: {} }), signal: new AbortController().signal, screen: null } as unknown as CliContext;
  shown = '';
  await confirmRun({ tasks, groups: [0], left: [] }, { job, cloud, context });
  return shown;
}

it('what is kept up is told with what it costs, before it is rented', async () => {
  expect(await ask({ mode: 'deploy' })).toContain('kept up to 8h 00m: up to $160.00 more');
  expect(asked.at(-1)).toBe('rent this, and keep it up to 8h 00m? [y/N]');
  expect(await ask({ mode: 'measure', keep: true }, { keepFor: '30m' })).toContain('kept up to 30m 00s: up to $10.00 more');
  expect(asked.at(-1)).toBe('rent this, and keep it up to 30m 00s? [y/N]');
});

it('what is ended with the run is not', async () => {
  expect(await ask({ mode: 'measure' })).not.toContain('kept');
  expect(asked).toEqual(['rent this? [y/N]']);
});

it('a deploy is not estimated as if it measured', async () => {
  expect(await ask({ mode: 'measure' })).toMatch(/estimate: \$4\d\.\d\d/);
  expect(await ask({ mode: 'deploy' })).toMatch(/estimate: \$\d\.\d\d/);
});
