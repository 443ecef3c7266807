import { z } from 'zod';
import { envSchema } from '../schema/values.ts';
import { splitShellWords } from '../shell-words.ts';
import type { Engine, EngineLogFact } from './engine.ts';
import { extraArgsSchema } from './extra-args.ts';
import { modelName } from './model-name.ts';

const reservedFlags = new Set([
  '--model',
  '--host',
  '--port',
  '--served-model-name',
  '--trust-remote-code',
  '--revision',
  '--tensor-parallel-size',
  '-tp',
  '--pipeline-parallel-size',
  '-pp',
  '--data-parallel-size',
  '-dp',
  '--gpu-memory-utilization',
  '--max-model-len',
  '--max-num-seqs',
  '--api-key',
]);

const settings = z.strictObject({
  image: z.string().min(1).optional().describe('Container image. Default: vllm/vllm-openai:latest, on AMD vllm/vllm-openai-rocm:latest.'),
  extra_args: extraArgsSchema(reservedFlags),
  extra_env: envSchema.default({}),
});

/** vLLM's OpenAI server. Flags: `vllm serve --help`; log lines: those of the V1 engine. */
export const vllm: Engine = {
  name: 'vllm',
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
  defaultImage: (gpu) => (gpu === 'amd' ? 'vllm/vllm-openai-rocm:latest' : 'vllm/vllm-openai:latest'),
  launch({ model, llm, settings: raw, port, modelPath, gpu, via, bind }) {
    const own = raw as z.output<typeof settings>;
    return {
      image: own.image ?? vllm.defaultImage(gpu) ?? undefined,
      args: [
        '--model',
        modelPath ?? model.huggingface ?? '',
        ...(model.revision !== undefined && modelPath === undefined ? ['--revision', model.revision] : []),
        '--trust-remote-code',
        '--host',
        bind ?? (via === 'process' ? '127.0.0.1' : '0.0.0.0'),
        '--port',
        String(port),
        '--served-model-name',
        modelName(model),
        '--tensor-parallel-size',
        String(llm.tensor_parallel_size),
        '--pipeline-parallel-size',
        String(llm.pipeline_parallel_size),
        ...(llm.data_parallel_size > 1 ? ['--data-parallel-size', String(llm.data_parallel_size)] : []),
        '--gpu-memory-utilization',
        String(llm.gpu_memory_utilization),
        ...(llm.context_length === undefined ? [] : ['--max-model-len', String(llm.context_length)]),
        ...(llm.max_concurrent_requests === undefined ? [] : ['--max-num-seqs', String(llm.max_concurrent_requests)]),
        ...splitShellWords(own.extra_args),
      ],
      // Opens the path that resets the prefix cache, and others that nobody but this machine may reach: not in a container.
      env: via === 'process' && bind === undefined ? { VLLM_SERVER_DEV_MODE: '1', ...own.extra_env } : own.extra_env,
    };
  },
  program: {
    argv: ['python3', '-m', 'vllm.entrypoints.openai.api_server'],
    needs: { pythonModule: 'vllm' },
    install: () => 'pip install vllm',
  },
  container: {
    program: ['python3', '-m', 'vllm.entrypoints.openai.api_server'],
    health: (port) => ['curl', '-f', `http://localhost:${port}/health`],
    fetchesWeights: true,
    apiKey: { env: 'VLLM_API_KEY' },
  },
  reservedFlags,
  // Resetting answers 404 without VLLM_SERVER_DEV_MODE=1; then seeds alone keep prompts apart.
  paths: { health: '/health', metrics: '/metrics', tokenize: '/tokenize', resetCache: '/reset_prefix_cache' },
  api: { tokenIdPrompts: true, ignoreEos: true, streamUsage: true },
  readLog,
};

function readLog(line: string): EngineLogFact | undefined {
  const weights = /(?:Model loading|Loading model weights) took [\d.]+ Gi?B(?: memory)? and ([\d.]+) seconds/.exec(line);
  if (weights) return phase('weights_load', weights[1]);
  const init = /init engine \(profile, create kv cache, warmup model\) took ([\d.]+) s/.exec(line);
  if (init) return phase('engine_warmup', init[1]);
  const compile = /torch\.compile takes ([\d.]+) s in total/.exec(line);
  if (compile) return phase('torch_compile', compile[1]);
  const graphs = /Graph capturing finished in ([\d.]+) secs?/.exec(line);
  if (graphs) return phase('cuda_graph_capture', graphs[1]);
  if (/CUDA out of memory|torch\.OutOfMemoryError|HIP out of memory/.test(line)) {
    return {
      kind: 'failure',
      message: 'out of GPU memory',
      hint: 'lower context_length, max_concurrent_requests or gpu_memory_utilization, or use more GPUs',
    };
  }
  return undefined;
}

const phase = (name: string, seconds: string | undefined): EngineLogFact => ({
  kind: 'phase',
  phase: { name, durationMs: Number(seconds) * 1000 },
});
