import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchError, prng } from '@bench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRecipe, parseRecipe } from './index.ts';

const MODEL = 'model: {random: tiny}\n';

/** The lines of the one error that a text gives. */
function complaints(text: string): string[] {
  try {
    parseRecipe(text, { file: 'recipe.yaml' });
  } catch (error) {
    if (!BenchError.is(error)) throw error;
    expect(error).toMatchObject({ code: 'BENCH_RECIPE_INVALID', exitCode: 2 });
    expect(error.details?.['problems']).toEqual(expect.arrayContaining([expect.objectContaining({ file: 'recipe.yaml' })]));
    return error.message.split('\n');
  }
  throw new Error('the recipe was accepted');
}

describe('what sbatch would be given', () => {
  it.each([
    ['extra: ["--nice=1", "--partition=x"]', /^recipe.yaml:3:23 slurm.extra.1: --partition has a key of its own: slurm.partition$/],
    ['extra: ["--gpus-per-node=2"]', /:3:11 slurm.extra.0: --gpus-per-node has a key of its own: slurm.gpus_per_node$/],
    ['clients: {extra: ["--mem=1G"]}', /:3:21 slurm.clients.extra.0: --mem has a key of its own: slurm.mem$/],
    ['extra: ["--wrap=id"]', /--wrap is set by bench/],
    ['extra: ["--signal=USR2@5"]', /--signal is set by bench/],
    ['extra: ["-N2"]', /"-N2" is no option: expected something like "--nice=100"/],
    ['partition: "gpu --uid=0"', /^recipe.yaml:3:14 slurm.partition: expected something like "gpu"$/],
    ['exclude: "a b"', /slurm.exclude: expected something like "node\[01-04\]"/],
    ['gpus: two', /slurm.gpus: expected a number of GPUs/],
    ['gres: "gpu:2 x"', /slurm.gres: expected something like "gpu:a100:2"/],
  ])('%s', (section, message) => {
    expect(complaints(`${MODEL}slurm:\n  ${section}\n`)[0]).toMatch(message);
  });
});

describe('a search', () => {
  const found = 'max: concurrency, slo: {ttft_p99_ms: 5}';
  it.each([
    ['search: {max: speed, slo: {ttft_p99_ms: 5}}', /benchmark.search.max: /],
    ['search: {max: rate, slo: {}}', /a search needs at least one limit/],
    ['search: {max: rate, slo: {ttft_p98_ms: 5}}', /unknown key "ttft_p98_ms" in benchmark.search.slo; did you mean "ttft_p90_ms"/],
    ['search: {max: rate, slo: {goodput: 0.9}}', /the share of requests that meet benchmark.slo, which is missing/],
    [`search: {${found}, from: 9, to: 8}`, /from is above to/],
    [`search: {${found}, from: 1.5}`, /a concurrency is a whole number/],
    [`search: {${found}}, max_concurrency: 4`, /its highest is search.to/],
    [`search: {${found}}, repeats: 2`, /give search.repeats/],
    [`search: {${found}}, sweep: auto`, /give a sweep or a search, not both/],
    [`search: {${found}}, arrival: constant`, /arrival needs request_rate/],
    [`search: {${found}}, request_rate: 4`, /a search sets the load itself: leave request_rate out/],
    ['sweep: auto, request_rate: 4', /"sweep: auto" sets the load itself: leave request_rate out/],
    ['sweep: auto, stages: [{duration: 5s, request_rate: 1}]', /leave stages out/],
    ['sweep: auto, bursts: {size: 2, every: 1s}', /leave bursts out/],
    ['sweep: auto, dataset: {type: trace, path: t, format: azure}', /a trace has arrivals of its own/],
    ['sweep: automatic', /benchmark.sweep: expected lists of loads, or "auto"/],
  ])('%s', (benchmark, message) => {
    expect(complaints(`${MODEL}benchmark: {${benchmark}}\n`).join('\n')).toMatch(message);
  });
});

