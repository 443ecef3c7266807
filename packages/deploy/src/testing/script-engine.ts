import type { Engine } from '@bench/recipe';
import { z } from 'zod';

/** An OpenAI-compatible server in a few lines, run by Node: what a test needs of an engine, misbehaving as its flags say. */
export const SERVER = String.raw`
const [port, mode] = process.argv.slice(1);
console.log('starting ' + mode);
if (mode === 'exit') { console.error('CUDA error: no device'); process.exit(9); }
if (mode === 'leak') { console.log('token is ' + process.env.SECRET_VALUE); process.exit(1); }
// Says why, and hangs: engines do.
if (mode === 'oom') console.log('OUT OF MEMORY');
if (mode === 'quick') process.exit(7);
const child = require('node:child_process').spawn('sleep', ['300']);
console.log('child ' + child.pid);
if (process.env.SECRET_VALUE) console.log('secret has ' + process.env.SECRET_VALUE.length + ' characters');
require('node:http').createServer(async (request, response) => {
  let asked = '';
  for await (const chunk of request) asked += chunk;
  const body = asked === '' ? {} : JSON.parse(asked);
  if (mode === 'never' || mode === 'oom') { response.writeHead(503).end('loading'); return; }
  if (request.url === '/health') { response.end('ok'); return; }
  if (mode === 'broken') { response.writeHead(500).end('kernel crashed'); return; }
  if (mode === 'die') { process.exit(3); }
  response.setHeader('content-type', 'application/json');
  if (request.url === '/v1/embeddings') { response.end(JSON.stringify({ data: [{ embedding: mode === 'long' ? [3, 4] : [0.6, 0.8] }] })); return; }
  if (Number(body.max_tokens) + 20 > Number(process.env.CONTEXT || 1e9)) { response.writeHead(400).end('too long'); return; }
  const text = mode === 'silent' ? '' : 'The answer is 4.';
  response.end(JSON.stringify({ choices: [{ message: { content: text }, text }], usage: { completion_tokens: text === '' ? 0 : 5 } }));
}).listen(Number(port), '127.0.0.1');
`;

export const scriptEngine: Engine = {
  name: 'script',
  settings: z.strictObject({
    mode: z.string().default('good'),
    image: z.string().optional(),
    env: z.record(z.string(), z.union([z.string(), z.strictObject({ from_env: z.string() })])).default({}),
  }),
  models: new Set(['huggingface', 'random']),
  llmFields: new Set(['context_length']),
  revision: false,
  tasks: new Set(['generate', 'embed']),
  defaultImage: () => 'example/script:1',
  launch: ({ port, settings, llm }) => {
    const own = settings as { mode: string; env: Record<string, string> };
    return { args: [String(port), own.mode], env: { CONTEXT: String(llm.context_length ?? ''), ...own.env } };
  },
  reservedFlags: new Set(),
  paths: { health: '/health' },
  api: { tokenIdPrompts: false, ignoreEos: true, streamUsage: true },
  readLog: (line) => {
    if (line === 'OUT OF MEMORY') return { kind: 'failure', message: 'out of memory', hint: 'use a bigger machine' };
    return line.startsWith('starting') ? { kind: 'phase', phase: { name: 'start', durationMs: 1 } } : undefined;
  },
};
