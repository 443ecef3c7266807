import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll } from 'vitest';

import { startEmbeddedEngine, type EmbeddedEngine, type EmbeddedEngineOptions } from '../index.ts';
import { clientOf } from './client.ts';

/** A folder of its own for each test file. */
export function temporaryFolder(): { readonly path: string } {
  const folder = { path: '' };
  beforeAll(async () => {
    folder.path = await mkdtemp(join(tmpdir(), 'bench-engine-'));
  });
  afterAll(() => rm(folder.path, { recursive: true, force: true }));
  return folder;
}

/** A server with the tiny generated model for the tests of a file or block. */
export function runningEngine(options: Partial<EmbeddedEngineOptions> = {}) {
  const folder = temporaryFolder();
  const errors: unknown[] = [];
  let engine: EmbeddedEngine | undefined;
  beforeAll(async () => {
    engine = await startEmbeddedEngine({
      model: { random: 'tiny', cacheDir: folder.path },
      onError: (error) => errors.push(error),
      ...options,
    });
  }, 30_000);
  afterAll(() => engine?.close());
  const running = () => {
    if (!engine) throw new Error('the engine is not up');
    return engine;
  };
  return {
    errors,
    get baseUrl() {
      return running().baseUrl;
    },
    get client() {
      return clientOf(running().baseUrl, options.apiKey);
    },
  };
}
