import type { Engine } from '@bench/recipe';
import { z } from 'zod';

/**
 * A server in a few lines of Node that asks for its key, tells what it was given, and misbehaves as its mode says: `exit` ends at once, `never` is
 * never healthy, `stubborn` ignores TERM, `clash` fails as one whose port is taken, `dies` ends when asked `/die`.
 */
const SERVER = String.raw`
const [bind, port, mode, ...rest] = process.argv.slice(1);
console.log('starting ' + mode);
if (mode === 'exit') { console.error('CUDA error: "no" device \\ at all'); process.exit(9); }
const key = process.env.NODE_ENGINE_KEY;
const begun = Date.now();
const server = require('node:http').createServer((request, response) => {
  if (request.headers.authorization !== 'Bearer ' + key) { response.writeHead(401).end(); return; }
  if (request.url === '/die') process.exit(3);
  if (request.url === '/health') { response.writeHead(mode === 'never' || Date.now() - begun < 300 ? 503 : 200).end('x'); return; }
  response.end(JSON.stringify({ rest, cwd: process.cwd(), env: process.env }));
});
server.on('error', (error) => { console.error(String(error)); process.exit(1); });
process.on('SIGTERM', () => { console.log('got TERM'); if (mode !== 'stubborn') process.exit(0); });
server.listen(Number(port), bind);
`;

const settings = z.strictObject({
  mode: z.string().default('good'),
  image: z.string().optional(),
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), z.union([z.string(), z.strictObject({ from_env: z.string() })])).default({}),
});

/** An engine for batch jobs, for tests. */
export const nodeEngine: Engine = {
  name: 'noded',
  settings,
  models: new Set(['huggingface', 'gguf', 'random']),
  llmFields: new Set(['tensor_parallel_size', 'docker_options']),
  tasks: new Set(['generate']),
  defaultImage: () => 'registry.example/noded:1.2',
  launch: ({ port, settings: raw, modelPath, bind, via }) => {
    const own = raw as z.output<typeof settings>;
    return {
      image: own.image ?? 'registry.example/noded:1.2',
      args: [
        '-e',
        SERVER,
        bind ?? '127.0.0.1',
        String(port),
        own.mode,
        via,
        `--at=:${port}/x`,
        ...(modelPath === undefined ? [] : [modelPath]),
        ...own.args,
      ],
      env: { ENGINE_URL: `http://127.0.0.1:${port}/`, ...own.env },
    };
  },
  program: { argv: ['node'], needs: { command: 'node' }, install: () => 'install Node' },
  container: { program: ['node'], apiKey: { env: 'NODE_ENGINE_KEY' } },
  reservedFlags: new Set(),
  paths: { health: '/health' },
  api: { tokenIdPrompts: false, ignoreEos: true, streamUsage: true },
};
