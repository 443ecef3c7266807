import { requestRecordSchema, type LoadSpecInput } from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import { apiOf } from './apis/index.ts';
import { runLoad, type LoadResult } from './index.ts';
import { startTestServer, type TestServerOptions } from './testing/index.ts';
import { wordTokenizer, writeTokenizer } from './tokenizer-file.fixture.ts';
import { startTranscript } from './worker/transcript.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function tokenizerFile(content?: object | string): Promise<string> {
  const file = await writeTokenizer(content);
  cleanups.push(file.remove);
  return file.path;
}

/** Two words a token of the server's, and so two of the tokenizer's. */
const TWO_WORDS = ' the cat';

async function run(options: TestServerOptions, load: Partial<LoadSpecInput>): Promise<LoadResult> {
  const server = await startTestServer({ tokenText: TWO_WORDS, ...options });
  cleanups.push(() => server.close());
  return await runLoad({
    baseUrl: server.url,
    model: 'test',
    load: {
      data: { kind: 'random', inputTokens: { min: 20, max: 20 }, outputTokens: { min: 8, max: 8 } },
      maxConcurrency: 2,
      numPrompts: 4,
      warmupRequests: 1,
      seed: 5,
      ...load,
    },
  });
}

const counts = ({ records }: LoadResult) =>
  records
    .filter((r) => r.phase === 'measured')
    .map((r) => requestRecordSchema.parse(r))
    .map((r) => [r.promptTokens, r.promptTokenSource, r.outputTokens, r.outputTokenSource, r.countedOutputTokens]);

describe('a tokenizer of the client', () => {
  it('counts what the server tells no tokens of, several a chunk and reasoning too', async () => {
    const silent = { usage: 'never', tokenize: false, tokensPerChunk: 4, reasoningTokens: 4 } as const;
    const result = await run(silent, { tokenizer: await tokenizerFile() });
    // The prompt as it was written: the template around it is not known.
    expect(counts(result)).toEqual(Array.from({ length: 4 }, () => [12, 'client_tokenizer', 16, 'client_tokenizer', undefined]));
    expect(result.records[0]).toMatchObject({ phase: 'warmup', outputTokenSource: 'chunk_count', outputTokens: 2 });
    expect(result.summary.tokenSources).toEqual({ prompt: 'client_tokenizer', output: 'client_tokenizer' });
    expect(result.summary.scalars.total_output_tokens).toBe(64);
    expect(result.summary.flags.map((f) => f.code)).not.toContain('token_source');
  });

  it.each(['chat', 'completions', 'messages', 'responses', 'ollama', 'tgi', 'llamacpp'] as const)(
    'reads the answers of %s, whole ones and streams alike',
    async (api) => {
      const tokenizer = await tokenizerFile();
      for (const stream of [true, false]) {
        const { records } = await run({}, { api, stream, tokenizer, numPrompts: 1, warmupRequests: 0 });
        expect(records.map((r) => [r.outputTokens, r.outputTokenSource, r.countedOutputTokens])).toEqual([[8, 'server_usage', 16]]);
      }
    },
  );

  it('puts the special tokens of a text around prompts where no template does', async () => {
    const { records } = await run({ usage: 'never', tokenize: false }, { api: 'completions', tokenizer: await tokenizerFile() });
    expect(records.slice(1).map((r) => r.promptTokens)).toEqual(Array(4).fill(21));
  });

  it('leaves prompts that the server’s tokenizer has counted', async () => {
    const result = await run({ usage: 'never', tokensPerChunk: 2 }, { tokenizer: await tokenizerFile() });
    expect(counts(result)).toEqual(Array.from({ length: 4 }, () => [20, 'client_tokenizer', 16, 'client_tokenizer', undefined]));
  });

  it('has no text of an answer that calls a tool', () => {
    const chat = apiOf('chat');
    const transcript = startTranscript(chat, { text: 'hello' });
    const hear = (delta: object) => {
      const value = { choices: [{ delta }] };
      transcript.hear(value, chat.read(value));
    };
    hear({ content: 'the ' });
    hear({ reasoning: 'cat' });
    expect([transcript.prompt, transcript.answer()]).toEqual(['hello', 'the cat']);
    hear({ tool_calls: [{ function: { name: 'look' } }] });
    expect(transcript.answer()).toBeNull();
  });

  it('tells where it and the server do not agree', async () => {
    const tokenizer = await tokenizerFile();
    const { summary } = await run({}, { tokenizer });
    expect(summary.tokenSources.output).toBe('server_usage');
    expect(summary.flags.find((f) => f.code === 'token_source')?.message).toBe(
      "the server told 32 output tokens, which the tokenizer counts as 64 (4 answers): is it the model's?",
    );
    const same = await run({ tokenText: ' the' }, { tokenizer });
    expect(same.summary.flags.map((f) => f.code)).not.toContain('token_source');
  });

  it.each([
    ['that is not there', null, /no-such-file/],
    ['that is no JSON', '{"model":', /JSON/],
    ['that is something else', { prompts: [] }, /it is no tokenizer\.json: it has no "model"/],
    ['of an unknown kind', { ...wordTokenizer(), model: { type: 'Runes' } }, /Runes/],
  ])('refuses a file %s before anything is sent', async (_what, content, message) => {
    const server = await startTestServer({});
    cleanups.push(() => server.close());
    const tokenizer = content === null ? '/no-such-file/tokenizer.json' : await tokenizerFile(content);
    const data = { kind: 'random' as const, inputTokens: { min: 20, max: 20 }, outputTokens: { min: 8, max: 8 } };
    await expect(runLoad({ baseUrl: server.url, model: 'test', load: { data, numPrompts: 1, tokenizer } })).rejects.toMatchObject({
      code: 'BENCH_TOKENIZER',
      message: expect.stringMatching(message) as string,
    });
    expect(server.connections()).toBe(0);
  });
});
