import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { slurmDirectives } from '@bench/provisioning/slurm';
import { checkBatch } from './check-batch.ts';
import { API_KEY, planFor, taskOf } from './testing/batch-node.ts';
import { nodeEngine } from './testing/node-engine.ts';
import { BUILTIN_ENGINES } from '@bench/recipe';

const remoteDir = '/shared/bench-runs';
const golden = (name: string) => join(import.meta.dirname, 'testing/golden', name);
const parses = (script: string) => execFileSync('bash', ['-n'], { input: script });
const plan = (yaml: string | object, options: Partial<Parameters<typeof planFor>[1]> = {}) =>
  planFor(taskOf(typeof yaml === 'string' ? yaml : JSON.stringify(yaml)), {
    remoteDir,
    loadClient: { node: '/shared/node', file: '/shared/bench-loadgen.mjs' },
    ...options,
  });
const problems = (recipe: object, facts: object = {}) =>
  checkBatch(taskOf(JSON.stringify(recipe)), { engines: [...BUILTIN_ENGINES, nodeEngine], ...facts }).map(
    ({ message, hint }) => `${message} | ${hint}`,
  );

const VLLM = {
  model: { huggingface: 'org/m' },
  engine: {
    llm: { tensor_parallel_size: 2, vllm: { image: 'vllm/vllm-openai:v0.11.0', extra_env: { A: "it's", T: { from_env: 'TOKEN' } } } },
  },
  deploy: { gpu: 'NVIDIA A100 80GB', gpu_count: 2 },
};

describe('a plan is the same bytes for the same recipe', () => {
  it('of an engine and its load clients', async () => {
    const { jobs, files, record, steps } = plan({
      ...VLLM,
      slurm: { modules: ['Apptainer'], prelude: ['ulimit -n 65536'], binds: ['/data:/data:ro'], clients: { count: 2 } },
    });
    await expect(jobs[0]?.script).toMatchFileSnapshot(golden('inference-service.sh'));
    await expect(jobs[2]?.script).toMatchFileSnapshot(golden('load-client.sh'));
    await expect(
      JSON.stringify(
        {
          record,
          steps: steps.filter((step) => !('path' in step) || !step.path.endsWith('.sh')),
          files: files.map(({ path, mode, secret }) => [path, mode.toString(8), secret]),
        },
        null,
        2,
      ),
    ).toMatchFileSnapshot(golden('inference.txt'));
    expect(jobs.map(({ role, index, path, log }) => [role, index, path, log])).toEqual([
      ['service', 0, '/shared/bench-runs/r123/d1/service.sh', 'service.out'],
      ['client', 0, '/shared/bench-runs/r123/d1/client-0.sh', 'client-0.out'],
      ['client', 1, '/shared/bench-runs/r123/d1/client-1.sh', 'client-1.out'],
    ]);
    for (const { script } of jobs) parses(script);
  });

  it('of a service and its clients', async () => {
    const { jobs } = plan({ service: { preset: 'redis' }, clients: { load: { preset: 'redis_stress' } } });
    await expect(jobs[0]?.script).toMatchFileSnapshot(golden('redis-service.sh'));
    await expect(jobs[1]?.script).toMatchFileSnapshot(golden('redis-client.sh'));
    for (const { script } of jobs) parses(script);
  });

  it('of a command, and of a service in Charliecloud', async () => {
    const command = plan({ command: { run: 'make bench', result_files: ['*.csv', 'a b'] } });
    await expect(command.jobs[0]?.script).toMatchFileSnapshot(golden('command.sh'));
    const charliecloud = plan({
      service: { preset: 'nginx' },
      clients: { load: { preset: 'nginx_stress' } },
      slurm: { runtime: 'charliecloud', binds: ['/data:/data'] },
    });
    await expect(charliecloud.jobs[1]?.script).toMatchFileSnapshot(golden('charliecloud-client.sh'));
    for (const { script } of [...command.jobs, ...charliecloud.jobs]) parses(script);
  });
});

