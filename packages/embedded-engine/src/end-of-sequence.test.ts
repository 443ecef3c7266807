import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { ensureRandomWeights, startEmbeddedEngine, type EmbeddedEngine } from './index.ts';
import { clientOf, textOf } from './testing/client.ts';
import { temporaryFolder } from './testing/engine.ts';

const PROMPT = 'the old stone bridge';
const folder = temporaryFolder();
let engine: EmbeddedEngine;
/** What the model says, as tokens, when nothing ends it. */
let said: number[];
/** After so many tokens comes the one that now means the end. */
let endsAfter: number;

const ask = (body: Record<string, unknown>) =>
  clientOf(engine.baseUrl).stream('/v1/completions', {
    prompt: PROMPT,
    temperature: 0,
    max_tokens: 40,
    stream_options: { include_usage: true },
    ...body,
  });
const outcome = async (body: Record<string, unknown>) => {
  const events = await ask(body);
  return { tokens: events.at(-1)?.usage?.completion_tokens, reason: events.at(-2)?.choices[0]?.finish_reason, text: textOf(events) };
};

// Generated weights never end by themselves, so one of the words they say is declared the end of the sequence.
beforeAll(async () => {
  const path = await ensureRandomWeights({ size: 'tiny', cacheDir: folder.path });
  engine = await startEmbeddedEngine({ model: { gguf: path } });
  const text = textOf(await ask({ ignore_eos: true }));
  const { body } = await clientOf(engine.baseUrl).json('/tokenize', { prompt: text.trimStart(), add_special_tokens: false });
  await engine.close();

  said = body.tokens as number[];
  endsAfter = said.findIndex((token, i) => i >= 5 && said.indexOf(token) === i);
  const model = await readFile(path);
  const key = 'tokenizer.ggml.eos_token_id';
  model.writeUInt32LE(said[endsAfter]!, model.indexOf(key) + key.length + 4);
  const changed = join(folder.path, 'ends.gguf');
  await writeFile(changed, model);
  engine = await startEmbeddedEngine({ model: { gguf: changed } });
}, 30_000);

afterAll(() => engine.close());

describe('the end of a sequence', () => {
  it('ends the answer, and is counted but not said', async () => {
    expect(said).toHaveLength(40);
    const { tokens, reason, text } = await outcome({});
    expect({ tokens, reason }).toEqual({ tokens: endsAfter + 1, reason: 'stop' });
    expect(text.trim().split(' ')).toHaveLength(endsAfter);
  });

  it('is passed over with ignore_eos', async () => {
    expect(await outcome({ ignore_eos: true })).toMatchObject({ tokens: 40, reason: 'length' });
  });

  it('is passed over until min_tokens', async () => {
    const { tokens } = await outcome({ min_tokens: endsAfter + 2 });
    expect(tokens).toBeGreaterThanOrEqual(endsAfter + 2);
    expect(await outcome({ min_tokens: endsAfter + 1 })).toMatchObject({ tokens: endsAfter + 1, reason: 'stop' });
  });

  it('names the model after its file', async () => {
    const response = await fetch(`${engine.baseUrl}/v1/models`);
    expect(await response.json()).toMatchObject({ data: [{ id: 'ends', max_model_len: 4096 }] });
  });
});
