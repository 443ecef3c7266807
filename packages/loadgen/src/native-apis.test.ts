import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiKind, type LoadSpecInput, loadSpecSchema, type RequestErrorClass } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { apiOf } from './apis/index.ts';
import type { Prompt } from './body.ts';
import { runLoad, type Calibration, type RunLoadOptions } from './index.ts';
import { requestHeaders } from './target.ts';
import { type Misbehaviour, type TestServer } from './testing/index.ts';
import { BOS, SEP } from './testing/tokenizer.ts';
import { afterwards, serve } from './testing/serve.fixture.ts';

const data = { kind: 'random' as const, inputTokens: { min: 50, max: 50 }, outputTokens: { min: 6, max: 6 } };
const run = (server: TestServer, load: Partial<LoadSpecInput>, over: Partial<RunLoadOptions> = {}) =>
  runLoad({ baseUrl: server.url, model: 'test', load: { data, maxConcurrency: 2, numPrompts: 6, seed: 9, ...load }, ...over });

const apis: ApiKind[] = ['responses', 'messages', 'ollama', 'tgi', 'llamacpp'];

const faults: [Misbehaviour, RequestErrorClass][] = [
  [{ kind: 'error_event', after: 3 }, 'error_event'],
  [{ kind: 'no_end', after: 3 }, 'no_end'],
  [{ kind: 'no_content' }, 'no_content'],
  [{ kind: 'reset', after: 3 }, 'reset'],
  [{ kind: 'garbage', after: 2 }, 'bad_response'],
  [{ kind: 'status', status: 429, message: 'slow down' }, 'http_4xx'],
];

/** All servers here count alike: what the first load of an API learnt serves the others. */
const known = new Map<ApiKind, Calibration>();

describe.each(apis)('a load of %s', (api) => {
  it('measures what the server did', async () => {
    const server = await serve({ reasoningTokens: 2, cachedTokens: 5 });
    const { summary, records, calibration } = await run(server, { api });
    known.set(api, calibration);
    expect(summary.errors).toEqual({});
    expect(summary.counts).toMatchObject({ sent: 6, ok: 6, failed: 0 });
    expect(summary.tokenSources).toEqual({ prompt: 'server_usage', output: 'server_usage' });
    const truths = new Map(server.truth().map((t) => [Number(t.id.split('-')[1]), t]));
    for (const r of records) {
      expect(truths.get(r.index)).toMatchObject({ promptTokens: r.promptTokens, outputTokens: r.outputTokens });
      // Whatever way the tokenizer or the counts were asked, the prompt is as long as it was to be.
      expect([r.promptTokens, r.outputTokens, r.chunks]).toEqual([50, 6, 6]);
    }
  });

  it('takes whole answers', async () => {
    const { summary, records } = await run(await serve(), { api, stream: false }, { calibration: known.get(api) });
    expect(summary.counts).toMatchObject({ sent: 6, ok: 6 });
    expect(records.every((r) => r.outputTokens === 6 && r.chunks === 0 && r.firstTokenMs === null)).toBe(true);
  });

  it('tells what goes wrong by its kind', async () => {
    const { records } = await run(
      await serve({ misbehave: [null, ...faults.map(([fault]) => fault)] }),
      { api, maxConcurrency: 1, numPrompts: 7 },
      { calibration: known.get(api) },
    );
    expect(records.map((r) => r.error?.class ?? null)).toEqual([null, ...faults.map(([, expected]) => expected)]);
  });
});

/** Query and document of each pair, as the test server reads them. */
function pairsOf(ids: readonly number[]): number[][][] {
  const texts: number[][] = [[]];
  for (const id of ids) {
    if (id === SEP) texts.push([]);
    else if (id !== BOS) texts.at(-1)?.push(id);
  }
  texts.pop();
  return Array.from({ length: texts.length / 2 }, (_, i) => texts.slice(2 * i, 2 * i + 2));
}

