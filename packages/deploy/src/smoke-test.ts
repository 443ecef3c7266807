import { type ApiKind, BenchError, type Io, plainApi, withinTime } from '@bench/core';
import type { Endpoint } from './contract.ts';

/** What the first request must show. */
export interface SmokeTest {
  prompt: string;
  /** Text that the answer must contain. Null: some tokens are enough (generated weights answer noise). */
  contains: string | null;
  /** Tokens that the answer may have. */
  maxTokens: number;
}

const LIMIT_MS = 120_000;

/** Where the first request goes: to the plain API of an engine, also where the load speaks another of its APIs. */
export function smokeTestPath(api: ApiKind): string {
  return { chat: '/v1/chat/completions', completions: '/v1/completions', embeddings: '/v1/embeddings' }[plainApi(api)];
}

/**
 * Sends one request to a fresh deployment.
 * @throws BenchError `BENCH_SMOKE_TEST` with what came instead.
 */
export async function smokeTest(endpoint: Endpoint, test: SmokeTest, io: Pick<Io, 'fetch'>, signal: AbortSignal): Promise<void> {
  const api = plainApi(endpoint.api);
  if (api === 'embeddings') return embeddingTest(endpoint, test, io, signal);
  const chat = api === 'chat';
  const body = {
    model: endpoint.model,
    max_tokens: test.maxTokens,
    temperature: 0,
    ...(chat ? { messages: [{ role: 'user', content: test.prompt }] } : { prompt: test.prompt }),
  };
  const answer = await post(endpoint, smokeTestPath(api), body, io, signal);
  const choice = (
    answer as { choices?: { message?: { content?: unknown; reasoning_content?: unknown; reasoning?: unknown }; text?: unknown }[] }
  ).choices?.[0];
  const text = [choice?.message?.reasoning_content, choice?.message?.reasoning, choice?.message?.content, choice?.text]
    .filter((t) => typeof t === 'string')
    .join('');
  const tokens = (answer as { usage?: { completion_tokens?: number } }).usage?.completion_tokens ?? (text === '' ? 0 : 1);
  if (tokens === 0) throw failed(`"${test.prompt}" gave no tokens`, answer);
  if (test.contains !== null && !text.includes(test.contains))
    throw failed(`the answer to "${test.prompt}" does not contain "${test.contains}"`, answer);
}

async function embeddingTest(endpoint: Endpoint, test: SmokeTest, io: Pick<Io, 'fetch'>, signal: AbortSignal): Promise<void> {
  const answer = await post(endpoint, smokeTestPath('embeddings'), { model: endpoint.model, input: test.prompt }, io, signal);
  const vector = (answer as { data?: { embedding?: unknown }[] }).data?.[0]?.embedding;
  if (!Array.isArray(vector) || !vector.every((v) => Number.isFinite(v)))
    throw failed('the embedding is not a list of finite numbers', answer);
  const norm = Math.hypot(...(vector as number[]));
  if (norm < 0.9 || norm > 1.1) throw failed(`the embedding has length ${norm.toFixed(3)}, expected 0.9 to 1.1`, null);
}

async function post(endpoint: Endpoint, path: string, body: unknown, io: Pick<Io, 'fetch'>, signal: AbortSignal): Promise<unknown> {
  const url = `http://${endpoint.address}:${endpoint.port}${path}`;
  const request = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(endpoint.apiKey === undefined ? {} : { authorization: `Bearer ${endpoint.apiKey}` }),
    },
    body: JSON.stringify(body),
  };
  const { response, text } = await withinTime({ timeoutMs: LIMIT_MS, signal }, async (limit) => {
    const answer = await io.fetch(url, { ...request, signal: limit });
    return { response: answer, text: await answer.text() };
  }).catch((cause: Error) => {
    signal.throwIfAborted();
    throw new BenchError({ code: 'BENCH_SMOKE_TEST', message: `smoke test: POST ${url} failed: ${cause.message}`, cause });
  });
  if (!response.ok) throw failed(`POST ${path} answered ${response.status}`, text);
  try {
    return JSON.parse(text);
  } catch {
    throw failed(`POST ${path} did not answer JSON`, text);
  }
}

function failed(what: string, answer: unknown): BenchError {
  const shown = answer === null ? '' : ` (answer: ${(typeof answer === 'string' ? answer : JSON.stringify(answer)).slice(0, 300)})`;
  return new BenchError({
    code: 'BENCH_SMOKE_TEST',
    message: `smoke test: ${what}${shown}`,
    hint: 'deploy.smoke_test in the recipe sets another prompt and what it must contain, or false',
  });
}
