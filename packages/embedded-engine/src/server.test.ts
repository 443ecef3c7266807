import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startEmbeddedEngine, type EmbeddedEngine } from './index.ts';

let cacheDir: string;
let engine: EmbeddedEngine;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'bench-engine-'));
  engine = await startEmbeddedEngine({ model: { random: 'tiny', cacheDir } });
}, 30_000);

afterAll(async () => {
  await engine.close();
  await rm(cacheDir, { recursive: true });
});

describe('the server', () => {
  it('names its model', async () => {
    const answer = await fetch(`${engine.baseUrl}/v1/models`);
    expect(await answer.json()).toMatchObject({ object: 'list', data: [{ id: 'random-tiny', max_model_len: 1024 }] });
  });
});
