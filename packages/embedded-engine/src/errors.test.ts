import { Agent, request } from 'node:http';

import { describe, expect, it } from 'vitest';

import { clientOf } from './testing/client.ts';
import { runningEngine } from './testing/engine.ts';

const server = runningEngine({ apiKey: 'correct horse', maxBodyBytes: 100_000, parallel: 1 });

interface Wrong {
  name: string;
  path?: string;
  body: unknown;
  status: number;
  param?: string | null;
  says: RegExp;
}

const WRONG: Wrong[] = [
  { name: 'what is not JSON', body: '{"prompt": ', status: 400, says: /not JSON/ },
  { name: 'an empty body', body: '', status: 400, says: /not JSON/ },
  { name: 'JSON that is no object', body: '[1]', status: 400, says: /must be a JSON object/ },
  { name: 'another model', body: { model: 'gpt', prompt: 'a' }, status: 404, param: 'model', says: /"gpt" does not exist.*"random-tiny"/ },
  { name: 'no prompt', body: {}, status: 400, param: 'prompt', says: /must be a string/ },
  { name: 'an empty list', body: { prompt: [] }, status: 400, param: 'prompt', says: /must not be empty/ },
  { name: 'two prompts', body: { prompt: ['a', 'b'] }, status: 400, param: 'prompt', says: /one prompt/ },
  { name: 'a token id that does not exist', body: { prompt: [1, 99_999] }, status: 400, param: 'prompt', says: /99999.*from 0 to/ },
  { name: 'a token id that is no whole number', body: { prompt: [1.5] }, status: 400, param: 'prompt', says: /1\.5/ },
  { name: 'a prompt that is too long', body: { prompt: 'the '.repeat(2000) }, status: 400, says: /maximum context length is 1024 tokens/ },
  { name: 'an answer that is too long', body: { prompt: 'the', max_tokens: 1024 }, status: 400, says: /asks for 1024 more/ },
  { name: 'max_tokens of zero', body: { prompt: 'a', max_tokens: 0 }, status: 400, param: 'max_tokens', says: /from 1/ },
  { name: 'max_tokens as text', body: { prompt: 'a', max_tokens: '5' }, status: 400, param: 'max_tokens', says: /must be a number/ },
  { name: 'half a token', body: { prompt: 'a', max_tokens: 1.5 }, status: 400, param: 'max_tokens', says: /whole number/ },
  {
    name: 'more at least than at most',
    body: { prompt: 'a', max_tokens: 2, min_tokens: 3 },
    status: 400,
    param: 'min_tokens',
    says: /more than max_tokens/,
  },
  { name: 'a negative temperature', body: { prompt: 'a', temperature: -1 }, status: 400, param: 'temperature', says: /from 0/ },
  { name: 'an empty stop string', body: { prompt: 'a', stop: [''] }, status: 400, param: 'stop', says: /not empty/ },
  { name: 'stream as text', body: { prompt: 'a', stream: 'yes' }, status: 400, param: 'stream', says: /true or false/ },
  {
    name: 'stream options without a stream',
    body: { prompt: 'a', stream_options: {} },
    status: 400,
    param: 'stream_options',
    says: /only with stream/,
  },
  { name: 'what it cannot do', body: { prompt: 'a', n: 2 }, status: 400, param: 'n', says: /does not support n/ },
  { name: 'a chat without messages', path: '/v1/chat/completions', body: {}, status: 400, param: 'messages', says: /at least one/ },
  {
    name: 'an unknown role',
    path: '/v1/chat/completions',
    body: { messages: [{ role: 'x', content: '' }] },
    status: 400,
    param: 'messages',
    says: /role/,
  },
  {
    name: 'a picture',
    path: '/v1/chat/completions',
    body: { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:' } }] }] },
    status: 400,
    param: 'messages',
    says: /text parts only/,
  },
  { name: 'an embedding of nothing', path: '/v1/embeddings', body: {}, status: 400, param: 'input', says: /must be a string/ },
  {
    name: 'an embedding of too much',
    path: '/v1/embeddings',
    body: { input: 'the '.repeat(2000) },
    status: 400,
    says: /maximum context length/,
  },
  { name: 'a path that is not there', path: '/v1/nothing', body: {}, status: 404, says: /nothing at \/v1\/nothing/ },
  { name: 'a body that is too large', body: { prompt: 'a'.repeat(200_000) }, status: 413, says: /larger than 100000 bytes/ },
];

describe('a wrong request', () => {
  it.each(WRONG)('with $name gets $status', async ({ path = '/v1/completions', body, status, param = null, says }) => {
    const answer = await server.client.json(path, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/json');
    const { error } = answer.body as { error: Record<string, unknown> };
    expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type']);
    expect(error.message).toMatch(says);
    expect(error.param).toBe(param);
  });

  it('with the wrong method gets 405 and is told the right one', async () => {
    const response = await fetch(`${server.baseUrl}/v1/completions`, { headers: { authorization: 'Bearer correct horse' } });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    await response.body?.cancel();
  });

  it('leaves nothing behind', async () => {
    expect(server.errors).toEqual([]);
    await server.client.untilMetrics({ requests_running: 0, requests_waiting: 0 });
  });
});

describe('the API key', () => {
  it.each([
    ['missing', undefined],
    ['wrong', 'correct horsf'],
  ])('that is %s gets 401 everywhere but at /health', async (_, key) => {
    const client = clientOf(server.baseUrl, key);
    for (const path of ['/v1/completions', '/v1/embeddings', '/tokenize', '/nothing']) {
      const { status, body } = await client.json(path, { prompt: 'a' });
      expect(status).toBe(401);
      expect(body.error).toMatchObject({ type: 'authentication_error', code: 'invalid_api_key' });
    }
    expect((await fetch(`${server.baseUrl}/metrics`)).status).toBe(401);
    expect((await fetch(`${server.baseUrl}/health`)).status).toBe(200);
  });
});

describe('a connection', () => {
  it('is kept after errors, bodies that are too large and streams', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports = new Set<number | undefined>();
    const call = (body: string) =>
      new Promise<number>((resolve, reject) => {
        const url = new URL('/v1/completions', server.baseUrl);
        const outgoing = request(url, { method: 'POST', agent, headers: { authorization: 'Bearer correct horse' } }, (response) => {
          ports.add(response.socket.localPort);
          response.resume().once('end', () => resolve(response.statusCode ?? 0));
        });
        outgoing.once('error', reject).end(body);
      });
    const statuses = [
      await call('{'),
      await call(JSON.stringify({ prompt: 'a'.repeat(150_000) })),
      await call(JSON.stringify({ prompt: 'the', max_tokens: 3, stream: true })),
      await call(JSON.stringify({ prompt: 'the', max_tokens: 3 })),
    ];
    agent.destroy();
    expect(statuses).toEqual([400, 413, 200, 200]);
    expect(ports.size).toBe(1);
  });
});
