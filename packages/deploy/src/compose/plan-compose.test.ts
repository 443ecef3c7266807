import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { BUILTIN_ENGINES, expandRecipe, loadRecipe, parseRecipe, type Task } from '@bench/recipe';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { part, testData } from '../../../../scripts/parts.mjs';
import type { RenderedStep, SiteFacts } from '../contract.ts';
import { testSite } from '../testing/site.ts';
import type { ComposeRecord } from './compose-record.ts';
import { composeTarget } from './compose-target.ts';
import { escapeDollars } from './render-yaml.ts';

const target = composeTarget();
const vllm = BUILTIN_ENGINES.find(({ name }) => name === 'vllm')!;

function taskOf(yaml: string): Task {
  return expandRecipe(parseRecipe(yaml, { file: '/recipes/r/recipe.yaml', dir: '/recipes/r', name: 'r' }))[0] as Task;
}

const site = (facts: Partial<SiteFacts> = {}): SiteFacts =>
  testSite({
    site: 'ssh:gpu1',
    deploymentDir: '/runs/r1/deployments/d1',
    hostDir: '/home/me/.bench/r1/d1',
    modelDir: '/mnt/models',
    namePrefix: 'bench-r1-d1',
    freePorts: [41000, 41001],
    gpuVendor: 'nvidia',
    containers: {
      docker: ['docker'],
      dockerVersion: '28.0.0',
      compose: { argv: ['docker', 'compose'], version: '2.30.0', flavour: 'v2' },
      nvidiaRuntime: true,
    },
    ...facts,
  });

const gpus = (name: string, memoryMiB: number | undefined, count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: String(i), name, memoryMiB }));
const h100 = (count: number) => gpus('NVIDIA H100 80GB HBM3', 81_559, count);

/** Everything a plan says, as one text. */
function shown({ record, steps }: { record: unknown; steps: RenderedStep[] }): string {
  const text = steps.map((step) => {
    if (step.kind === 'file') return `# ${step.description}: ${step.path}\n${step.content}`;
    if (step.kind === 'command') return `# ${step.description}\n$ ${step.argv.map((word) => JSON.stringify(word)).join(' ')}\n`;
    return `# ${step.description}\n${step.method} ${step.url}\n`;
  });
  const { images, engines, port, secretEnv, weights } = record as ComposeRecord;
  return `${text.join('\n')}\n# record\n${JSON.stringify({ images, engines, port, secretEnv, weights }, null, 2)}\n`;
}

interface Service {
  image: string;
  command: string[];
  environment?: string[];
  ports?: string[];
  volumes?: { source: string; target: string; read_only?: boolean }[];
  depends_on?: string[];
  devices?: string[];
  deploy?: { resources: { reservations: { devices: { driver: string; device_ids?: string[]; count?: string }[] } } };
  [key: string]: unknown;
}

function servicesOf({ record }: { record: unknown }): Record<string, Service> {
  const text = (record as ComposeRecord).files.find(({ path }) => path === 'compose.yaml')?.content ?? '';
  return (parse(text, { version: '1.1' }) as { services: Record<string, Service> }).services;
}

const deviceIds = (service: Service | undefined) => service?.deploy?.resources.reservations.devices[0]?.device_ids;

const NASTY = [
  `it's "quoted"`,
  '$(touch /tmp/x)',
  '`id`',
  '; rm -rf /',
  'two\nlines',
  '${HOME} $PATH $$',
  'yes',
  '12:30',
  'é\u2028\u007f',
  '',
];

