import { BenchError, type BatchClientPlan, messageOf, plainApi } from '@bench/core';
import { postJson } from '../../http.ts';
import { apiPath, type LoadTarget, requestHeaders } from '../../target.ts';

const LIMIT_MS = 120_000;

type SmokeTest = NonNullable<BatchClientPlan['smokeTest']>;

interface Answer {
  choices?: { message?: Record<string, unknown>; text?: unknown }[];
  usage?: { completion_tokens?: unknown };
  data?: { embedding?: unknown }[];
}

/** Sends one request to a fresh service. @throws BenchError `BENCH_SMOKE_TEST` with what came instead. */
export async function smokeTest(target: LoadTarget, test: SmokeTest, signal: AbortSignal): Promise<void> {
  const api = plainApi(test.api);
  const path = apiPath(target, api, false);
  const answer = await postJson(target.origin + path, {
    headers: requestHeaders(target, api),
    body: bodyOf(target.model, { ...test, api }),
    signal,
    timeoutMs: LIMIT_MS,
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw failed(`POST ${path} failed: ${messageOf(error)}`, '');
  });
  if (answer.status !== 200) throw failed(`POST ${path} answered ${answer.status}`, answer.text);
  if (typeof answer.json !== 'object' || answer.json === null) throw failed(`POST ${path} did not answer JSON`, answer.text);
  if (api === 'embeddings') checkVector(answer.json, answer.text);
  else checkText(answer.json, test, answer.text);
}

function bodyOf(model: string, { api, prompt, maxTokens }: SmokeTest): Record<string, unknown> {
  if (api === 'embeddings') return { model, input: prompt };
  const asked = api === 'chat' ? { messages: [{ role: 'user', content: prompt }] } : { prompt };
  return { model, max_tokens: maxTokens, temperature: 0, ...asked };
}

function checkText({ choices, usage }: Answer, { prompt, contains }: SmokeTest, raw: string): void {
  const { message = {}, text } = choices?.[0] ?? {};
  const said = [message.reasoning_content, message.reasoning, message.content, text].filter((part) => typeof part === 'string').join('');
  const tokens = typeof usage?.completion_tokens === 'number' ? usage.completion_tokens : said.length;
  if (tokens === 0) throw failed(`"${prompt}" gave no tokens`, raw);
  if (contains !== null && !said.includes(contains)) throw failed(`the answer to "${prompt}" does not contain "${contains}"`, raw);
}

function checkVector({ data }: Answer, raw: string): void {
  const vector = data?.[0]?.embedding;
  if (!Array.isArray(vector) || !vector.every((v) => Number.isFinite(v)))
    throw failed('the embedding is not a list of finite numbers', raw);
  const norm = Math.hypot(...(vector as number[]));
  if (norm < 0.9 || norm > 1.1) throw failed(`the embedding has length ${norm.toFixed(3)}, expected 0.9 to 1.1`, '');
}

function failed(what: string, answer: string): BenchError {
  return new BenchError({
    code: 'BENCH_SMOKE_TEST',
    message: `smoke test: ${what}${answer === '' ? '' : ` (answer: ${answer.slice(0, 300)})`}`,
    hint: 'deploy.smoke_test in the recipe sets another prompt and what it must contain, or false',
  });
}