it('no value makes another script of it', () => {
  const character = fc.oneof(
    fc.constantFrom(...`'"\\$\`!*?[]{}()<>|&;#~=%^\n\r\t -`),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2 }),
  );
  const word = fc.array(character, { minLength: 1, maxLength: 20 }).map((all) => all.join('').replaceAll('\0', ''));
  fc.assert(
    fc.property(fc.array(word, { maxLength: 4 }), word, fc.constantFrom('none', 'apptainer', 'charliecloud'), (args, value, runtime) => {
      const text = `x${value}`;
      const inference = plan(
        {
          model: { huggingface: 'org/m' },
          engine: { llm: { noded: { args, env: { V: value }, image: `r.example/${text}:1` } } },
          slurm: { runtime, modules: [text], prelude: [text] },
        },
        { remoteDir: `/shared/${value.replaceAll(/[/:,\n]/g, '')}x`, loadClient: { node: `/n/${value}`, file: value } },
      );
      const service = plan({
        service: { image: text, command: args.length > 0 ? args : value, port: 1, prepare: text, env: { V: value }, ready: { log: text } },
        clients: { c: { command: text, volumes: [{ target: '/x' }] } },
        slurm: { runtime },
      });
      const command = plan({ command: { run: 'echo "$word"', variables: { word: value }, result_files: [text] } });
      for (const { jobs, files } of [inference, service, command]) {
        for (const { script } of jobs) parses(script);
        for (const { path, content } of files) if (path.endsWith('.env')) parses(content);
      }
    }),
    { numRuns: 40 },
  );
});

describe('what is asked of the queue', () => {
  const directives = (recipe: object, options: object = {}) => plan(recipe, options).jobs.map((job) => job.directives);

  it('is what the recipe says, and a word before the time is up', () => {
    const slurm = {
      partition: 'gpu',
      account: 'p1',
      qos: 'long',
      constraint: 'nvlink',
      time_limit: '02:00:00',
      nodes: 1,
      gres: 'gpu:a100:4',
      cpus_per_task: 8,
      mem: '64G',
      comment: 'a b',
      extra: ['--nice=5'],
      clients: { partition: 'cpu', time_limit: 60 },
    };
    const [service = {}, client = {}] = directives({ ...VLLM, slurm });
    expect(slurmDirectives(service)).toEqual([
      '#SBATCH --partition=gpu',
      '#SBATCH --account=p1',
      '#SBATCH --qos=long',
      '#SBATCH --nodes=1',
      '#SBATCH --gres=gpu:a100:4',
      '#SBATCH --cpus-per-task=8',
      '#SBATCH --mem=64G',
      '#SBATCH --constraint=nvlink',
      '#SBATCH --comment="a b"',
      '#SBATCH --time=0-02:00:00',
      '#SBATCH --nice=5',
      '#SBATCH --signal=B:USR1@60',
    ]);
    // What singles out nodes of the service's partition does not hold in another; nor do its GPUs.
    expect(client).toEqual({ nodes: 1, partition: 'cpu', account: 'p1', time: 60, extra: [] });
  });

  it('has no partition, account, quality or module that the recipe or the settings do not name', () => {
    const { jobs } = plan(VLLM);
    expect(jobs.map((job) => job.directives)).toEqual([
      { nodes: 1, gres: 'gpu:2', extra: ['--signal=B:USR1@60'] },
      { nodes: 1, extra: ['--signal=B:USR1@60'] },
    ]);
    expect(jobs[0]?.script).toContain('\nmodules=()\n');
    expect(directives(VLLM, { defaults: { partition: 'p', qos: 'q', time: 200 } })[1]).toEqual({
      nodes: 1,
      partition: 'p',
      qos: 'q',
      time: 200,
      extra: ['--signal=B:USR1@50'],
    });
  });

  it.each([
    // Slurm may send its signal a minute early: a job of a minute would be told before it began, and looks at the clock itself.
    [60, [], 15],
    [179, [], 44],
    [180, ['--signal=B:USR1@45'], 0],
    [3600, ['--signal=B:USR1@60'], 0],
  ])('is the time that the queue gives where the recipe names none: %d s', (time, extra, ownS) => {
    const asked: object[] = [];
    const limitOf = (job: object) => {
      asked.push(job);
      return time;
    };
    const { jobs } = plan({ ...VLLM, slurm: { partition: 'gpu', clients: { partition: 'cpu' } } }, { limitOf });
    expect(jobs.map(({ directives: { time: own, extra: more } }) => [own, more])).toEqual([
      [time, extra],
      [time, extra],
    ]);
    expect(asked).toMatchObject([{ partition: 'gpu', gres: 'gpu:2' }, { partition: 'cpu' }]);
    for (const { script } of jobs) expect(script).toContain(`\ntime_s=${time}\nnotice_s=${ownS}\n`);
    expect(directives({ ...VLLM, slurm: { time: 90 } }, { limitOf })[0]).toMatchObject({ time: 90 });
  });

  it.each([
    ['GPUs of the recipe, by the cluster’s one name of them', VLLM, ['a100', 'h100'], { gres: 'gpu:a100:2' }],
    ['GPUs of which the cluster has two names, by none', VLLM, ['a100', 'A100-SXM4-80GB'], { gres: 'gpu:2' }],
    [
      'no other GPUs beside those that the section names',
      { ...VLLM, slurm: { gpus_per_node: 'h100:2' } },
      ['a100'],
      { gpus_per_node: 'h100:2' },
    ],
    ['other resources beside them', { ...VLLM, slurm: { gres: 'shard:8' } }, [], { gres: 'shard:8,gpu:2' }],
    ['none for an engine on the CPU', { model: { random: 'tiny' }, slurm: { runtime: 'none' } }, [], {}],
    [
      'those of a service, with its memory',
      { service: { image: 'a:1', command: 'x', port: 1, resources: { gpus: 1, cpus: 1.5, memory: '1GiB' } } },
      [],
      { gres: 'gpu:1', cpus_per_task: 2, mem: '1024M' },
    ],
    ['those of a command', { command: { run: 'x' }, deploy: { gpu: 'NVIDIA H100 80GB', gpu_count: 4 } }, [], { gres: 'gpu:4' }],
  ])('asks for %s', (_what, recipe, gpuTypes, asked) => {
    expect(directives(recipe, { gpuTypes })[0]).toEqual({ nodes: 1, ...asked, extra: ['--signal=B:USR1@60'] });
  });
});