const GOLDEN: Record<string, { recipe: string; facts?: Partial<SiteFacts> }> = {
  'vllm-one': {
    recipe: `
model: {huggingface: org/model}
engine: {llm: {tensor_parallel_size: 2, context_length: 16384, max_concurrent_requests: 256, vllm: {extra_args: "--kv-cache-dtype fp8"}}}
deploy: {gpu: NVIDIA H100 80GB, gpu_count: 2}`,
  },
  'vllm-several': {
    recipe: `
model: {huggingface: org/model, revision: v1.0}
engine: {llm: {tensor_parallel_size: 2, vllm: {image: "vllm/vllm-openai:v0.20.1"}}}
deploy: {gpu: NVIDIA H100 80GB, gpu_count: 4}`,
    facts: { gpus: [{ id: '0', name: 'NVIDIA L4', memoryMiB: 23_034 }, ...h100(5).slice(1)] },
  },
  sglang: {
    recipe: `
model: {huggingface: org/model}
engine: {llm: {tensor_parallel_size: 8, sglang: {extra_args: "--quantization moe_wna16"}}}
deploy: {gpu: NVIDIA H200 141GB, gpu_count: 8}`,
    facts: { gpus: gpus('NVIDIA H200', 143_771, 8) },
  },
  amd: {
    recipe: `
model: {huggingface: org/model}
engine: {llm: {tensor_parallel_size: 2, vllm: {extra_env: {VLLM_ROCM_USE_AITER: 1}}}}
deploy: {gpu: AMD Instinct MI350X, gpu_count: 4}`,
    facts: { gpuVendor: 'amd', gpus: gpus('AMD Instinct MI350X', 294_896, 8) },
  },
  'docker-options': {
    recipe: `
model: {huggingface: org/model}
engine: {llm: {docker_options: {security_opt: [seccomp=unconfined], ulimits: {memlock: -1, stack: 67108864}, cap_add: [SYS_PTRACE]}, vllm: {}}}`,
  },
  'nasty-strings': {
    recipe: `
model: {huggingface: org/model}
engine: {llm: {vllm: {extra_args: "--note 'a b' --json '{\\"k\\": \\"$HOME\\"}'", extra_env: {A: ${JSON.stringify(NASTY.join(' | '))}, "NO": "x", TOKEN: {from_env: MY_TOKEN}}}}}`,
  },
  exposed: {
    recipe: `
model: {huggingface: org/model}
engine: {llm: {vllm: {}}}`,
    facts: { expose: true },
  },
  embedding: {
    recipe: `
model: {huggingface: org/embed, task: embed}
engine: {llm: {context_length: 4096, vllm: {extra_args: "--runner pooling"}}}
deploy: {gpu: NVIDIA GeForce RTX 5090}`,
  },
  'gguf-of-the-recipe': {
    recipe: `
model: {gguf: models/tiny.gguf}
engine: {llm: {context_length: 2048, llamacpp: {}}}
deploy: {smoke_test: false}`,
    facts: { gpuVendor: null },
  },
  'gguf-on-the-host': {
    recipe: `
model: {gguf: "/data/big:model/big-00001-of-00004.gguf"}
engine: {llm: {llamacpp: {}}}
deploy: {gpu: NVIDIA L40S}`,
    facts: {
      gpus: gpus('NVIDIA L40S', 46_068, 1),
      containers: {
        ...site().containers!,
        docker: ['sudo', '-n', 'docker'],
        compose: { argv: ['sudo', '-n', 'docker-compose'], version: '1.29.2', flavour: 'v1' },
      },
    },
  },
  'llamacpp-huggingface': {
    recipe: `
model: {huggingface: org/name-GGUF}
engine: {llm: {llamacpp: {}}}`,
    facts: { gpuVendor: null },
  },
  'random-weights': { recipe: 'model: {random: tiny}', facts: { gpuVendor: null } },
};