describe('a load of rerank', () => {
  it('sends a query and documents of random words, and counts what the server counted', async () => {
    const server = await serve({ keepPrompts: true });
    const { summary, records } = await run(server, { api: 'rerank', data: { ...data, documents: 3 } });
    expect(summary.counts).toMatchObject({ sent: 6, ok: 6 });
    expect(summary.scalars.output_throughput).toBeUndefined();
    expect(summary.flags.map((f) => f.code)).not.toContain('prompt_length');
    const truths = server.truth().filter((t) => t.id !== '');
    for (const r of records) expect(truths.map((t) => t.promptTokens)).toContain(r.promptTokens);
  });

  it.each(['words', 'pieces', 'merging'] as const)(
    'has pairs of exactly the length that was asked, as a tokenizer of %s counts them',
    async (tokenizer) => {
      const server = await serve({ tokenizer, keepPrompts: true });
      const asked = { ...data, inputTokens: { min: 40, max: 60 }, documents: 3 };
      const { summary, records } = await run(server, { api: 'rerank', data: asked, warmupRequests: 2 });
      expect(records.map((r) => r.promptTokens)).toEqual(records.map((r) => r.requestedPromptTokens));
      expect(records.every((r) => (r.promptTokens ?? 0) % 3 === 0 && (r.promptTokens ?? 0) >= 120 && (r.promptTokens ?? 0) <= 180)).toBe(
        true,
      );
      expect(new Set(records.map((r) => r.promptTokens)).size).toBeGreaterThan(1);
      expect(summary.tokenSources.prompt).toBe('server_usage');
      for (const { id, prompt = [] } of server.truth()) {
        if (id === '') continue;
        const pairs = pairsOf(prompt);
        expect(pairs.length).toBe(3);
        // One query with documents of one length, no two of which are alike.
        expect(new Set(pairs.map(([query]) => String(query))).size).toBe(1);
        expect(new Set(pairs.map(([, document]) => document?.length)).size).toBe(1);
        expect(new Set(pairs.map(([, document]) => String(document))).size).toBe(3);
        const whole = prompt.length / 3;
        // Of a tokenizer whose counts do not add up it is not always known what it counts around a text.
        expect(Math.abs((pairs[0]?.[0]?.length ?? 0) - Math.floor(whole / 8))).toBeLessThanOrEqual(tokenizer === 'merging' ? 1 : 0);
      }
    },
  );

  it('asks for no length where the server has no tokenizer', async () => {
    const { records } = await run(await serve({ tokenize: false }), { api: 'rerank', data: { ...data, documents: 2 } });
    expect(records.every((r) => r.requestedPromptTokens === null && r.promptTokenSource === 'server_usage')).toBe(true);
  });

  it('shares a prefix of its queries', async () => {
    const server = await serve({ keepPrompts: true });
    await run(server, { api: 'rerank', data: { ...data, sharedPrefixTokens: 20, documents: 2 } });
    const queries = server
      .truth()
      .filter((t) => t.id !== '')
      .map(({ prompt = [] }) => String(pairsOf(prompt)[0]?.[0]));
    expect(queries.length).toBe(6);
    expect(new Set(queries).size).toBe(1);
    // And the token in front of all.
    expect(queries[0]?.split(',').length).toBe(19);
  });

  it('sends those of a file, and nothing that is none', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'rerank-'));
    afterwards(() => rm(folder, { recursive: true }));
    const path = join(folder, 'q.jsonl');
    await writeFile(path, '{"query": "red", "documents": ["a rose", "the sea"]}\n');
    const { summary } = await run(await serve(), { api: 'rerank', data: { kind: 'jsonl', path } });
    expect(summary.counts.ok).toBe(6);
    await writeFile(path, '{"prompt": "red"}\n');
    await expect(run(await serve(), { api: 'rerank', data: { kind: 'jsonl', path } })).rejects.toMatchObject({ code: 'BENCH_DATASET' });
    await expect(run(await serve(), { api: 'rerank', data: { kind: 'sharegpt', path } })).rejects.toMatchObject({ code: 'BENCH_DATASET' });
  });
});

describe('the body', () => {
  const body = (api: ApiKind, over: Partial<LoadSpecInput> = {}, prompt: Prompt = { text: 'hi' }) =>
    apiOf(api).body({
      load: loadSpecSchema.parse({ api, data, ...over }),
      model: 'm',
      prompt,
      outputTokens: 9,
      features: { streamUsage: false, ignoreEos: true },
    });
  const user = [{ role: 'user', content: 'hi' }];

  it.each<[ApiKind, object]>([
    ['responses', { model: 'm', input: 'hi', max_output_tokens: 9, temperature: 0, store: false, ignore_eos: true, stream: true }],
    ['messages', { model: 'm', messages: user, max_tokens: 9, temperature: 0, stream: true }],
    ['ollama', { model: 'm', messages: user, stream: true, options: { num_predict: 9, temperature: 0 } }],
    ['tgi', { inputs: 'hi', parameters: { max_new_tokens: 9, do_sample: false, details: true } }],
    ['llamacpp', { model: 'm', prompt: 'hi', n_predict: 9, temperature: 0, ignore_eos: true, stream: true }],
    ['chat', { model: 'm', messages: user, max_tokens: 9, temperature: 0, ignore_eos: true, stream: true }],
  ])('of %s is what its server wants', (api, expected) => {
    expect(body(api)).toEqual(expected);
  });

  it('takes more fields, also where they stand in a group', () => {
    expect(body('ollama', { extraBody: { think: false, options: { num_ctx: 8192 } } })).toMatchObject({
      think: false,
      options: { num_ctx: 8192, num_predict: 9 },
    });
    expect(body('tgi', { temperature: 0.5, extraBody: { parameters: { top_k: 5 } } })).toMatchObject({
      parameters: { top_k: 5, max_new_tokens: 9, do_sample: true, temperature: 0.5 },
    });
    expect(body('messages', { extraBody: { max_tokens: 3 } })).toMatchObject({ max_tokens: 3 });
  });

  it('of messages has instructions where they belong', () => {
    const system = { role: 'system', content: 'be brief' };
    expect(body('messages', {}, { messages: [system, ...user] })).toMatchObject({
      system: 'be brief',
      messages: user,
    });
  });
});

describe('the key', () => {
  const headers = (origin: string, api: ApiKind, apiKey?: string) =>
    requestHeaders({ origin, prefix: '', model: 'm', apiKey, server: {} }, api);

  it('of messages goes as Anthropic has it, and as engines want it', () => {
    expect(headers('http://gpu1:8000', 'messages', 'k')).toMatchObject({
      'x-api-key': 'k',
      'anthropic-version': '2023-06-01',
      authorization: 'Bearer k',
    });
    const there = headers('https://api.anthropic.com', 'messages', 'k');
    expect(there).toMatchObject({ 'x-api-key': 'k' });
    expect(there).not.toHaveProperty('authorization');
  });

  it('is not there when there is none', () => {
    expect(headers('http://gpu1:8000', 'messages')).toEqual({ 'content-type': 'application/json', 'anthropic-version': '2023-06-01' });
    expect(headers('http://gpu1:8000', 'ollama')).toEqual({ 'content-type': 'application/json' });
  });
});
