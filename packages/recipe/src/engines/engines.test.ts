import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { BUILTIN_ENGINES, engineOf, parseRecipe, servedModelName, type Engine } from '../index.ts';

function launch(
  yaml: string,
  options: { via?: 'process' | 'container'; gpu?: 'nvidia' | 'amd' | null; modelPath?: string; bind?: string } = {},
) {
  const recipe = parseRecipe(yaml, { file: 'r' }).tasks[0]?.resolved;
  if (!recipe?.model) throw new Error('no model');
  const { engine, settings, llm } = engineOf(recipe);
  const out = engine.launch({
    model: recipe.model,
    llm,
    settings,
    port: 8000,
    gpu: options.gpu ?? 'nvidia',
    via: options.via ?? 'container',
    modelPath: options.modelPath,
    bind: options.bind,
  });
  return { ...out, line: out.args.join(' ') };
}

describe('vLLM', () => {
  it('is the engine of a Hugging Face model when nothing else is said', () => {
    const { image, entrypoint, line } = launch('model: {huggingface: org/name}\n');
    expect({ image, entrypoint }).toEqual({ image: 'vllm/vllm-openai:latest', entrypoint: undefined });
    expect(line).toBe(
      '--model org/name --trust-remote-code --host 0.0.0.0 --port 8000 --served-model-name org/name --tensor-parallel-size 1 --pipeline-parallel-size 1 --gpu-memory-utilization 0.9',
    );
  });

  it('takes every named field, extra arguments by the rules of the shell, and its environment', () => {
    const out = launch(`
model: {huggingface: org/name, revision: abc}
engine:
  llm:
    tensor_parallel_size: 4
    pipeline_parallel_size: 2
    data_parallel_size: 3
    gpu_memory_utilization: 0.8
    context_length: 16384
    max_concurrent_requests: 512
    vllm:
      image: mine:1
      extra_args: --hf-overrides '{"architectures":["A B"]}'
      extra_env: {USE_AITER: 1, TOKEN: {from_env: HF_TOKEN}}
`);
    expect(out.line).toBe(
      '--model org/name --revision abc --trust-remote-code --host 0.0.0.0 --port 8000 --served-model-name org/name --tensor-parallel-size 4 --pipeline-parallel-size 2 --data-parallel-size 3 --gpu-memory-utilization 0.8 --max-model-len 16384 --max-num-seqs 512 --hf-overrides {"architectures":["A B"]}',
    );
    expect(out.args.at(-1)).toBe('{"architectures":["A B"]}');
    expect(out.image).toBe('mine:1');
    expect(out.env).toEqual({ USE_AITER: '1', TOKEN: { from_env: 'HF_TOKEN' } });
  });

  it('binds to this machine as a process, and loads what was fetched', () => {
    const { line } = launch('model: {huggingface: org/name}\n', { via: 'process', modelPath: '/models/x' });
    expect(line).toContain('--model /models/x ');
    expect(line).toContain('--host 127.0.0.1');
    expect(line).toContain('--served-model-name org/name');
  });

  it('has an image of its own for AMD', () => {
    const recipe = parseRecipe('model: {huggingface: a/b}\ndeploy: {gpu: AMD Instinct MI350X}\n', { file: 'r' }).tasks[0]?.resolved;
    expect(recipe?.engine?.llm).toHaveProperty('vllm.image', 'vllm/vllm-openai-rocm:latest');
  });

  it.each([
    ['Model loading took 33.38 GiB memory and 22.12 seconds', { name: 'weights_load', durationMs: 22_120 }],
    ['Loading model weights took 14.3 GB and 11.40 seconds', { name: 'weights_load', durationMs: 11_400 }],
    [
      'init engine (profile, create kv cache, warmup model) took 200.37 s (compilation: 54.60 s)',
      { name: 'engine_warmup', durationMs: 200_370 },
    ],
    ['Graph capturing finished in 4 secs, took 0.12 GiB', { name: 'cuda_graph_capture', durationMs: 4000 }],
  ])('reads its log: %s', (text, phase) => {
    const vllm = BUILTIN_ENGINES.find((engine) => engine.name === 'vllm');
    expect(vllm?.readLog?.(`INFO 01-01 00:00:00 [x.py:1] ${text}`)).toEqual({ kind: 'phase', phase });
    expect(vllm?.readLog?.('torch.OutOfMemoryError: CUDA out of memory.')).toMatchObject({ kind: 'failure' });
    expect(vllm?.readLog?.('Application startup complete.')).toBeUndefined();
  });
});