describe('what is rendered', () => {
  for (const [name, { recipe, facts }] of Object.entries(GOLDEN)) {
    it(`${name} is as it was`, async () => {
      const task = taskOf(recipe);
      const planned = target.plan(task, site(facts));
      expect(target.plan(task, site(facts))).toEqual(planned);
      await expect(shown(planned)).toMatchFileSnapshot(`golden/${name}.txt`);
    });
  }

  it('keeps every byte of a value', () => {
    const services = servicesOf(target.plan(taskOf(GOLDEN['nasty-strings']!.recipe), site()));
    const environment = services.engine?.environment ?? [];
    expect(environment).toContain(`A=${escapeDollars(NASTY.join(' | ')) as string}`);
    expect(environment).toContain('NO=x');
    expect(services.engine?.command).toEqual(expect.arrayContaining(['--note', 'a b', '--json', '{"k": "$$HOME"}']));
  });

  it('holds no secret, and names none in the compose file', () => {
    const planned = target.plan(taskOf(GOLDEN['nasty-strings']!.recipe), site());
    expect((planned.record as ComposeRecord).files.map(({ content }) => content).join('')).not.toContain('TOKEN');
    expect(JSON.stringify(planned.steps)).toContain('TOKEN=***');
    expect((planned.record as ComposeRecord).secretEnv).toEqual({ TOKEN: { from_env: 'MY_TOKEN' } });
  });

  it('publishes on 127.0.0.1, unless the endpoint is exposed', () => {
    const recipe = GOLDEN['vllm-one']!.recipe;
    expect(servicesOf(target.plan(taskOf(recipe), site())).engine?.ports).toEqual(['127.0.0.1:41000:8000']);
    const exposed = servicesOf(target.plan(taskOf(recipe), site({ expose: true })));
    expect(exposed.engine?.ports).toBeUndefined();
    expect(exposed.balancer?.ports).toEqual(['0.0.0.0:41000:8080']);
  });

  it('names every project as compose allows it', () => {
    const record = (prefix: string) => target.plan(taskOf('model: {random: tiny}'), site({ namePrefix: prefix })).record as ComposeRecord;
    expect(record('Bench R1/Ä').project).toMatch(/^[a-z0-9][a-z0-9_-]*$/);
    expect(record('bench-A').project).not.toBe(record('bench-a').project);
  });

  it.skipIf(!part('compose').present)('is what docker-compose reads', () => {
    const composed = part('compose').path as string;
    for (const name of ['nasty-strings', 'vllm-several', 'docker-options']) {
      const { recipe, facts } = GOLDEN[name]!;
      const record = target.plan(taskOf(recipe), site(facts)).record as ComposeRecord;
      const text = record.files[0]?.content as string;
      const out = execFileSync(composed, ['--file', '-', 'config'], { input: text, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
      const read = (parse(out) as { services: Record<string, { environment?: Record<string, string>; command: string[] }> }).services;
      for (const [called, service] of Object.entries(servicesOf({ record }))) {
        expect(read[called]?.command, called).toEqual(service.command);
        expect(read[called]?.environment ?? {}).toEqual(
          Object.fromEntries(
            (service.environment ?? []).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
          ),
        );
      }
    }
  });
});

describe('what is refused', () => {
  const problems = (recipe: string, facts: Partial<SiteFacts> = {}) =>
    target.check(taskOf(recipe), site(facts)).map(({ code, message }) => `${code} ${message}`);
  const one = GOLDEN['vllm-one']!.recipe;

  it('is nothing where all is there', () => {
    expect(problems(one, { gpus: h100(2) })).toEqual([]);
    expect(problems(one, { gpus: h100(8) })).toEqual([]);
    expect(problems('model: {random: tiny}')).toEqual([]);
  });
  it('is too few GPUs, or other ones, before anything is pulled', () => {
    expect(problems(one, { gpus: h100(1) })).toEqual([
      expect.stringMatching(/^BENCH_GPU_UNFIT .*needs 2× NVIDIA H100 80GB; ssh:gpu1 has 1× NVIDIA H100 80GB HBM3/),
    ]);
    expect(problems(one, { gpus: gpus('NVIDIA H200', 143_771, 2) })[0]).toContain('has 2× NVIDIA H200');
    const task = taskOf(one);
    const fewer = { ...task, resolved: { ...task.resolved, deploy: { ...task.resolved.deploy, gpu_count: 1 } } };
    expect(target.check(fewer, site({ gpus: h100(8) }))[0]?.message).toContain('needs 2 GPUs (tensor');
  });
  it('is a host without Docker, compose, or the NVIDIA runtime', () => {
    expect(
      problems(one, { gpus: h100(2), containers: null, containersProblem: { code: 'BENCH_DOCKER_PERMISSION', message: 'no' } }),
    ).toEqual(['BENCH_DOCKER_PERMISSION no']);
    expect(problems(one, { gpus: h100(2), containers: null })[0]).toContain('BENCH_DOCKER_MISSING');
    expect(problems(one, { gpus: h100(2), containers: { ...site().containers!, compose: null } })[0]).toContain('BENCH_COMPOSE_MISSING');
    expect(problems(one, { gpus: h100(2), containers: { ...site().containers!, nvidiaRuntime: false } })[0]).toContain('BENCH_GPU_RUNTIME');
    expect(problems(one, { gpus: h100(2), containers: { ...site().containers!, nvidiaRuntime: null } })).toEqual([]);
  });
  it('is an engine without an image, a recipe without an engine, and options that would open the host', () => {
    const bare = { ...vllm, launch: () => ({ args: [], env: {} }) };
    expect(composeTarget({ engines: [bare] }).check(taskOf(one), site({ gpus: h100(2) }))[0]?.code).toBe('BENCH_IMAGE_MISSING');
    expect(problems('service: {image: redis, port: 6379}\nclients: {c: {command: "true"}}')[0]).toContain('BENCH_SITE_UNFIT');
    expect(problems('model: {huggingface: a/b}\nengine: {llm: {docker_options: {network_mode: host}, vllm: {}}}')[0]).toContain(
      'network_mode',
    );
  });
});

const data = testData();
const recipes = data === '' ? '' : join(data, 'cloudrift', 'recipes');

describe.skipIf(recipes === '' || !existsSync(recipes))('recipes of real users', () => {
  const folders =
    recipes === '' || !existsSync(recipes) ? [] : readdirSync(recipes).filter((name) => existsSync(join(recipes, name, 'recipe.yaml')));

  it.each(folders)('%s', async (folder) => {
    const tasks = expandRecipe(await loadRecipe(join(recipes, folder))).filter(({ kind }) => kind === 'inference');
    for (const original of tasks) {
      for (const times of [1, 2, 3]) {
        const { engine: engineSection, deploy } = original.resolved;
        const llm = engineSection!.llm;
        const each = llm.tensor_parallel_size * llm.pipeline_parallel_size * llm.data_parallel_size;
        const count = each * times;
        const task: Task = { ...original, resolved: { ...original.resolved, deploy: { ...deploy, gpu_count: count } } };
        const amd = /AMD/.test(deploy.gpu ?? '');
        const facts = site({
          gpuVendor: amd ? 'amd' : 'nvidia',
          gpus: gpus(deploy.gpu as string, undefined, count),
        });
        expect(target.check(task, facts)).toEqual([]);
        expectAsDescribed(task, target.plan(task, facts) as { record: ComposeRecord; steps: RenderedStep[] }, { times, each, amd });
      }
    }
  });
});

/** What is promised of the rendering, whatever the recipe. */
function expectAsDescribed(
  task: Task,
  planned: { record: ComposeRecord; steps: RenderedStep[] },
  { times, each, amd }: { times: number; each: number; amd: boolean },
): void {
  const { record } = planned;
  const services = servicesOf(planned);
  const engines = Object.entries(services).filter(([name]) => name !== 'balancer');
  expect(engines).toHaveLength(times);
  const name = task.resolved.model?.huggingface as string;
  const used = engines.flatMap(([, service], i) => {
    const port = String(8000 + i);
    expect(service.command.slice(service.command.indexOf('--port'))).toContain(port);
    expect(service.command).toContain('0.0.0.0');
    expect(service.command).toContain(name);
    expect(service.image).toBe(record.images[0]);
    expect(service.shm_size).toBe('16gb');
    expect(service.ipc).toBe('host');
    expect(service.restart).toBeUndefined();
    expect(service.environment).toContain('HF_HOME=/mnt/models');
    expect(service.volumes).toContainEqual({ type: 'bind', source: '/mnt/models', target: '/mnt/models' });
    expect((service.healthcheck as { test: string[] }).test).toEqual(['CMD', 'curl', '-f', `http://localhost:${port}/health`]);
    if (!amd) return deviceIds(service) ?? [];
    expect(service.devices).toEqual(['/dev/kfd:/dev/kfd', '/dev/dri:/dev/dri']);
    return (
      service.environment
        ?.find((line) => line.startsWith('HIP_VISIBLE_DEVICES='))
        ?.slice(20)
        .split(',') ?? []
    );
  });
  expect(used).toEqual(Array.from({ length: times * each }, (_, i) => String(i)));
  const nginx = record.files.find(({ path }) => path === 'nginx.conf')?.content;
  if (times === 1) {
    expect(nginx).toBeUndefined();
    expect(services.engine?.ports).toEqual(['127.0.0.1:41000:8000']);
    return;
  }
  expect(services.balancer).toMatchObject({ image: 'nginx:alpine', ports: ['127.0.0.1:41000:8080'], depends_on: engines.map(([n]) => n) });
  expect(nginx).toContain('least_conn;');
  for (const [i, [service]] of engines.entries()) expect(nginx).toContain(`server ${service}:${8000 + i} `);
}
