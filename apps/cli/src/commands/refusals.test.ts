import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { load, type LoadFlags } from './load.ts';
import { schema, validate, variants } from './recipe.ts';

let written = '';
let dir = '';
beforeEach(async () => {
  written = '';
  dir = await mkdtemp(join(tmpdir(), 'bench-cli-'));
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += String(text);
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true, force: true });
});

async function recipe(name: string, text: string): Promise<string> {
  const file = join(dir, `${name}.yaml`);
  await writeFile(file, text);
  return file;
}
const GOOD = 'model: {random: tiny}\nengine: {llm: {embedded: {}}}\n';

describe('recipe validate', () => {
  it('warns of a GPU that nobody could rent, with its place and the nearest name', async () => {
    const file = await recipe('odd', `${GOOD}deploy: {gpu: H2000}\n`);
    expect(await validate([file], { json: true })).toBe(0);
    expect((JSON.parse(written) as { warnings: unknown }).warnings).toEqual([
      { file, line: 3, column: 15, message: 'no GPU is called "H2000", so none can be rented', hint: 'did you mean "H200"?' },
    ]);
    const told = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    expect(await validate([file], {})).toBe(0);
    expect(told.mock.calls.map(([text]) => String(text)).join('')).toContain(`warning: ${file}:3:15 no GPU is called "H2000"`);
  });

  it('prints as JSON the good ones and every problem of the others', async () => {
    const [good, bad] = [await recipe('good', GOOD), await recipe('bad', `${GOOD}benchmark: {max_concurency: 3}\n`)];
    expect(await validate([good, bad, join(dir, 'none.yaml')], { json: true })).toBe(2);
    expect(JSON.parse(written)).toEqual({
      ok: false,
      recipes: [{ recipe: 'good', kind: 'inference', variants: 1, file: good }],
      warnings: [],
      problems: [
        { file: bad, line: 3, column: 13, message: 'unknown key "max_concurency" in benchmark', hint: 'did you mean "max_concurrency"?' },
        { file: join(dir, 'none.yaml'), line: null, column: null, message: 'there is no such file', hint: null },
      ],
    });
    written = '';
    expect(await validate([good], { json: true })).toBe(0);
    expect(JSON.parse(written)).toMatchObject({ ok: true, problems: [] });
  });

  it('names the good ones when others are faulty', async () => {
    const [good, bad] = [await recipe('good', GOOD), await recipe('bad', 'models: {}\n')];
    await expect(validate([bad, good], {})).rejects.toThrow(/bad\.yaml:1:1 unknown key "models"; did you mean "model"\?/);
    expect(written).toBe(`${good}: ok, inference, 1 variant\n`);
  });
});

it('recipe variants says when none passes the filter', async () => {
  const file = await recipe('good', GOOD);
  await expect(variants([file], { filter: ['variant=x*'] })).rejects.toMatchObject({ code: 'BENCH_NO_TASKS', exitCode: 2 });
  expect(written).toBe('');
});