describe('SGLang', () => {
  it('has its own names for the same fields', () => {
    const out = launch(`
model: {huggingface: org/name}
engine:
  llm: {tensor_parallel_size: 2, pipeline_parallel_size: 2, data_parallel_size: 2, context_length: 9000, max_concurrent_requests: 64, sglang: {extra_args: --quantization moe_wna16}}
benchmark: {random_input_len: 10, random_output_len: 10}
`);
    expect(out.entrypoint).toEqual(['python3', '-m', 'sglang.launch_server']);
    expect(out.line).toBe(
      '--model-path org/name --trust-remote-code --host 0.0.0.0 --port 8000 --served-model-name org/name --tp 2 --pp 2 --dp 2 --mem-fraction-static 0.9 --context-length 9000 --max-running-requests 64 --enable-metrics --quantization moe_wna16',
    );
  });

  it('wins over vLLM when it is present, and an empty image means it is not', () => {
    const both = (sglang: string) =>
      parseRecipe(`model: {huggingface: a/b}\nengine: {llm: {vllm: {}, sglang: ${sglang}}}\n`, { file: 'r' }).tasks[0]?.resolved;
    expect(Object.keys(both('{}')?.engine?.llm ?? {})).toContain('sglang');
    expect(Object.keys(both('{}')?.engine?.llm ?? {})).not.toContain('vllm');
    expect(Object.keys(both('{image: ""}')?.engine?.llm ?? {})).toContain('vllm');
    expect(Object.keys(both('{image: ""}')?.engine?.llm ?? {})).not.toContain('sglang');
  });
});

describe('llama.cpp', () => {
  it('is the engine of a GGUF file, with the context of one request for each slot', () => {
    const out = launch(
      'model: {gguf: /m/Some-Model.Q4.gguf}\nengine: {llm: {context_length: 2048, max_concurrent_requests: 4}}\nbenchmark: {random_input_len: 9, random_output_len: 9}\n',
    );
    expect(out.line).toBe('-m /m/Some-Model.Q4.gguf --host 0.0.0.0 --port 8000 --alias Some-Model.Q4 --metrics -c 8192 -np 4 -ngl 999');
  });
  it('loads from Hugging Face, and knows its images', () => {
    const out = launch('model: {huggingface: org/name-GGUF}\nengine: {llm: {llamacpp: {}}}\n');
    expect(out.line).toContain('-hf org/name-GGUF');
    expect(out.image).toBe('ghcr.io/ggml-org/llama.cpp:server');
    const onGpu = parseRecipe('model: {gguf: /x.gguf}\ndeploy: {gpu: NVIDIA L40S}\n', { file: 'r' }).tasks[0]?.resolved;
    expect(onGpu?.engine?.llm).toHaveProperty('llamacpp.image', 'ghcr.io/ggml-org/llama.cpp:server-cuda');
  });
});

describe('the embedded engine', () => {
  it('is the engine of generated weights', () => {
    const out = launch('model: {random: small}\nengine: {llm: {embedded: {threads: 2, seed: 7}}}\n', { via: 'process' });
    expect(out.line).toBe('--port 8000 --host 127.0.0.1 --model-random small --served-model-name random-small --threads 2 --seed 7');
    const contained = launch('model: {random: small}\nengine: {llm: {embedded: {}}}\n', { via: 'container' });
    expect(contained.line).toContain('--host 0.0.0.0');
    expect(contained.image).toBe('bench/embedded-engine:1');
    expect(out.image).toBeUndefined();
    const named = launch('model: {random: small}\nengine: {llm: {embedded: {image: "mine:2"}}}\n', { via: 'container' });
    expect(named.image).toBe('mine:2');
  });
  it('takes a GGUF file', () => {
    expect(launch('model: {gguf: models/a.gguf}\nengine: {llm: {embedded: {}}}\n').line).toContain(
      '--model models/a.gguf --served-model-name a',
    );
  });
});

