import type { Engine } from '@bench/recipe';
import { z } from 'zod';

/** Image of {@link containerEngine}: Node on a small base. */
export const ENGINE_IMAGE = 'bench-test/engine:1';

/** An OpenAI-compatible server in a few lines, that tells what it was given; misbehaving as its mode says. */
const SERVER = String.raw`
const [port, mode, ...rest] = process.argv.slice(1);
console.log('starting ' + mode);
console.error('on stderr');
if (mode === 'exit') { console.error('no such device'); process.exit(3); }
if (mode === 'failure') console.log('OUT OF MEMORY');
if (mode === 'eat') { const all = []; setInterval(() => all.push(Buffer.alloc(8 << 20, 1)), 5); }
const ready = Date.now() + (mode === 'slow' ? 4000 : 200);
const server = require('node:http').createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  if (request.url === '/health') { response.writeHead(Date.now() < ready || mode === 'failure' || mode === 'eat' ? 503 : 200).end(); return; }
  if (request.url === '/die') process.exit(5);
  response.setHeader('content-type', 'application/json');
  if (request.url === '/whoami') { response.end(JSON.stringify({ port, rest, env: process.env })); return; }
  response.end(JSON.stringify({ choices: [{ message: { content: '4' } }], usage: { completion_tokens: 1 } }));
}).listen(Number(port), '0.0.0.0');
process.on('SIGTERM', () => process.exit(0));
`;

const settings = z.strictObject({
  mode: z.string().default('good'),
  image: z.string().default(ENGINE_IMAGE),
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), z.union([z.string(), z.strictObject({ from_env: z.string() })])).default({}),
});

/** An engine in a container, for tests. */
export const containerEngine: Engine = {
  name: 'contained',
  settings,
  models: new Set(['huggingface', 'gguf', 'random']),
  revision: true,
  llmFields: new Set(['tensor_parallel_size', 'docker_options']),
  tasks: new Set(['generate']),
  defaultImage: () => ENGINE_IMAGE,
  launch: ({ port, settings: raw, modelPath }) => {
    const own = raw as z.output<typeof settings>;
    return {
      image: own.image,
      args: ['-e', SERVER, String(port), own.mode, ...own.args, ...(modelPath === undefined ? [] : [modelPath])],
      env: own.env,
    };
  },
  container: { health: (port) => ['curl', '-f', `http://localhost:${port}/health`], fetchesWeights: true },
  reservedFlags: new Set(),
  paths: { health: '/health', resetCache: '/reset' },
  api: { tokenIdPrompts: false, ignoreEos: true, streamUsage: true },
  readLog: (line) => {
    if (line === 'OUT OF MEMORY') return { kind: 'failure', message: 'out of GPU memory', hint: 'use more GPUs' };
    return line.startsWith('starting') ? { kind: 'phase', phase: { name: 'start', durationMs: 1 } } : undefined;
  },
};