describe('YAML that is no recipe', () => {
  it.each([
    ['nothing', '', /^recipe.yaml:1:1 the file is empty; /],
    ['a comment', '# soon\n', /the file is empty/],
    ['null', 'null\n', /^recipe.yaml:1:1 a recipe is a map of sections, and this is empty/],
    ['a list', '- a\n- b\n', /^recipe.yaml:1:1 a recipe is a map of sections, and this is a list/],
    ['a word', 'hello\n', /and this is a single value/],
    ['no section that makes a recipe', 'deploy: {gpu: H100}\nslurm: {}\n', /this is no recipe yet/],
    ['one section, misspelled', 'deploy: {}\nmodels: {random: tiny}\n', /^recipe.yaml:2:1 unknown key "models"; did you mean "model"\?$/],
    ['a service, misspelled', 'services: {image: redis}\n', /^recipe.yaml:1:1 unknown key "services"; did you mean "service"\?$/],
    [
      'duplicate keys',
      'model:\n  random: tiny\n  random: small\n',
      /^recipe.yaml:3:3 the key "random" is already given on line 2; keep one of them$/,
    ],
    ['tabs', 'model:\n\trandom: tiny\n', /^recipe.yaml:2:1 a tab is used for indentation; YAML wants spaces$/],
    ['two documents', `${MODEL}---\n${MODEL}`, /^recipe.yaml:2:1 a second YAML document begins here/],
    ['an alias to nowhere', 'model: *m\n', /^recipe.yaml:1:8 the alias "\*m" has no anchor$/],
    ['an alias to itself', 'model: &m\n  a: *m\n', /^recipe.yaml:2:6 the alias "\*m" contains itself$/],
    ['a key that is a list', '? [a, b]\n: 1\n', /^recipe.yaml:1:3 a key must be a word$/],
    ['binary values', 'model: !!binary aGk=\n', /^recipe.yaml:1:\d+ a value of this kind cannot be used/],
    ['__proto__', `__proto__: {x: 1}\n${MODEL}`, /^recipe.yaml:1:1 the key "__proto__" is not allowed$/],
    ['__proto__ in a path', `${MODEL}matrices: [{__proto__.x: 1}]\n`, /"__proto__.x" is not a path/],
    ['unclosed brackets', 'model: {random: tiny\n', /^recipe.yaml:\d+:\d+ not valid YAML: /],
    ['NUL bytes', 'model:\0', /this is not text/],
  ])('%s', (_name, text, message) => {
    expect(complaints(text)[0]).toMatch(message);
  });

  it('too much, or too deep', () => {
    expect(complaints('['.repeat(200_000))[0]).toContain('nested or indented too deeply');
    expect(complaints('- '.repeat(100_000))[0]).toContain('nested or indented too deeply');
    expect(complaints(`a: ${'x'.repeat(10_000_000)}`)[0]).toContain('recipe.yaml: the file has 10.0 MB, and a recipe may have 256 kB');
  });

  it('a billion laughs', () => {
    const level = (name: string, of: string) => `${name}: &${name} [${Array(9).fill(of).join(', ')}]\n`;
    const text = level('a', 'x') + [...'bcdefghijklm'].map((name, i) => level(name, `*${'abcdefghijklm'[i]}`)).join('');
    expect(complaints(text)).toEqual([expect.stringContaining('billions of values once its aliases are followed')]);
  });

  it('leaves no trace on Object.prototype', () => {
    complaints(`${MODEL}matrices: [{constructor.prototype.polluted: 1}]\n`);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('YAML that looks odd and is right', () => {
  const benchmark = (text: string) => parseRecipe(MODEL + text, { file: 'recipe.yaml' }).tasks[0]?.resolved.benchmark;

  it('reads 12:00:00 as a time, quoted or not', () => {
    expect(benchmark('benchmark: {duration: 12:00:00}\n')?.duration).toBe('12:00:00');
    expect(benchmark('benchmark: {duration: "01:00:00"}\n')?.duration).toBe('01:00:00');
  });
  it('follows anchors and merge keys', () => {
    expect(benchmark('benchmark:\n  <<: &b {num_prompts: 7, seed: 1}\n  seed: 3\n')).toMatchObject({ num_prompts: 7, seed: 3 });
  });
  it('reads a BOM and CRLF', () => {
    const loaded = parseRecipe('\uFEFFmodel:\r\n  random: tiny\r\nbenchmark:\r\n  seed: 3\r\n', { file: 'recipe.yaml' });
    expect(loaded.tasks[0]?.resolved.benchmark?.seed).toBe(3);
    expect(() => parseRecipe('model:\r\n  random: tiny\r\n  rnd: 1\r\n', { file: 'r' })).toThrow(/^r:3:3 /);
  });
  it('takes an empty section for its defaults', () => {
    const loaded = parseRecipe('model: {huggingface: a/b}\nengine:\n  llm:\n    sglang:\nbenchmark:\n', { file: 'r' });
    expect(loaded.tasks[0]?.resolved.engine?.llm).toHaveProperty('sglang.image', 'lmsysorg/sglang:latest');
  });
});

describe('what the schema objects to', () => {
  it.each([
    ['benchmark:\n  max_concurency: 5\n', 'recipe.yaml:3:3 unknown key "max_concurency" in benchmark; did you mean "max_concurrency"?'],
    ['benchmrk: {}\n', 'recipe.yaml:2:1 unknown key "benchmrk"; did you mean "benchmark"?'],
    ['max_concurrency: 5\n', 'recipe.yaml:2:1 unknown key "max_concurrency"; did you mean "benchmark.max_concurrency"?'],
    ['deploy.gpu: H100\n', 'recipe.yaml:2:1 unknown key "deploy.gpu"; dotted paths are for matrices: write nested maps here'],
    [
      'benchmark: {num_prompts: "12"}\n',
      'recipe.yaml:2:26 benchmark.num_prompts: expected a number, found text "12"; take the quotes away',
    ],
    ['benchmark: {num_prompts: }\n', /benchmark.num_prompts: expected a number, found nothing; leave the key out/],
    ['benchmark: {num_prompts: 1.5}\n', /expected a whole number, found 1.5/],
    ['benchmark: {ignore_eos: yes}\n', /expected true or false, found text "yes"; write true/],
    [
      'benchmark: {client: vlm}\n',
      'recipe.yaml:2:21 benchmark.client: expected bench or vllm or sglang, found text "vlm"; did you mean "vllm"?',
    ],
    [
      'benchmark: {dataset: {type: rndom}}\n',
      /benchmark.dataset.type: expected random or sonnet or jsonl or sharegpt or hf or trace, found text "rndom"; did you mean "random"\?/,
    ],
    ['benchmark: {dataset: {type: trace, path: t.csv, format: azur}}\n', /format: expected mooncake or azure or burstgpt/],
    [
      'benchmark: {dataset: {type: trace, path: t, format: azure}, request_rate: 2}\n',
      /a trace has arrivals of its own: leave request_rate out/,
    ],
    [
      'benchmark: {dataset: {type: trace, path: t, format: azure}, sweep: {request_rate: [2]}}\n',
      /sweep.request_rate: a trace has arrivals/,
    ],
    ['benchmark: {dataset: {type: trace, path: t, format: azure}, bursts: {size: 2, every: 1s}}\n', /leave bursts out/],
    ['benchmark: {random_input_len: {min: 5, mx: 6}}\n', /random_input_len.max is missing/],
    ['benchmark: {random_input_len: {min: 7, max: 6}}\n', /min is above max/],
    [
      'benchmark: {random_input_len: [1]}\n',
      /expected a whole number of tokens, {min, max}, or {length, range_ratio, meaning}, found a list/,
    ],
    ['benchmark: {random_input_len: {length: 5, range_ratio: 1, meaning: vllm}}\n', /a range_ratio of vllm is below 1/],
    ['benchmark: {duration: soon}\n', /benchmark.duration: not a duration: write "90s"/],
    ['benchmark: {duration: 60s, num_prompts: 5}\n', /num_prompts or duration, not both/],
    ['benchmark: {arrival: poisson}\n', /arrival needs request_rate/],
    ['benchmark: {stages: []}\n', /stages need at least one stage/],
    ['benchmark: {stages: [{duration: 5s, request_rate: 0}]}\n', /no stage has a request_rate/],
    ['benchmark: {stages: [{duration: 0, request_rate: 1}]}\n', /a stage needs a duration above 0/],
    ['benchmark: {stages: [{duration: 5s, request_rate: 1}], request_rate: 2}\n', /give one of request_rate, stages: each says when/],
    ['benchmark: {stages: [{duration: 5s, request_rate: 1}], sweep: {request_rate: [2]}}\n', /give one of request_rate, stages/],
    ['benchmark: {stages: [{duration: 5s, request_rate: 1}], duration: 9s}\n', /benchmark.duration: stages have durations of their own/],
    [
      'benchmark: {stages: [{duration: 5s, request_rate: 1}], num_prompts: 9}\n',
      /benchmark.num_prompts: a point with stages ends with the last/,
    ],
    ['benchmark: {stages: [{duration: 5s, request_rate: 1}], arrival: gamma}\n', /the arrivals of stages are poisson or constant/],
    ['benchmark: {bursts: {size: 5, every: 0}}\n', /benchmark.bursts.every: expected a duration above 0/],
    ['benchmark: {bursts: {size: 5, every: 1s}, arrival: constant}\n', /bursts come at their own times/],
    ['benchmark: {concurrency_stages: [{duration: 5s, max_concurrency: 0}]}\n', /no stage has a max_concurrency/],
    [
      'benchmark: {concurrency_stages: [{duration: 5s, max_concurrency: 2}], num_prompts: 4}\n',
      /benchmark.num_prompts: concurrency_stages say/,
    ],
    ['benchmark: {concurrency_stages: [{duration: 5s, max_concurrency: 2}], sweep: {max_concurrency: [4]}}\n', /leave max_concurrency out/],
    ['benchmark: {prefix_groups: 4}\n', /say how long it is \(shared_prefix\)/],
    ['benchmark: {classes: []}\n', /classes need at least one class/],
    ['benchmark: {classes: [{name: a}, {name: a}]}\n', /benchmark.classes.1.name: two classes are called "a"/],
    [
      'benchmark: {shared_prefix: 9, classes: [{name: a, random_input_len: 8}]}\n',
      /shared_prefix \(9\) is longer than its shortest prompt \(8\)/,
    ],
    ['benchmark: {images: {width: 0, height: 8}}\n', /benchmark.images.width: /],
    ['benchmark: {images: {width: {min: 9, max: 8}, height: 8}}\n', /benchmark.images.width: min is above max/],
    ['benchmark: {images: {width: 9000, height: 8}}\n', /benchmark.images.width: expected 8192 at most/],
    ['benchmark: {images: {width: 8, height: 8}, api: completions}\n', /images go with the api chat or messages, not with completions/],
    ['benchmark: {conversations: {turns: 0}}\n', /benchmark.conversations.turns: /],
    ['benchmark: {conversations: {turns: {min: 3, max: 2}}}\n', /min is above max/],
    ['benchmark: {conversations: {turns: 2}, api: completions}\n', /benchmark.api: the API completions takes no conversations/],
    ['benchmark: {conversations: {turns: 2}, dataset: {type: jsonl, path: a.jsonl}}\n', /goes with random prompts only/],
    ['benchmark: {conversations: {turns: 2}, images: {width: 8, height: 8}}\n', /benchmark.images: what is said in a conversation is text/],
    ['benchmark: {conversations: {turns: 2, think_time: 25h}}\n', /more than a day/],
    ['benchmark: {cancel: {ratio: 1}}\n', /benchmark.cancel.ratio: expected a part of the requests, below 1/],
    ['benchmark: {cancel: {ratio: 0.1, after: {min: 5s, max: 1s}}}\n', /benchmark.cancel.after: min is above max/],
    ['benchmark: {cancel: {ratio: 0.1}, api: embeddings}\n', /embeddings come whole/],
    ['benchmark: {request_rate: 1, burstiness: 2}\n', /burstiness goes with "arrival: gamma"/],
    ['benchmark: {random_input_len: 10, shared_prefix: 11}\n', /shared_prefix \(11\) is longer than the shortest prompt \(10\)/],
    ['benchmark: {sweep: {}}\n', /a sweep names at least one of/],
    ['benchmark: {sweep: {max_concurrency: [1, 2], num_prompts: [1]}}\n', /max_concurrency has 2, num_prompts has 1/],
    ['deploy: {cuda_version: 12.10}\n', /deploy.cuda_version: a version is text: put it in quotes/],
    ['deploy: {smoke_test: true}\n', /deploy.smoke_test: expected {prompt, contains}, or false/],
    ['kind: service\n', /kind is "service", but the sections make it "inference"/],
    ['service: {image: x, port: 1}\n', /"model" does not belong in a service recipe/],
    ['aggregate: {run: "cat $rundir/x"}\n', /unknown name "\$rundir" in aggregate.run; did you mean "\$run_dir"\?/],
  ])('%s', (text, message) => {
    expect(complaints(MODEL + text)[0]).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  it('points at the name inside of a script', () => {
    expect(complaints('command:\n  run: |\n\n    first\n      echo $nope\n')[0]).toMatch(/^recipe.yaml:5:12 unknown name "\$nope"/);
    expect(complaints('command:\n  run: "echo $nope"\n')[0]).toMatch(/^recipe.yaml:2:8 unknown name "\$nope"/);
  });

  it('tells everything at once, in the order of the file', () => {
    const lines = complaints(`model:
  huggingface: "a b"
  tsk: embed
engine:
  llm:
    gpu_memory_utilization: 90
    vllm: {imag: x, extra_args: "--port 1 --max_model_len=3"}
deploy: {gpu_count: 0}
aggregate: {run: "$rundir"}
matrices: 5
`);
    expect(lines.map((line) => line.replace(/^recipe.yaml:(\d+):.*/, '$1'))).toEqual(['2', '3', '6', '7', '7', '8', '9', '10']);
    expect(lines[4]).toContain('extra_args may not hold --port, --max_model_len');
  });
});

describe('what sections do not know of each other', () => {
  it.each([
    ['model: {}\n', /name the model by one of huggingface, gguf and random/],
    ['model: {random: tiny, gguf: x}\n', /name the model once, not by gguf and random/],
    ['engine: {llm: {vllm: {}}}\n', /the recipe names no model/],
    [
      'model: {huggingface: a/b}\nengine: {llm: {embedded: {}}}\n',
      /embedded cannot load a model by "huggingface"; it takes random or gguf/,
    ],
    [`${MODEL}engine: {llm: {tensor_parallel_size: 2}}\n`, /embedded does not obey tensor_parallel_size/],
    ['model: {huggingface: a/b}\nengine: {llm: {sglang: {}, llamacpp: {}}}\n', /settings of sglang and llamacpp/],
    [
      'model: {huggingface: a/b}\nengine: {llm: {tensor_parallel_size: 8}}\ndeploy: {gpu: H100, gpu_count: 4}\n',
      /split over 8 GPUs .* gpu_count is 4/,
    ],
    [
      'model: {huggingface: a/b}\nengine: {llm: {sglang: {}}}\ndeploy: {gpu: AMD Instinct MI300X}\n',
      /sglang has no default image for AMD GPUs/,
    ],
    [
      `${MODEL}engine: {llm: {context_length: 100}}\nbenchmark: {random_input_len: 80, random_output_len: 30}\n`,
      /80 prompt tokens and 30 output tokens does not fit in context_length 100/,
    ],
    [
      `${MODEL}engine: {llm: {context_length: 8192}}\nbenchmark: {random_input_len: 2000, random_output_len: 500, conversations: {turns: {min: 2, max: 8}}}\n`,
      /turn 8 of a conversation of 19500 prompt tokens and 500 output tokens does not fit in context_length 8192/,
    ],
    [
      'model: {huggingface: a/b, task: embed}\nengine: {llm: {vllm: {}}}\nbenchmark: {random_input_len: 80, images: {width: 64, height: 64}}\n',
      /images do not go with task "embed"/,
    ],
    [`${MODEL}engine: {llm: {embedded: {}}}\nbenchmark: {api: messages}\n`, /embedded does not serve the API "messages"/],
    ['model: {huggingface: a/b}\nbenchmark: {api: llamacpp}\n', /vllm does not serve the API "llamacpp"/],
    [`${MODEL}benchmark: {api: embeddings}\n`, /the API "embeddings" does not go with task "generate"/],
    ['model: {huggingface: a/b}\nengine: {llm: {docker_options: {image: x}}}\n', /docker_options may not set "image"/],
    [
      'model: {huggingface: a/b}\nengine: {llm: {vllm: {extra_args: "--a \'b"}}}\n',
      /extra_args cannot be read: the quote ' is not closed \(character 5\)/,
    ],
    ['command: {run: x}\nservice: {image: y, port: 1}\n', /a "command" or a "service", not both/],
    ['command: {run: "cp $repo_dir/x ."}\n', /\$repo_dir is there when command.stage names something to copy/],
    ['command: {run: "echo $PATH"}\n', /unknown name "\$PATH" in command.run; write "\$\$PATH" for a variable of the shell/],
    ['command: {run: "echo $gpu"}\nmatrices: [{gpu: 1, deploy.gpu: X}]\n', /\$gpu could be command.variables.gpu or deploy.gpu/],
    ['command: {run: x}\nmatrices: [{task_dir: 1}]\n', /"task_dir" is a name that bench gives a value itself/],
    ['service: {port: 1}\n', /a service needs an image or a preset/],
    ['service: {image: x}\n', /a service needs a port/],
    ['service: {preset: rdis}\n', /unknown preset "rdis"; did you mean "redis"\?/],
    [
      'service: {preset: redis, settings: {maxmemry: 1gb}}\n',
      /^recipe.yaml:1:37 unknown key "maxmemry" in service.settings; did you mean "maxmemory"\?/,
    ],
    ['service: {image: x, port: 1, settings: {a: 1}}\n', /settings are those of a preset, and none is named/],
    ['service: {preset: redis}\nclients: {a: {preset: nginx_healthcheck}}\n', /speaks to nginx, and the service is redis/],
    ['service: {preset: redis}\nclients: {a: {}}\n', /the client "a" needs a command, an image or a preset/],
    ['service: {image: x, port: 1, ready: {htp: /}}\n', /service.ready: expected one of {http: \/path}/],
    ['service: {image: x, port: 1, volumes: ["a:b"]}\n', /"a:b" is not a volume/],
    ['service: {image: x, port: 1, env: {X: {from_env: "a b"}}}\n', /not the name of an environment variable/],
  ])('%s', (text, message) => {
    expect(complaints(text)).toEqual(expect.arrayContaining([expect.stringMatching(message)]));
  });
});

describe('damaged recipes', () => {
  it('send no control characters to a terminal', () => {
    expect(complaints('model: {random: tiny, "a\\e[2J\\x9b\\nb": 1}\n')).toEqual([
      expect.stringContaining('unknown key "a\\x1b[2J\\x9b\\nb" in model'),
    ]);
  });

  const whole = `# comment
model: &m
  huggingface: "org/name"   # with a comment
engine: {llm: {vllm: {image: "a:b", extra_args: "--x '{\\"a\\": 1}'"}}}
benchmark:
  sweep: {max_concurrency: [1, 2], num_prompts: [3, 4]}
command: |
  echo $$x
matrices:
  cross:
    deploy.gpu: [H100, "NVIDIA H200 141GB"]
    zip: {benchmark.seed: [1, 2], benchmark.repeats: [3, 4]}
`;
  it('are read or refused, and never end in another error', () => {
    const random = prng(7);
    const signs = [...'{}[]:-&*!|>\'"#%@\\,?\n\t $', '<<: ', '*m', '__proto__', '---\n', '\u0000', '\uFEFF', '\r\n', '💥'];
    for (let i = 0; i < 150; i++) {
      let text = whole;
      for (let edits = random.integer(1, 4); edits > 0; edits--) {
        const at = random.integer(0, text.length);
        text = text.slice(0, at) + (signs[random.integer(0, signs.length - 1)] ?? '') + text.slice(at + random.integer(0, 6));
      }
      try {
        expect(parseRecipe(text, { file: 'r' }).tasks.length).toBeGreaterThan(0);
      } catch (error) {
        expect(error).toMatchObject({ code: 'BENCH_RECIPE_INVALID' });
        for (const line of (error as Error).message.split('\n')) expect(line).toMatch(/^(r:(\d+:\d+)? \S|… and \d+ more$)/);
      }
    }
  });
});

describe('files', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bench-recipe-'));
    await mkdir(join(folder, 'empty'));
    await mkdir(join(folder, 'nested/recipe.yaml'), { recursive: true });
    await writeFile(join(folder, 'binary.yaml'), Buffer.from([0x6d, 0x80, 0xff, 0xfe]));
    await writeFile(join(folder, 'utf16.yaml'), Buffer.from('\uFEFFmodel:\n', 'utf16le'));
    await writeFile(join(folder, 'large.yaml'), Buffer.alloc(10_000_000, 'x'));
    await writeFile(join(folder, 'My Recipe!.yaml'), MODEL);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ['missing', /there is no such file/],
    ['empty', /the folder ".*empty" has no recipe.yaml; "bench init" writes one/],
    ['nested', /this is a folder, and a recipe is a file/],
    ['binary.yaml', /this is not text/],
    ['utf16.yaml', /the file is UTF-16; save it as UTF-8/],
    ['large.yaml', /the file has 10.0 MB/],
  ])('%s', async (name, message) => {
    await expect(loadRecipe(join(folder, name))).rejects.toMatchObject({
      code: 'BENCH_RECIPE_INVALID',
      exitCode: 2,
      message: expect.stringMatching(message) as string,
    });
  });

  it('refuses a device', async () => {
    await expect(loadRecipe('/dev/null')).rejects.toThrow(/this is not a plain file/);
  });

  it('names a recipe after its file, safely', async () => {
    const loaded = await loadRecipe(join(folder, 'My Recipe!.yaml'));
    expect(loaded).toMatchObject({ name: 'My-Recipe', dir: folder, kind: 'inference' });
  });

  it.each([
    ['tiny-cpu', 'tiny-cpu'],
    ['Qwen3.6-35B-A3B', 'Qwen3.6-35B-A3B'],
    ['my recipe', 'my-recipe'],
    ['llama@home', 'llama-home'],
    ['a+b~c', 'a-b-c'],
    ['größe', 'gr-e'],
    ['..', 'recipe'],
    ['.hidden', 'hidden'],
    [' x ', 'x'],
    ['日本', 'recipe'],
    ['a/../b', 'a-..-b'],
    ['n'.repeat(300), 'n'.repeat(100)],
  ])('makes a folder name of %s', (name, expected) => {
    expect(parseRecipe(MODEL, { file: 'recipe.yaml', name }).name).toBe(expected);
    expect(parseRecipe(MODEL, { file: 'recipe.yaml', name }).tasks[0]?.recipe).toBe(expected);
  });

  it.each(['missing', 'empty', 'nested', 'binary.yaml', 'large.yaml'])('%s is named without a line in it', async (name) => {
    const error = await loadRecipe(join(folder, name)).catch((e: unknown) => e);
    expect((error as Error).message).toMatch(new RegExp(`^${join(folder, name)}(/recipe.yaml)?: \\S`));
    expect(error).toMatchObject({ details: { problems: [{ line: null, column: null }] } });
  });

  it('obeys a signal', async () => {
    await expect(loadRecipe(folder, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});