it.each(BUILTIN_ENGINES.map((engine) => [engine.name, engine] as const))(
  '%s refuses in extra_args every flag it writes itself',
  (_name, engine) => {
    const settings = engine.settings['~standard'].validate({});
    if (settings instanceof Promise || settings.issues) throw new Error('the settings do not accept {}');
    const source = engine.models.has('huggingface') ? { huggingface: 'a/b' } : { random: 'tiny' as const };
    const { args } = engine.launch({
      model: { ...source, task: engine.tasks.has('embed') ? 'embed' : 'generate', revision: 'r' },
      llm: {
        tensor_parallel_size: 2,
        pipeline_parallel_size: 2,
        data_parallel_size: 2,
        gpu_memory_utilization: 0.5,
        context_length: 5,
        max_concurrent_requests: 5,
        docker_options: {},
      },
      settings: settings.value,
      port: 1,
      gpu: 'nvidia',
      via: 'container',
    });
    const flags = args.filter((arg) => /^-{1,2}[a-z]/i.test(arg));
    expect(flags.filter((flag) => !engine.reservedFlags.has(flag))).toEqual([]);
  },
);

it.each(BUILTIN_ENGINES.filter((engine) => engine.models.has('huggingface')).map((engine) => [engine.name, engine] as const))(
  '%s loads the revision that is asked for, or refuses it',
  (name, engine) => {
    const yaml = `model: {huggingface: a/b, revision: v1.2}\nengine: {llm: {${name}: {}}}\n`;
    if (engine.revision === true) expect(launch(yaml).line).toContain('--revision v1.2');
    else expect(() => parseRecipe(yaml, { file: 'r' })).toThrow(/^r:1:37 .* cannot load a certain revision/);
  },
);

describe('engines of plugins', () => {
  const plugin: Engine = {
    ...(BUILTIN_ENGINES[0] as Engine),
    name: 'mine',
    settings: z.strictObject({ level: z.int().min(1).default(3) }),
  };
  const foreign: Engine = {
    ...plugin,
    settings: {
      '~standard': {
        version: 1,
        vendor: 'by hand',
        validate: (value) => {
          const level = (value as { level?: unknown }).level ?? 3;
          return typeof level === 'number' ? { value: { level } } : { issues: [{ message: 'level is a number', path: ['level'] }] };
        },
      },
    },
  };

  it.each([
    ['zod', plugin],
    ['another Standard Schema', foreign],
  ])('are checked by their own schema: %s', (_name, engine) => {
    const engines = [...BUILTIN_ENGINES, engine];
    const yaml = (settings: string) => `model: {huggingface: a/b}\nengine:\n  llm:\n    mine: ${settings}\n`;
    const recipe = parseRecipe(yaml('{}'), { file: 'r' }, { engines }).tasks[0]?.resolved;
    expect(recipe && engineOf(recipe, engines)).toMatchObject({ engine: { name: 'mine' }, settings: { level: 3 } });
    expect(() => parseRecipe(yaml('{level: x}'), { file: 'r' }, { engines })).toThrow(/^r:4:19 engine.llm.mine.level: /);
    expect(() => parseRecipe(yaml('{}'), { file: 'r' })).toThrow(/unknown key "mine" in engine.llm/);
  });
});

it.each([
  ['vLLM', 'model: {huggingface: a/b}\n'],
  ['SGLang', 'model: {huggingface: a/b}\nengine: {llm: {sglang: {}}}\n'],
  ['llama.cpp', 'model: {gguf: /m/a.gguf}\nengine: {llm: {llamacpp: {}}}\n'],
  ['the embedded engine', 'model: {random: tiny}\nengine: {llm: {embedded: {}}}\n'],
])('%s listens where it is told to, and opens no path for this machine alone then', (_name, yaml) => {
  const { args, env } = launch(yaml, { via: 'process', bind: '0.0.0.0' });
  expect(args[args.indexOf('--host') + 1]).toBe('0.0.0.0');
  expect(env).toEqual({});
});

it('names the model as clients ask for it', () => {
  const name = (model: string) => {
    const recipe = parseRecipe(`model: ${model}\n`, { file: 'r' }).tasks[0]?.resolved;
    return recipe && servedModelName(recipe);
  };
  expect([name('{huggingface: org/name}'), name('{random: tiny}'), name('{gguf: "C:\\\\m\\\\A.b.GGUF"}')]).toEqual([
    'org/name',
    'random-tiny',
    'A.b',
  ]);
});