describe('bench load', () => {
  const UNSAID: LoadFlags = {
    api: 'chat',
    arrival: 'poisson',
    burstiness: 1,
    inputLen: '256',
    outputLen: '128',
    sharedPrefix: 0,
    warmup: '0',
    timeout: '600s',
    ignoreEos: true,
    stream: true,
  };
  const refused = (flags: Partial<LoadFlags>, url = 'http://127.0.0.1:1') => load([url], { ...UNSAID, ...flags });

  it.each<[string, Partial<LoadFlags>, RegExp]>([
    ['two ends', { requests: 10, duration: '10s' }, /--requests and --duration both say when to end/],
    ['intervals of a closed loop', { arrival: 'constant' }, /--arrival constant is for an open loop/],
    ['a shape that the intervals have not', { burstiness: 2, rate: 3 }, /--burstiness is the shape of gamma intervals/],
    ['two schedules', { rate: 3, bursts: '5:1s' }, /--rate and --bursts each say when requests are sent/],
    ['stages with another end', { stages: '5s:3', duration: '9s' }, /--stages end by themselves, and --duration says another end/],
    ['stages that cannot be read', { stages: '5s' }, /--stages 5s: expected times and rates/],
    ['stages without a rate', { stages: '5s:0,3s:0' }, /no stage has a rate/],
    ['stages of gamma intervals', { stages: '5s:3', arrival: 'gamma' }, /poisson or constant/],
    ['bursts that cannot be read', { bursts: '5' }, /--bursts 5: expected requests and time/],
    ['intervals of bursts', { bursts: '5:1s', arrival: 'constant' }, /--arrival constant is for an open loop with a rate/],
    ['a rate beside a trace', { dataset: 'azure:t.csv', rate: 3 }, /a trace has arrivals of its own, and --rate says others/],
    ['the speed of no trace', { speed: 2 }, /--speed is for a trace/],
    ['a ramp with another end', { ramp: '5s:3', requests: 9 }, /a --ramp ends by itself, and --requests says another end/],
    [
      'a ramp beside a concurrency',
      { ramp: '5s:0-3', concurrency: 3 },
      /--ramp and --concurrency both say how many requests are in flight/,
    ],
    ['a ramp beside a rate', { ramp: '5s:0-3', rate: 2 }, /--rate and --ramp each say when requests are sent/],
    ['a ramp beside a trace', { ramp: '5s:3', dataset: 'azure:t.csv' }, /a trace has arrivals of its own, and --ramp says others/],
    ['intervals of a ramp', { ramp: '5s:3', arrival: 'constant' }, /--arrival constant is for an open loop with a rate/],
    ['a ramp that cannot be read', { ramp: '5s:1.5' }, /--ramp 5s:1\.5: expected times and requests in flight/],
    ['a ramp of no time', { ramp: '0s:3' }, /--ramp 0s/],
    ['a ramp without a request', { ramp: '5s:0,3s:0-0' }, /no stage has a request in flight/],
    ['groups of nothing', { prefixGroups: '5' }, /--prefix-groups share a prefix/],
    ['groups that cannot be read', { prefixGroups: '5:x', sharedPrefix: 9 }, /--prefix-groups 5:x: expected a number of groups/],
    ['a warm-up that cannot be read', { warmup: 'soon' }, /--warmup/],
    ['a warm-up of no time', { warmup: '0s' }, /--warmup takes a number of requests, or a time above 0/],
    ['no groups', { prefixGroups: '0', sharedPrefix: 9 }, /--prefix-groups 0: expected a number of groups/],
    ['an exponent beyond all bounds', { prefixGroups: '5:21', sharedPrefix: 9 }, /--prefix-groups 5:21: expected a number of groups/],
    ['groups that share more than a prompt', { prefixGroups: '5', sharedPrefix: 300 }, /--shared-prefix 300 is more than a prompt has/],
    ['a prefix longer than the prompt', { sharedPrefix: 200, inputLen: '100-400' }, /--shared-prefix 200 is more than a prompt has/],
    ['a prefix longer than lines', { dataset: 'sonnet', sharedPrefix: 300 }, /--shared-prefix 300 is more than a prompt has/],
    ['a column of no data set', { dataset: 'jsonl:p.jsonl', column: 'question' }, /--column is for --dataset hf:PATH/],
    ['a ratio that vLLM has not', { inputLen: 'vllm:256:1' }, /--input-len vllm:256:1: expected/],
    ['fields that are no object', { extraBody: 'top_k=20' }, /--extra-body top_k=20: expected a JSON object/],
    ['documents of a request that has none', { documents: 3 }, /--documents is for random prompts of --api rerank/],
    ['lengths of prompts that are given', { dataset: 'jsonl:p.jsonl', inputLen: '64' }, /--input-len is for random prompts/],
  ])('refuses %s', async (_name, flags, message) => {
    await expect(refused(flags)).rejects.toMatchObject({
      code: 'BENCH_USAGE',
      exitCode: 2,
      message: expect.stringMatching(message) as string,
    });
  });

  it.each([
    ['127.0.0.1:8000', 'did you mean http://127.0.0.1:8000?'],
    ['localhost:8000', 'did you mean http://localhost:8000?'],
    ['gpu1/v1', 'did you mean http://gpu1/v1?'],
    ['ftp://gpu1', 'for example http://127.0.0.1:8000'],
  ])('takes %s for no address, and says what one is', async (url, hint) => {
    await expect(refused({}, url)).rejects.toMatchObject({ code: 'BENCH_USAGE', hint });
  });

  it('says what a connection failed of', async () => {
    await expect(refused({}, 'http://127.0.0.1:1')).rejects.toMatchObject({
      message: expect.stringMatching(/its models: (bad port|ECONNREFUSED)$/) as string,
    });
    const server = createServer((request) => request.socket.destroy()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await expect(refused({}, `http://127.0.0.1:${port}`)).rejects.toMatchObject({
      message: expect.not.stringContaining('fetch failed') as string,
    });
    server.close();
  });
});

it('the schema of recipes has the engines of plugins', async () => {
  const engine = { settings: '{"~standard": {version: 1, vendor: "x", validate: (value) => ({value})}}' };
  const parts = `{name: 'acme', settings: ${engine.settings}, models: new Set(), llmFields: new Set(), tasks: new Set(), defaultImage: () => null,
    launch: () => ({}), reservedFlags: new Set(), paths: {}, api: {}}`;
  await writeFile(join(dir, 'plugin.mjs'), `export default {contractVersion: 1, name: 'p', engines: [${parts}]};\n`);
  const config = join(dir, 'bench.config.yaml');
  await writeFile(config, 'plugins: [./plugin.mjs]\n');
  expect(await schema({ config })).toBe(0);
  const { properties } = JSON.parse(written) as { properties: { engine: { properties: { llm: { properties: object } } } } };
  expect(Object.keys(properties.engine.properties.llm.properties)).toContain('acme');
});
