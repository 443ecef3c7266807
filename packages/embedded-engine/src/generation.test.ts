import { describe, expect, it } from 'vitest';

import { textOf, type StreamEvent } from './testing/client.ts';
import { runningEngine } from './testing/engine.ts';

const server = runningEngine();

const PROMPT = 'the old stone bridge over the river';
const MESSAGES = [
  { role: 'system', content: 'be brief' },
  {
    role: 'user',
    content: [
      { type: 'text', text: 'the old stone ' },
      { type: 'text', text: 'bridge' },
    ],
  },
];

interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

async function completion(body: Record<string, unknown>) {
  const answer = await server.client.json('/v1/completions', { prompt: PROMPT, ...body });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  const [choice] = answer.body.choices as { text: string; finish_reason: string }[];
  return { ...choice!, usage: answer.body.usage as Usage, body: answer.body };
}

const forget = () => server.client.post('/reset_prefix_cache', {});

describe('completions', () => {
  it('answer in the documented shape, and count what they used', async () => {
    const { body, usage } = await completion({ max_tokens: 5, temperature: 0 });
    expect(body).toMatchObject({ object: 'text_completion', model: 'random-tiny', choices: [{ index: 0, finish_reason: 'length' }] });
    expect(String(body.id)).toMatch(/^cmpl-/);
    const counted = await server.client.json('/tokenize', { prompt: PROMPT });
    expect(usage).toMatchObject({ prompt_tokens: counted.body.count, completion_tokens: 5, total_tokens: Number(counted.body.count) + 5 });
  });

  it('stream the same text as they give whole', async () => {
    await forget();
    const whole = await completion({ max_tokens: 40, temperature: 0 });
    await forget();
    const events = await server.client.stream('/v1/completions', { prompt: PROMPT, max_tokens: 40, temperature: 0 });
    expect(textOf(events)).toBe(whole.text);
    expect(whole.text.length).toBeGreaterThan(40);
  });

  it('repeat with the same seed, and differ with another', async () => {
    const text = async (seed: number) => (await forget(), (await completion({ max_tokens: 24, temperature: 1, seed })).text);
    const first = await text(7);
    expect(await text(7)).toBe(first);
    expect(await text(8)).not.toBe(first);
    expect(await text(-8)).not.toBe(first);
  });

  it('differ between requests without a seed', async () => {
    const texts = await Promise.all(Array.from({ length: 4 }, () => completion({ max_tokens: 16 })));
    expect(new Set(texts.map(({ text }) => text)).size).toBe(4);
  });

  it('send one chunk for each token, then the reason, then the usage', async () => {
    const events = await server.client.stream('/v1/completions', {
      prompt: PROMPT,
      max_tokens: 12,
      stream_options: { include_usage: true },
    });
    expect(events).toHaveLength(14);
    expect(events.slice(0, 12).every(({ choices: [choice] }) => choice?.text !== '' && choice?.finish_reason === null)).toBe(true);
    expect(events[12]).toMatchObject({ choices: [{ text: '', finish_reason: 'length' }], usage: null });
    expect(events[13]).toMatchObject({ choices: [], usage: { completion_tokens: 12 } });
  });

  it('leave the usage out of a stream that did not ask for it', async () => {
    const events = await server.client.stream('/v1/completions', { prompt: PROMPT, max_tokens: 2 });
    expect(events.every((event) => event.choices.length === 1 && event.usage === undefined)).toBe(true);
  });

  it('take token ids as they are', async () => {
    const { body } = await server.client.json('/tokenize', { prompt: PROMPT });
    const tokens = body.tokens as number[];
    await forget();
    const fromText = await completion({ max_tokens: 20, temperature: 0 });
    await forget();
    const fromIds = await completion({ prompt: tokens, max_tokens: 20, temperature: 0 });
    expect(fromIds).toMatchObject({ text: fromText.text, usage: fromText.usage });
    const bare = await completion({ prompt: tokens.slice(1), max_tokens: 1 });
    expect(bare.usage.prompt_tokens).toBe(tokens.length - 1);
  });

  it('end before a stop string, whole and streamed alike', async () => {
    await forget();
    const { text } = await completion({ max_tokens: 30, temperature: 0 });
    const words = text.trim().split(' ');
    const stop = ` ${words[9]} ${words[10]}`;
    const expected = text.slice(0, text.indexOf(stop));
    await forget();
    const stopped = await completion({ max_tokens: 30, temperature: 0, stop: [stop, 'never said'] });
    expect(stopped).toMatchObject({ text: expected, finish_reason: 'stop' });
    await forget();
    const events = await server.client.stream('/v1/completions', { prompt: PROMPT, max_tokens: 30, temperature: 0, stop });
    expect(textOf(events)).toBe(expected);
    expect(events.at(-1)?.choices[0]?.finish_reason).toBe('stop');
  });

  it('give exactly as many tokens as a request with ignore_eos asks for, up to the whole context', async () => {
    const { usage, finish_reason } = await completion({ prompt: [1, 400, 401], max_tokens: 1021, ignore_eos: true });
    expect({ usage, finish_reason }).toMatchObject({ usage: { prompt_tokens: 3, completion_tokens: 1021 }, finish_reason: 'length' });
  });

  it('say text that reads back as the same number of tokens', async () => {
    const { text, usage } = await completion({ max_tokens: 100, temperature: 1, top_k: -1 });
    const { body } = await server.client.json('/tokenize', { prompt: text.trimStart(), add_special_tokens: false });
    // The text can begin with punctuation, which reading puts a space before.
    expect(Math.abs(Number(body.count) - usage.completion_tokens)).toBeLessThanOrEqual(1);
  });

  it('report the prefix they reused, in whole blocks, until it is reset', async () => {
    const prompt = Array.from({ length: 100 }, (_, i) => 500 + i);
    const cached = async (tokens: number[]) => {
      const events = await server.client.stream('/v1/completions', {
        prompt: tokens,
        max_tokens: 2,
        stream_options: { include_usage: true },
      });
      return events.at(-1)?.usage?.prompt_tokens_details.cached_tokens;
    };
    expect(await cached(prompt)).toBe(0);
    expect(await cached(prompt)).toBe(96);
    expect(await cached([...prompt.slice(0, 50), 300, 301])).toBe(48);
    expect(await cached(prompt.slice(1))).toBe(0);
    await forget();
    expect(await cached(prompt)).toBe(0);
  });
});

