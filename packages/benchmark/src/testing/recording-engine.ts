import type { Engine } from '@bench/recipe';
import { z } from 'zod';

/**
 * An OpenAI-compatible streaming server in a few lines that appends every prompt it gets, and every reset of its cache,
 * to the file RECORD_TO. `die`: ends at that request. `fail`: answers 500 to all but the smoke test.
 * `vanish`: from that request on nobody listens any more, and the process stays. `full`: a request that comes while so many others are there fails.
 * `overrun`: with more than so many at once all that are there fail.
 */
const SERVER = String.raw`
const fs = require('node:fs');
const [port, mode, limit, address] = process.argv.slice(1);
const key = process.env.RECORD_KEY;
const record = (line) => fs.appendFileSync(process.env.RECORD_TO, JSON.stringify(line) + '\n');
let served = 0;
let running = 0;
let there = 0;
let over = false;
const leave = () => { there -= 1; if (there === 0) over = false; };
record({ start: process.pid });
const server = require('node:http').createServer(async (request, response) => {
  if (request.url === '/health') return response.end('ok');
  if (key && request.headers.authorization !== 'Bearer ' + key) return response.writeHead(401).end();
  if (request.url === '/metrics') return response.end('vllm:num_requests_running{model_name="m"} ' + running + '\n');
  if (request.url === '/reset') { record({ reset: true }); return response.end(); }
  if (!request.url.startsWith('/v1/chat')) return response.writeHead(404).end();
  let text = '';
  for await (const chunk of request) text += chunk;
  const body = JSON.parse(text);
  const prompt = body.messages[0].content;
  record({ prompt, max_tokens: body.max_tokens ?? body.max_completion_tokens });
  served += 1;
  running += 1;
  response.on('close', () => (running -= 1));
  if (mode === 'fail' && body.stream) return response.writeHead(500).end('{"error":{"message":"kernel fault"}}');
  if (mode === 'die' && served > Number(limit)) process.exit(7);
  if (mode === 'vanish' && served > Number(limit)) {
    setInterval(() => {}, 1000);
    server.close();
    return server.closeAllConnections();
  }
  if (mode === 'full' && body.stream) {
    if (there >= Number(limit)) return response.writeHead(503).end('{"error":{"message":"full"}}');
    there += 1;
    // Long enough that those which are sent at once are there at once.
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  if (mode === 'overrun' && body.stream) {
    there += 1;
    if (there > Number(limit)) over = true;
    if (!over) await new Promise((resolve) => setTimeout(resolve, 150));
    if (over) { leave(); return response.writeHead(503).end('{"error":{"message":"overrun"}}'); }
  }
  const n = body.max_tokens ?? body.max_completion_tokens ?? 4;
  const usage = { prompt_tokens: prompt.split(' ').length, completion_tokens: n, total_tokens: 0 };
  if (!body.stream) return response.end(JSON.stringify({ choices: [{ message: { content: 'the answer is 4' }, finish_reason: 'length' }], usage }));
  response.setHeader('content-type', 'text/event-stream');
  const event = (choices, more) => response.write('data: ' + JSON.stringify({ choices, ...more }) + '\n\n');
  event([{ index: 0, delta: { role: 'assistant' } }]);
  for (let i = 0; i < n; i++) {
    await new Promise((resolve) => setTimeout(resolve, mode === 'slow' ? 100 : 1));
    event([{ index: 0, delta: { content: ' word' } }]);
  }
  event([{ index: 0, delta: {}, finish_reason: 'length' }]);
  event([], { usage });
  if (mode === 'full') there -= 1;
  if (mode === 'overrun' && body.stream) leave();
  response.end('data: [DONE]\n\n');
});
server.listen(Number(port), address);
`;

export const recordingEngine: Engine = {
  name: 'recording',
  settings: z.strictObject({
    mode: z.enum(['good', 'die', 'vanish', 'fail', 'slow', 'full', 'overrun']).default('good'),
    limit: z.int().default(0),
    record_to: z.string(),
  }),
  models: new Set(['huggingface']),
  llmFields: new Set(['max_concurrent_requests']),
  revision: false,
  tasks: new Set(['generate']),
  defaultImage: () => null,
  launch: ({ port, settings, bind = '127.0.0.1' }) => {
    const own = settings as { mode: string; limit: number; record_to: string };
    return { args: [String(port), own.mode, String(own.limit), bind], env: { RECORD_TO: own.record_to } };
  },
  program: { argv: [process.execPath, '-e', SERVER], needs: { command: 'sh' }, install: () => '' },
  container: { apiKey: { env: 'RECORD_KEY' } },
  reservedFlags: new Set(),
  paths: { health: '/health', metrics: '/metrics', resetCache: '/reset' },
  api: { tokenIdPrompts: false, ignoreEos: true, streamUsage: true },
};