it('an engine without load clients is refused: nobody would measure it, or end it', () => {
  expect(() => plan({ ...VLLM, slurm: { clients: { count: 0 } } })).toThrow(/slurm\.clients\.count.*above 0/);
});

describe('the key of an engine is no argument', () => {
  it('where it has a variable for it', () => {
    const { files, record, jobs } = plan(VLLM, { passed: { HF_TOKEN: 'hf_secret' } });
    const env = files.find(({ path }) => path.endsWith('/service.env'));
    expect(env?.content).toBe(
      `export HF_TOKEN='hf_secret'\nexport A='it'\\''s'\nexport T='secret of TOKEN'\nexport VLLM_API_KEY='${API_KEY}'\n`,
    );
    expect(record.engine.command?.slice(0, 3)).toEqual(['python3', '-m', 'vllm.entrypoints.openai.api_server']);
    expect(record.engine.command?.join(' ')).toContain('--host 0.0.0.0 --port $PORT');
    expect(jobs[0]?.script).not.toContain(API_KEY);
    // Whoever reaches the port could reset caches and worse.
    expect(env?.content).not.toContain('DEV_MODE');
  });

  it('where it has a flag alone: a Python module is given it behind the back of all lists of processes', () => {
    const recipe = { model: { huggingface: 'org/m' }, engine: { llm: { sglang: {} } } };
    const { files, record } = plan(recipe);
    expect(record.engine.command?.slice(0, 5)).toEqual([
      'python3',
      '/bench/job/with-key.py',
      'sglang.launch_server',
      '--api-key',
      '--model-path',
    ]);
    const withKey = files.find(({ path }) => path.endsWith('/with-key.py'))?.content ?? '';
    const program = `import json, sys\nif __name__ == '__main__': print(json.dumps([sys.argv[1:], open('/proc/self/cmdline').read()]))`;
    const out = execFileSync(
      'sh',
      [
        '-c',
        'cd "$(mktemp -d)" && printf %s "$1" > server.py && printf %s "$2" > with-key.py && python3 with-key.py server --api-key --a "b c"; rm -r "$PWD"',
        'sh',
        program,
        withKey,
      ],
      {
        env: { ...process.env, BENCH_KEY_ARGUMENT: 'the key' },
        encoding: 'utf8',
      },
    );
    const [argv, shown] = JSON.parse(out) as [string[], string];
    expect(argv).toEqual(['--a', 'b c', '--api-key', 'the key']);
    expect(shown).not.toContain('the key');
    expect(checkBatch(taskOf(JSON.stringify(recipe)))).toEqual([]);
  });
});