describe('chat completions', () => {
  it('answer in the documented shape, and count as /tokenize does', async () => {
    const { status, body } = await server.client.json('/v1/chat/completions', { messages: MESSAGES, max_completion_tokens: 6 });
    expect(status).toBe(200);
    const { body: counted } = await server.client.json('/tokenize', { messages: MESSAGES });
    expect(body).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant' }, finish_reason: 'length' }],
      usage: { prompt_tokens: counted.count, completion_tokens: 6 },
    });
  });

  it('stream a role, text, a reason and the usage, and say the same as whole', async () => {
    const request = { messages: MESSAGES, max_tokens: 20, temperature: 0 };
    await forget();
    const { body } = await server.client.json('/v1/chat/completions', request);
    await forget();
    const events = await server.client.stream('/v1/chat/completions', { ...request, stream_options: { include_usage: true } });
    const [whole] = body.choices as { message: { content: string } }[];
    expect(textOf(events)).toBe(whole?.message.content);
    expect(events).toHaveLength(1 + 20 + 1 + 1);
    expect(events[0]?.choices[0]).toMatchObject({ delta: { role: 'assistant', content: '' }, finish_reason: null });
    expect(events.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: 'length' });
    expect(events.every((event: StreamEvent) => event.object === 'chat.completion.chunk')).toBe(true);
  });

  it('fill the context when no length is asked for', async () => {
    const { body } = await server.client.json('/v1/chat/completions', { messages: MESSAGES });
    expect((body.usage as Usage).total_tokens).toBe(1024);
  });
});

