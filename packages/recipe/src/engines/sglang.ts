import { z } from 'zod';
import { envSchema } from '../schema/values.ts';
import { splitShellWords } from '../shell-words.ts';
import type { Engine } from './engine.ts';
import { extraArgsSchema } from './extra-args.ts';
import { modelName } from './model-name.ts';

const reservedFlags = new Set([
  '--model-path',
  '--model',
  '--host',
  '--port',
  '--served-model-name',
  '--trust-remote-code',
  '--revision',
  '--tp',
  '--tp-size',
  '--tensor-parallel-size',
  '--pp',
  '--pp-size',
  '--pipeline-parallel-size',
  '--dp',
  '--dp-size',
  '--data-parallel-size',
  '--mem-fraction-static',
  '--context-length',
  '--max-running-requests',
  '--enable-metrics',
  '--is-embedding',
  '--api-key',
]);

const settings = z.strictObject({
  // An empty image means "not SGLang"; it is dealt with before this schema sees it.
  image: z.string().min(1).optional().describe('Container image. Default: lmsysorg/sglang:latest; on AMD it must be named.'),
  extra_args: extraArgsSchema(reservedFlags),
  extra_env: envSchema.default({}),
});

/** SGLang's OpenAI server. Flags: `python3 -m sglang.launch_server --help`. */
export const sglang: Engine = {
  name: 'sglang',
  settings,
  models: new Set(['huggingface']),
  revision: true,
  llmFields: new Set([
    'tensor_parallel_size',
    'pipeline_parallel_size',
    'data_parallel_size',
    'gpu_memory_utilization',
    'context_length',
    'max_concurrent_requests',
    'docker_options',
  ]),
  tasks: new Set(['generate', 'embed']),
  moreApis: new Set(['responses', 'messages']),
  defaultImage: (gpu) => (gpu === 'amd' ? null : 'lmsysorg/sglang:latest'),
  launch({ model, llm, settings: raw, port, modelPath, gpu, via, bind }) {
    const own = raw as z.output<typeof settings>;
    return {
      image: own.image ?? sglang.defaultImage(gpu) ?? undefined,
      entrypoint: ['python3', '-m', 'sglang.launch_server'],
      args: [
        '--model-path',
        modelPath ?? model.huggingface ?? '',
        ...(model.revision !== undefined && modelPath === undefined ? ['--revision', model.revision] : []),
        '--trust-remote-code',
        '--host',
        bind ?? (via === 'process' ? '127.0.0.1' : '0.0.0.0'),
        '--port',
        String(port),
        '--served-model-name',
        modelName(model),
        '--tp',
        String(llm.tensor_parallel_size),
        ...(llm.pipeline_parallel_size > 1 ? ['--pp', String(llm.pipeline_parallel_size)] : []),
        ...(llm.data_parallel_size > 1 ? ['--dp', String(llm.data_parallel_size)] : []),
        '--mem-fraction-static',
        String(llm.gpu_memory_utilization),
        ...(llm.context_length === undefined ? [] : ['--context-length', String(llm.context_length)]),
        ...(llm.max_concurrent_requests === undefined ? [] : ['--max-running-requests', String(llm.max_concurrent_requests)]),
        ...(model.task === 'embed' ? ['--is-embedding'] : []),
        '--enable-metrics',
        ...splitShellWords(own.extra_args),
      ],
      env: own.extra_env,
    };
  },
  program: {
    argv: ['python3', '-m', 'sglang.launch_server'],
    needs: { pythonModule: 'sglang' },
    install: () => 'pip install "sglang[all]"',
  },
  // It documents no variable for its key: in a rented container it is an argument, which docs/clouds.md says.
  container: { health: (port) => ['curl', '-f', `http://localhost:${port}/health`], fetchesWeights: true, apiKey: { flag: '--api-key' } },
  reservedFlags,
  paths: { health: '/health', metrics: '/metrics', tokenize: '/tokenize', resetCache: '/flush_cache' },
  api: { tokenIdPrompts: true, ignoreEos: true, streamUsage: true },
  readLog(line) {
    if (/CUDA out of memory|torch\.OutOfMemoryError|Not enough memory\. Please try to increase/.test(line)) {
      return {
        kind: 'failure',
        message: 'out of GPU memory',
        hint: 'change gpu_memory_utilization, lower context_length, or use more GPUs',
      };
    }
    return undefined;
  },
};
