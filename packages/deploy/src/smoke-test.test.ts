import type { ApiKind } from '@bench/core';
import { expect, it } from 'vitest';
import type { Endpoint } from './contract.ts';
import { smokeTest, smokeTestPath } from './smoke-test.ts';

/** What an engine answers at each path. */
const ANSWERS: Record<string, object> = {
  '/v1/chat/completions': { choices: [{ message: { content: '4' } }], usage: { completion_tokens: 1 } },
  '/v1/completions': { choices: [{ text: '4' }], usage: { completion_tokens: 1 } },
  '/v1/embeddings': { data: [{ embedding: [0.6, 0.8] }] },
};

it.each<[ApiKind, string]>([
  ['chat', '/v1/chat/completions'],
  ['completions', '/v1/completions'],
  ['embeddings', '/v1/embeddings'],
  ['responses', '/v1/chat/completions'],
  ['messages', '/v1/chat/completions'],
  ['llamacpp', '/v1/completions'],
])('a service whose load speaks %s is first asked at %s, as its plan says', async (api, path) => {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = (url) => {
    const { pathname } = new URL(url);
    asked.push(pathname);
    return Promise.resolve(Response.json(ANSWERS[pathname] ?? { error: 'no such path' }));
  };
  const server = { tokenIdPrompts: true, ignoreEos: true, streamUsage: true, tokenizePath: null, resetCachePath: null };
  const endpoint: Endpoint = {
    address: '127.0.0.1',
    port: 8000,
    scope: 'host',
    model: 'm',
    api,
    server,
    healthPaths: ['/health'],
    metricsPaths: [],
  };
  await smokeTest(endpoint, { prompt: 'What is 2+2?', contains: '4', maxTokens: 8 }, { fetch }, new AbortController().signal);
  expect(asked).toEqual([path]);
  expect(smokeTestPath(api)).toBe(path);
});