describe('what cannot be jobs of a queue is refused before anything is sent', () => {
  const llm = { model: { huggingface: 'org/m' } };

  it.each([
    ['search', { search: { max: 'concurrency', slo: { ttft_p99_ms: 500 } } }],
    ['sweep: auto', { sweep: 'auto' }],
  ])('a %s, whose loads are not known beforehand', (name, benchmark) => {
    expect(problems({ ...llm, benchmark })).toEqual([
      expect.stringContaining(`benchmark.${name} chooses each load by what the one before measured`),
    ]);
  });
  it.each<[string, object, RegExp, object?]>([
    [
      'several engines',
      { ...llm, deploy: { gpu: 'NVIDIA H200 141GB', gpu_count: 8 } },
      /8 GPUs at 1 an engine are several engines.*gpu_count to 1/,
    ],
    ['options of compose', { ...llm, engine: { llm: { docker_options: { security_opt: ['x'] }, vllm: {} } } }, /docker_options/],
    [
      'a client of the engine',
      { ...llm, benchmark: { client: 'vllm', random_input_len: 9, random_output_len: 9, num_prompts: 1 } },
      /benchmark.client "vllm"/,
    ],
    ['an image that no registry has', { model: { random: 'tiny' } }, /no registry has the image.*slurm.runtime: none/],
    ['a module that is an option', { ...llm, slurm: { modules: ['--force'] } }, /"--force" would be an option/],
    ['a folder that no container can be given', llm, /its name holds : or ,/, { remoteDir: '/a:b' }],
    [
      'a read-only folder in Charliecloud',
      { ...llm, slurm: { runtime: 'charliecloud', binds: ['/a:/a:ro'] } },
      /cannot mount a folder read-only/,
    ],
    ['GPUs in Charliecloud', { ...VLLM, slurm: { runtime: 'charliecloud' } }, /ch-fromhost/],
    ['a service of the image’s own entrypoint', { service: { image: 'a:1', port: 1 } }, /service leaves its command to the image/],
    [
      'a client of the image’s own entrypoint',
      { service: { image: 'a:1', command: 'x', port: 1 }, clients: { c: { image: 'b:1' } } },
      /clients.c leaves its command/,
    ],
    [
      'volumes without containers',
      { service: { image: 'a:1', command: 'x', port: 1, volumes: ['/x'] }, slurm: { runtime: 'none' } },
      /volumes are for containers/,
    ],
    ['a path that is no URL', { service: { image: 'a:1', command: 'x', port: 1, ready: { http: '/a b' } } }, /ready.http holds blanks/],
    ['files outside', { command: { run: 'x', result_files: ['../x'] } }, /outside of \$task_dir/],
  ])('%s', (_what, recipe, why, facts) => {
    expect(problems(recipe, facts).join('\n')).toMatch(why);
  });

  it('an engine that does not listen for others, or has no key', () => {
    const deaf = {
      ...nodeEngine,
      name: 'noded',
      launch: (input: Parameters<typeof nodeEngine.launch>[0]) => nodeEngine.launch({ ...input, bind: '127.0.0.1' }),
    };
    const open = { ...nodeEngine, container: { program: ['x'] as const } };
    const recipe = { ...llm, engine: { llm: { noded: {} } }, slurm: { runtime: 'none' } };
    expect(problems(recipe, { engines: [deaf] }).join()).toMatch(/does not listen where other nodes reach it/);
    expect(problems(recipe, { engines: [open] }).join()).toMatch(/cannot ask for an API key/);
    expect(problems({ ...recipe, slurm: {} }, { engines: [{ ...nodeEngine, container: { apiKey: { env: 'K' } } }] }).join()).toMatch(
      /not known what the image/,
    );
    expect(
      problems(
        { ...recipe, slurm: {} },
        { engines: [{ ...nodeEngine, container: { program: ['x'] as const, apiKey: { flag: '--key' } } }] },
      ).join(),
    ).toMatch(/every user of the node can read/);
  });

  it('a folder that no container can be given is refused by a plan too, but not to a command', () => {
    expect(() => plan(VLLM, { remoteDir: '/a,b' })).toThrow(/its name holds : or ,/);
    expect(plan({ command: { run: 'true' } }, { remoteDir: '/a,b' }).record.folder).toBe('/a,b/r123/d1');
    expect(() => plan(VLLM, { remoteDir: 'a' })).toThrow(/must be an absolute path/);
  });

  it('what can be is not', () => {
    for (const recipe of [
      VLLM,
      { model: { random: 'tiny' }, slurm: { runtime: 'none' } },
      { service: { preset: 'postgres' }, clients: { c: { preset: 'postgres_smoke' } } },
      { command: { run: 'true' } },
    ])
      expect(problems(recipe)).toEqual([]);
  });
});
