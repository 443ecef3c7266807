import { afterEach, describe, expect, it } from 'vitest';
import { runLoad } from './index.ts';
import { keepBodies } from './sent-bodies.fixture.ts';
import { startTestServer, type TestServerOptions } from './testing/index.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(options: TestServerOptions = {}) {
  const server = await startTestServer(options);
  cleanups.push(() => server.close());
  const kept = await keepBodies(server);
  cleanups.push(() => kept.close());
  return { ...kept, server };
}

const lines = (over = {}) => ({
  kind: 'random' as const,
  text: 'sonnet' as const,
  inputTokens: { min: 60, max: 300 },
  outputTokens: { min: 2, max: 2 },
  ...over,
});
const load = { maxConcurrency: 4, numPrompts: 16, seed: 9 };

describe('lines of verse', () => {
  it.each([
    ['chat', 'words'],
    ['chat', 'pieces'],
    ['chat', 'merging'],
    ['completions', 'pieces'],
  ] as const)('are of exact length by the server’s count: %s, tokenizer "%s"', async (api, tokenizer) => {
    const { url } = await serve({ tokenizer });
    // Token ids are of no use: they would be words in a row.
    const { records } = await runLoad({
      baseUrl: url,
      model: 'test',
      load: { ...load, api, data: lines() },
      server: { tokenIdPrompts: true },
    });
    expect(records.map((r) => r.promptTokens)).toEqual(records.map((r) => r.requestedPromptTokens));
    expect(new Set(records.map((r) => r.promptTokens)).size).toBeGreaterThan(5);
  });

  it('are exact with a tokenizer that knows no chat template, and near without one', async () => {
    const exact = await serve({ tokenize: 'content', tokenizer: 'pieces' });
    const { records } = await runLoad({ baseUrl: exact.url, model: 'test', load: { ...load, data: lines() } });
    expect(records.map((r) => r.promptTokens)).toEqual(records.map((r) => r.requestedPromptTokens));
    const blind = await serve({ tokenize: false, tokenizer: 'pieces' });
    const { summary } = await runLoad({
      baseUrl: blind.url,
      model: 'test',
      load: { ...load, data: lines({ inputTokens: { min: 400, max: 400 } }) },
    });
    expect(Math.abs((summary.scalars.total_input_tokens ?? 0) / (16 * 400) - 1)).toBeLessThan(0.1);
  });

  it('read as text, begin alike as far as asked, and differ from there; the same seed sends the same', async () => {
    const { url, bodies } = await serve();
    const data = lines({ inputTokens: { min: 120, max: 120 }, sharedPrefixTokens: 60 });
    const first = await runLoad({ baseUrl: url, model: 'test', load: { ...load, warmupRequests: 2, data } });
    expect(first.records.every((r) => r.promptTokens === 120)).toBe(true);
    const texts = bodies('/v1/chat/completions').map((body) => (body.messages as { content: string }[])[0]?.content ?? '');
    expect(texts).toHaveLength(18);
    for (const text of texts) {
      expect(text.split('\n').length).toBeGreaterThan(8);
      for (const line of text.split('\n')) expect(line).toMatch(/^[A-Z][a-z]+( [a-z]+)+[,.]?$/);
    }
    const words = texts.map((text) => text.split(/\s+/));
    const template = 11;
    // The last of them ends its line or not.
    expect(new Set(words.map((list) => list.slice(0, 59 - template).join(' '))).size).toBe(1);
    expect(new Set(words.map((list) => list.slice(60 - template, 80 - template).join(' '))).size).toBe(18);
    await runLoad({ baseUrl: url, model: 'test', load: { ...load, warmupRequests: 2, data }, calibration: first.calibration });
    const again = bodies('/v1/chat/completions').map((body) => (body.messages as { content: string }[])[0]?.content ?? '');
    expect([...again].sort()).toEqual([...texts, ...texts].sort());
  });

  it('are refused where they would be documents', async () => {
    const reranked = { api: 'rerank' as const, numPrompts: 1, data: lines() };
    await expect(runLoad({ baseUrl: 'http://127.0.0.1:1', model: 'test', load: reranked })).rejects.toMatchObject({ code: 'BENCH_LOAD' });
  });
});
