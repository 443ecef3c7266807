import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo, loadSpecSchema, type LoadSpecInput, pointResultSchema, requestRecordSchema } from '@bench/core';
import type { DeploymentRecord } from '@bench/deploy';
import { afterEach, describe, expect, it } from 'vitest';
import { engineClientPlace, type EngineClientOptions, type LoadOrder } from './index.ts';
import { farHost, type FarHost } from './testing/far-host.ts';

const KEY = 'sk-of-the-engine-0123456789';
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/**
 * Stands for `docker run` of an engine's image: keeps its arguments and the env file, and does what the client would: a progress bar, the
 * block of text, and the file, of the form that vllm 0.11's `--save-detailed` and SGLang's `--output-details` have.
 */
const DOCKER = String.raw`
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
const args = process.argv.slice(2);
const here = process.env.STUB_DIR;
appendFileSync(here + '/docker.log', JSON.stringify(args) + '\n');
if (args[0] !== 'run') process.exit(0);
const after = (flag) => args[args.indexOf(flag) + 1];
writeFileSync(here + '/env', readFileSync(after('--env-file'), 'utf8'));
const mode = readFileSync(here + '/mode', 'utf8');
process.stderr.write('  0%|          | 0/4 [00:00<?, ?it/s]\r 50%|#####     | 2/4 [00:01<00:01,  2.00it/s]\r100%|##########| 4/4 [00:02<00:00,  2.00it/s]\n');
if (mode === 'hang') setInterval(() => undefined, 1000);
else if (mode === 'crash') {
  console.error('ValueError: the tokenizer of ' + after('--tokenizer') + ' was not found');
  process.exit(1);
} else {
  console.log('============ Serving Benchmark Result ============');
  console.log('Successful requests:                     3');
  console.log('Benchmark duration (s):                  2.00');
  console.log('Request throughput (req/s):              1.50');
  console.log('Mean TTFT (ms):                          100.00');
  console.log('==================================================');
  const common = {
    duration: 2, completed: 3, total_input_tokens: 3072, total_output_tokens: 9, request_throughput: 1.5, output_throughput: 4.5,
    mean_ttft_ms: 100, median_ttft_ms: 100, p99_ttft_ms: 110, input_lens: [1024, 1024, 1024, 1024], output_lens: [3, 3, 3, 0],
    ttfts: [0.09, 0.1, 0.11, 0], itls: [[0.01, 0.02], [0.01, 0.02], [0.01, 0.03], []], errors: ['', '', '', 'Bad Gateway'],
  };
  if (mode !== 'text' && args.includes('vllm')) {
    const result = { date: '20260101-000000', endpoint_type: 'openai-chat', backend: 'openai-chat', model_id: 'org/model', num_prompts: 4,
      request_rate: 'inf', burstiness: 1.0, max_concurrency: 2, failed: 1, total_token_throughput: 1540.5, ...common,
      ...(mode === 'old' ? {} : { start_times: [1000.5, 1000.5, 1000.7, 1000.8] }) };
    writeFileSync(after('--result-dir') + '/' + after('--result-filename'), JSON.stringify(result));
  } else if (mode !== 'text') {
    const line = JSON.stringify({ backend: 'sglang-oai-chat', dataset_name: 'random-ids', request_rate: 'RATE', max_concurrency: 2,
      random_range_ratio: 1.0, total_output_tokens_retokenized: 9, ...common, mean_e2e_latency_ms: 130 });
    writeFileSync(after('--output-file'), line.replace('"RATE"', 'Infinity') + '\n');
  }
}
`;

interface Bed {
  machine: FarHost;
  options: EngineClientOptions;
  /** What the client does when it is run. */
  mode(name: string): Promise<void>;
  /** All calls of docker so far. */
  calls(): Promise<string[][]>;
  env(): Promise<string>;
}