describe('tokens', () => {
  it('go there and back', async () => {
    const prompt = 'a word, and Größe 日本 \u{1F600}!';
    const { body } = await server.client.json('/tokenize', { prompt, add_special_tokens: false });
    expect(body).toMatchObject({ max_model_len: 1024, count: (body.tokens as number[]).length });
    const back = await server.client.json('/detokenize', { tokens: body.tokens });
    expect(back.body).toEqual({ prompt });
  });

  it('count an empty prompt as the token that begins it', async () => {
    expect((await server.client.json('/tokenize', { prompt: '' })).body).toMatchObject({ count: 1, tokens: [1] });
    expect((await server.client.json('/tokenize', { prompt: '', add_special_tokens: false })).body).toMatchObject({ count: 0, tokens: [] });
  });
});

describe('embeddings', () => {
  interface Embeddings {
    data: { index: number; embedding: number[] }[];
    usage: Usage;
  }
  const embed = async (input: unknown) => {
    const { status, body } = await server.client.json('/v1/embeddings', { input });
    expect(status, JSON.stringify(body)).toBe(200);
    return body as unknown as Embeddings;
  };

  it('have length one, one for each input, in order', async () => {
    const { data, usage } = await embed(['a red apple', 'deep water', 'a red apple']);
    expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
    for (const { embedding } of data) expect(Math.hypot(...embedding)).toBeCloseTo(1, 6);
    expect(data[0]?.embedding).toEqual(data[2]?.embedding);
    expect(data[0]?.embedding).not.toEqual(data[1]?.embedding);
    const count = async (prompt: string) => Number((await server.client.json('/tokenize', { prompt })).body.count);
    expect(usage.prompt_tokens).toBe(2 * (await count('a red apple')) + (await count('deep water')));
  });

  it('are counted while they wait, and free the line when the client leaves', async () => {
    const before = await server.client.metrics();
    const aborts = Array.from({ length: 3 }, () => new AbortController());
    const input = Array.from({ length: 500 }, () => Array.from({ length: 500 }, (_, i) => 400 + i));
    const calls = aborts.map((abort) => server.client.post('/v1/embeddings', { input }, abort.signal).catch(() => 'cut'));
    await server.client.untilMetrics({ requests_running: 1, requests_waiting: 2 });
    for (const abort of aborts) abort.abort();
    expect(await Promise.all(calls)).toEqual(['cut', 'cut', 'cut']);
    await server.client.untilMetrics({ requests_running: 0, requests_waiting: 0 });
    const after = await server.client.metrics();
    expect(after.prompt_tokens_total).toBeGreaterThan(before.prompt_tokens_total!);
    expect(after.prompt_tokens_total! - before.prompt_tokens_total!).toBeLessThan(3 * 500 * 500);
    expect(server.errors).toEqual([]);
  });

  it('take a string and token ids alike', async () => {
    const { body } = await server.client.json('/tokenize', { prompt: 'a red apple' });
    const [fromText, fromIds, fromLists] = await Promise.all([embed('a red apple'), embed(body.tokens), embed([body.tokens, body.tokens])]);
    expect(fromIds.data[0]?.embedding).toEqual(fromText.data[0]?.embedding);
    expect(fromLists.data).toHaveLength(2);
  });

  it('come as base64 of 32-bit floats too', async () => {
    const plain = await embed('deep water');
    const { body } = await server.client.json('/v1/embeddings', { input: 'deep water', encoding_format: 'base64' });
    const [first] = body.data as { embedding: string }[];
    const bytes = Buffer.from(first!.embedding, 'base64');
    expect(bytes.length).toBe(4 * plain.data[0]!.embedding.length);
    expect(bytes.readFloatLE(0)).toBeCloseTo(plain.data[0]!.embedding[0]!, 6);
  });
});
