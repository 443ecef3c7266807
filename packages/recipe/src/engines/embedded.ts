import { z } from 'zod';
import { splitShellWords } from '../shell-words.ts';
import { envSchema } from '../schema/values.ts';
import type { Engine, EngineLogFact } from './engine.ts';
import { extraArgsSchema } from './extra-args.ts';
import { modelName } from './model-name.ts';

const reservedFlags = new Set([
  '--port',
  '--host',
  '--model',
  '--model-random',
  '--served-model-name',
  '--parallel',
  '--context-length',
  '--threads',
  '--seed',
  '--api-key',
  '--parent-pid',
  '--exit-on-stdin-end',
  '--handshake',
]);

const settings = z.strictObject({
  image: z.string().min(1).optional().describe('Container image. Default: the one that `bench image build embedded` makes on the host.'),
  threads: z.int().positive().optional().describe('CPU threads of the model. Default: 1.'),
  seed: z.int().min(0).max(0xffff_ffff).optional().describe('Seed of generated weights. Default: 1.'),
  extra_args: extraArgsSchema(reservedFlags),
  extra_env: envSchema.default({}),
});

/**
 * Name of the engine's image. No registry has it: `bench image build embedded` makes it on a host. The tag is the protocol that the
 * engine speaks ({@link EngineProgram.needs}), so that an image fits every bench of its generation.
 */
export const EMBEDDED_IMAGE = 'bench/embedded-engine:1';

/** Its image has no curl. */
const HEALTHY = 'fetch(process.argv[1]).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))';

/** The server of `@bench/embedded-engine`: llama.cpp's kernels in a Node process, on the CPU, with nothing to download. */
export const embedded: Engine = {
  name: 'embedded',
  settings,
  models: new Set(['random', 'gguf']),
  llmFields: new Set(['context_length', 'max_concurrent_requests']),
  tasks: new Set(['generate', 'embed']),
  // Not filled into recipes: the image is the same program as the process, and both are one task.
  defaultImage: () => null,
  launch({ model, llm, settings: raw, port, modelPath, via, bind }) {
    const own = raw as z.output<typeof settings>;
    const source =
      model.random !== undefined && modelPath === undefined ? ['--model-random', model.random] : ['--model', modelPath ?? model.gguf ?? ''];
    const optional = (flag: string, value: number | undefined) => (value === undefined ? [] : [flag, String(value)]);
    return {
      ...(via === 'container' ? { image: own.image ?? EMBEDDED_IMAGE } : {}),
      args: [
        '--port',
        String(port),
        '--host',
        bind ?? (via === 'process' ? '127.0.0.1' : '0.0.0.0'),
        ...source,
        '--served-model-name',
        modelName(model),
        ...optional('--parallel', llm.max_concurrent_requests),
        ...optional('--context-length', llm.context_length),
        ...optional('--threads', own.threads),
        ...optional('--seed', own.seed),
        ...splitShellWords(own.extra_args),
      ],
      env: own.extra_env,
    };
  },
  program: {
    argv: ['bench-embedded-engine'],
    needs: { nodePackage: '@bench/embedded-engine', bin: 'bench-embedded-engine', protocol: 1 },
    install: (platform) => `npm i --omit=optional @bench/embedded-engine @node-llama-cpp/${platform}@3.22.1   (93 MB)`,
  },
  container: {
    program: ['node', '/opt/bench/bench-embedded-engine.js'],
    health: (port) => ['node', '-e', HEALTHY, `http://127.0.0.1:${port}/health`],
    apiKey: { env: 'BENCH_ENGINE_API_KEY' },
  },
  reservedFlags,
  paths: { health: '/health', metrics: '/metrics', tokenize: '/tokenize', resetCache: '/reset_prefix_cache' },
  api: { tokenIdPrompts: true, ignoreEos: true, streamUsage: true },
  readLog,
};

/** Its log has a line of JSON for each phase: `{"event":"phase","phase":"weights_load","durationMs":54}`. */
function readLog(line: string): EngineLogFact | undefined {
  if (!line.startsWith('{"event":"phase"')) return undefined;
  try {
    const { phase, durationMs } = JSON.parse(line) as { phase?: unknown; durationMs?: unknown };
    return typeof phase === 'string' && typeof durationMs === 'number' ? { kind: 'phase', phase: { name: phase, durationMs } } : undefined;
  } catch {
    return undefined;
  }
}