async function bed(over: Partial<EngineClientOptions> = {}): Promise<Bed> {
  const machine = await farHost();
  cleanups.push(() => machine.remove());
  const [script, docker] = [join(machine.root, 'docker.mjs'), join(machine.bin, 'docker')];
  await writeFile(script, DOCKER);
  await writeFile(docker, `#!/bin/sh\nSTUB_DIR='${machine.root}' exec '${process.execPath}' '${script}' "$@"\n`, { mode: 0o755 });
  const read = (name: string) => readFile(join(machine.root, name), 'utf8');
  const mode = (name: string) => writeFile(join(machine.root, 'mode'), name);
  await mode('well');
  const record = {
    engine: { name: 'vllm', image: 'vllm/vllm-openai:v0.11.0', model: 'served' },
    modelDir: '/models',
    weights: { kind: 'huggingface', name: 'org/model' },
  } as unknown as DeploymentRecord;
  return {
    machine,
    options: {
      io: createIo({ env: { HF_TOKEN: 'hf_abcdefghijklmnopqrstuvwxyz0123' } }),
      host: machine.host,
      containers: { docker: [docker], dockerVersion: '28.0.0', compose: null, nvidiaRuntime: null },
      hostDir: join(machine.root, 'run'),
      client: 'vllm',
      deployment: { record },
      ...over,
    },
    mode,
    calls: async () =>
      (await read('docker.log'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as string[]),
    env: () => read('env'),
  };
}

async function order(over: Partial<Omit<LoadOrder, 'load'>> & { load?: Partial<LoadSpecInput> } = {}): Promise<LoadOrder> {
  const dir = await mkdtemp(join(tmpdir(), 'engine-client-'));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  const { load, ...rest } = over;
  const exactly = (n: number) => ({ min: n, max: n });
  return {
    id: 'r123456789-d0-p0-r0-a0',
    endpoint: {
      address: '127.0.0.1',
      port: 8000,
      scope: 'host',
      model: 'served',
      api: 'chat',
      server: { tokenIdPrompts: true, ignoreEos: true, streamUsage: true, tokenizePath: '/tokenize', resetCachePath: null },
      healthPaths: ['/health'],
      metricsPaths: [],
      apiKey: KEY,
    },
    load: loadSpecSchema.parse({
      data: { kind: 'random', inputTokens: exactly(1024), outputTokens: exactly(3) },
      maxConcurrency: 2,
      numPrompts: 4,
      ...load,
    }),
    dir,
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...rest,
  };
}

describe('an engine’s own client', () => {
  it('runs in the engine’s image, and its figures and files are kept', async () => {
    const { options, calls, env, machine } = await bed();
    const place = engineClientPlace(options);
    const seen: number[] = [];
    const asked = await order({ onProgress: (p) => void seen.push(p.done) });
    const result = await place.run(asked);

    const [run = []] = await calls();
    const folder = join(machine.root, 'run', asked.id);
    const expected = [
      `run --rm --name bench-load-${asked.id} --network host --env-file ${folder}/client.env`,
      `--mount type=bind,source=${folder},target=${folder} --workdir ${folder}`,
      '--mount type=bind,source=/models,target=/models --env HF_HOME=/models',
      '--entrypoint vllm vllm/vllm-openai:v0.11.0 bench serve',
    ];
    expect(run.slice(0, run.indexOf('serve') + 1).join(' ')).toBe(expected.join(' '));
    expect(run.join(' ')).toContain('--base-url http://127.0.0.1:8000 --endpoint /v1/chat/completions --model org/model');
    expect(run.join(' ')).not.toContain(KEY);
    expect(await env()).toBe(`OPENAI_API_KEY=${KEY}\nHF_TOKEN=hf_abcdefghijklmnopqrstuvwxyz0123\n`);
    expect(seen).toEqual([0, 2, 4]);

    const { summary, records, gaps, series } = result;
    pointResultSchema.parse({ ...summary, point: 0, repeat: 0 });
    expect(summary.counts).toEqual({ sent: 4, ok: 3, failed: 1, cancelled: 0, warmup: 0 });
    expect(summary).toMatchObject({
      durationS: 2,
      load: asked.load,
      errors: { unclassified: 1 },
      scalars: { request_throughput: 1.5, output_throughput: 4.5, total_token_throughput: 1540.5, error_ratio: 0.25 },
      vllm: { num_prompts: 4, completed: 3, mean_ttft_ms: 100, max_concurrency: 2 },
      tokenSources: { prompt: 'client_tokenizer', output: 'server_usage' },
      client: null,
    });
    expect(summary.distributions.ttft_ms).toMatchObject({ count: 3, mean: 100, min: 90, max: 110 });
    expect(summary.distributions.icl_ms).toMatchObject({ count: 6, max: 30 });
    expect(summary.distributions.e2el_ms?.max).toBeCloseTo(150);
    expect(summary.distributions.tpot_ms?.max).toBeCloseTo(20);
    expect(summary.flags.map((f) => f.code)).toEqual(['engine_client', 'failures']);
    expect(records.map((r) => requestRecordSchema.parse(r).status)).toEqual(['ok', 'ok', 'ok', 'failed']);
    expect(records[2]?.sentMs).toBeCloseTo(200);
    expect(records[3]?.error?.message).toBe('Bad Gateway');
    expect(gaps.map((g) => g.gapsMs.length)).toEqual([2, 2, 2]);
    expect(series.reduce((sum, row) => sum + row.done, 0)).toBe(3);

    const kept = join(asked.dir, 'clients', 'vllm');
    expect((await readdir(kept)).sort()).toEqual(['benchmark.txt', 'result.json']);
    const text = await readFile(join(kept, 'benchmark.txt'), 'utf8');
    expect(text).toContain('Successful requests:                     3\n');
    expect(text).not.toContain('%|');
    await place.close();
    expect(await readdir(join(machine.root, 'run'))).toEqual([]);
    expect((await calls()).at(-1)).toEqual(['rm', '--force', `bench-load-${asked.id}`]);
  });

  it('of SGLang tells no times of sending, so there are distributions but no records', async () => {
    const { options, calls } = await bed({ client: 'sglang' });
    const asked = await order();
    const { summary, records, gaps, series } = await engineClientPlace(options).run(asked);
    expect([records, gaps, series]).toEqual([[], [], []]);
    expect(summary.counts).toMatchObject({ sent: 4, ok: 3, failed: 1 });
    expect(summary.distributions.ttft_ms?.count).toBe(3);
    expect(summary.scalars).toMatchObject({ request_throughput: 1.5, total_output_tokens: 9 });
    expect(summary.tokenSources.output).toBe('requested');
    expect((await calls())[0]?.join(' ')).toContain('--entrypoint python3 vllm/vllm-openai:v0.11.0 -m sglang.bench_serving');
    expect((await readdir(join(asked.dir, 'clients', 'sglang'))).sort()).toEqual(['benchmark.txt', 'result.jsonl']);
  });

  it('of an older version saves less', async () => {
    const { options, mode } = await bed();
    await mode('old');
    const old = await engineClientPlace(options).run(await order());
    expect([old.records.length, old.summary.distributions.ttft_ms?.count]).toEqual([0, 3]);
    await mode('text');
    const { summary } = await engineClientPlace(options).run(await order());
    expect(summary.counts).toMatchObject({ sent: 4, ok: 3, failed: 1 });
    expect(summary).toMatchObject({ durationS: 2, distributions: {}, scalars: { request_throughput: 1.5 } });
    expect(summary.flags[0]?.message).toContain('no distributions');
  });

  it('may leave files of root’s in its folder, which go with the help of its image', async () => {
    const { options, calls, machine } = await bed();
    await machine.install('grep');
    // Stands for a folder that only root may remove files from.
    await rm(join(machine.bin, 'rm'));
    const real = (await options.host.exec({ script: 'PATH=/usr/bin:/bin command -v rm' })).stdout.trim();
    await writeFile(
      join(machine.bin, 'rm'),
      `#!/bin/sh\ncase "$*" in *a0) grep -q '"run","--rm","--network","none"' '${machine.root}/docker.log' || exit 1;; esac\nexec ${real} "$@"\n`,
      { mode: 0o755 },
    );
    const place = engineClientPlace(options);
    const asked = await order();
    await place.run(asked);
    await place.close();
    expect(await readdir(join(machine.root, 'run'))).toEqual([]);
    const helper = (await calls()).find((args) => args.includes('none'));
    expect(helper?.join(' ')).toMatch(
      new RegExp(`--mount type=bind,source=.*${asked.id},target=/bench-files --user 0:0 --entrypoint sh vllm/vllm-openai:v0.11.0 -c`),
    );
  });

  it('that fails tells why, and leaves nothing', async () => {
    const { options, mode, machine } = await bed();
    await mode('crash');
    const place = engineClientPlace(options);
    await expect(place.run(await order())).rejects.toMatchObject({
      code: 'BENCH_ENGINE_CLIENT',
      message: expect.stringMatching(/ended \(code 1\)[\s\S]*the tokenizer of org\/model was not found/) as string,
    });
    await place.close();
    expect(await readdir(join(machine.root, 'run'))).toEqual([]);
    expect(await machine.host.attach('r123456789-d0-p0-r0-a0')).toBeNull();
  });

  it('is stopped at once, with nothing measured', async () => {
    const { options, mode, calls } = await bed();
    await mode('hang');
    const stop = new AbortController();
    const asked = await order({ signal: stop.signal, onProgress: () => stop.abort() });
    // The stub's kill kills nothing; a container that does not go is ended with its process.
    const io = { ...options.io, sleep: (_ms: number, signal?: AbortSignal) => options.io.sleep(5, signal), monotonic: fast() };
    const { summary } = await engineClientPlace({ ...options, io }).run(asked);
    expect(summary.counts.sent).toBe(0);
    expect(summary.flags.map((f) => f.code)).toContain('interrupted');
    expect(await calls()).toContainEqual(['kill', '--signal', 'KILL', `bench-load-${asked.id}`]);
  });

  it('is refused before anything runs', async () => {
    const { options, machine } = await bed();
    const refusal = { code: 'BENCH_ENGINE_CLIENT', exitCode: 2 };
    const stream = await order({ load: { stream: false, arrival: { kind: 'constant', ratePerS: 1 } } });
    await expect(engineClientPlace(options).run(stream)).rejects.toMatchObject({
      ...refusal,
      message: expect.stringMatching(/always streams[\s\S]*no constant rate/) as string,
    });
    await expect(engineClientPlace({ ...options, containers: null }).run(await order())).rejects.toMatchObject(refusal);
    const record = { engine: { name: 'embedded', model: 'm' } } as unknown as DeploymentRecord;
    await expect(engineClientPlace({ ...options, deployment: { record } }).run(await order())).rejects.toMatchObject(refusal);
    expect(machine.calls.size).toBe(0);
  });
});

/** A clock on which a minute passes with each look. */
function fast(): () => number {
  let now = 0;
  return () => (now += 60_000);
}
