import { z } from 'zod';
import { envSchema } from '../schema/values.ts';
import { splitShellWords } from '../shell-words.ts';
import type { Engine } from './engine.ts';
import { extraArgsSchema } from './extra-args.ts';
import { modelName } from './model-name.ts';

const reservedFlags = new Set([
  '-m',
  '--model',
  '-hf',
  '-hfr',
  '--hf-repo',
  '-c',
  '--ctx-size',
  '-np',
  '--parallel',
  '-ngl',
  '--gpu-layers',
  '--n-gpu-layers',
  '-t',
  '--threads',
  '--host',
  '--port',
  '-a',
  '--alias',
  '--metrics',
  '--embedding',
  '--embeddings',
  '--api-key',
]);

const settings = z.strictObject({
  image: z
    .string()
    .min(1)
    .optional()
    .describe('Container image. Default: ghcr.io/ggml-org/llama.cpp:server, :server-cuda or :server-rocm.'),
  gpu_layers: z.int().min(0).optional().describe('Layers kept on the GPU. Default: all where there is a GPU, else none.'),
  threads: z.int().positive().optional().describe('CPU threads. Default: the server’s own choice.'),
  extra_args: extraArgsSchema(reservedFlags),
  extra_env: envSchema.default({}),
});

const IMAGE = 'ghcr.io/ggml-org/llama.cpp';
/** More layers than any model has: all of them. */
const ALL_LAYERS = 999;

/** llama.cpp's `llama-server`. Flags: its `--help`. */
export const llamacpp: Engine = {
  name: 'llamacpp',
  settings,
  models: new Set(['huggingface', 'gguf']),
  llmFields: new Set(['context_length', 'max_concurrent_requests', 'docker_options']),
  tasks: new Set(['generate', 'embed']),
  moreApis: new Set(['responses', 'messages', 'llamacpp']),
  defaultImage: (gpu) => `${IMAGE}:${gpu === 'nvidia' ? 'server-cuda' : gpu === 'amd' ? 'server-rocm' : 'server'}`,
  launch({ model, llm, settings: raw, port, modelPath, gpu, via, bind }) {
    const own = raw as z.output<typeof settings>;
    const path = modelPath ?? model.gguf;
    const slots = llm.max_concurrent_requests;
    const layers = own.gpu_layers ?? (gpu === null ? undefined : ALL_LAYERS);
    return {
      image: own.image ?? llamacpp.defaultImage(gpu) ?? undefined,
      args: [
        ...(path === undefined ? ['-hf', model.huggingface ?? ''] : ['-m', path]),
        '--host',
        bind ?? (via === 'process' ? '127.0.0.1' : '0.0.0.0'),
        '--port',
        String(port),
        '--alias',
        modelName(model),
        '--metrics',
        // llama-server divides -c among its slots; a recipe's context length is that of one request.
        ...(llm.context_length === undefined ? [] : ['-c', String(llm.context_length * (slots ?? 1))]),
        // Without -np the server chooses several slots itself, and -c would no longer be one request's.
        ...(slots !== undefined ? ['-np', String(slots)] : llm.context_length !== undefined ? ['-np', '1'] : []),
        ...(layers === undefined ? [] : ['-ngl', String(layers)]),
        ...(own.threads === undefined ? [] : ['-t', String(own.threads)]),
        ...(model.task === 'embed' ? ['--embeddings'] : []),
        ...splitShellWords(own.extra_args),
      ],
      env: own.extra_env,
    };
  },
  program: {
    argv: ['llama-server'],
    needs: { command: 'llama-server' },
    install: () => 'install llama.cpp, so that llama-server is on the PATH',
  },
  container: {
    program: ['/app/llama-server'],
    health: (port) => ['curl', '-f', `http://localhost:${port}/health`],
    apiKey: { env: 'LLAMA_API_KEY' },
    cacheEnv: (folder) => ({ LLAMA_CACHE: `${folder}/llama.cpp` }),
  },
  reservedFlags,
  paths: { health: '/health', metrics: '/metrics', tokenize: '/tokenize' },
  api: { tokenIdPrompts: true, ignoreEos: true, streamUsage: true },
};
