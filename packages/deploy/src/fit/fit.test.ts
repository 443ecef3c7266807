import { BenchError, type SystemInfo } from '@bench/core';
import { expandRecipe, parseRecipe, type Task, taskKey } from '@bench/recipe';
import { describe, expect, it } from 'vitest';
import { fitTasks, scaleOut, scaleOutTasks, siteGpus, type SiteGpu } from '../index.ts';

function tasks(yaml: string): Task[] {
  return expandRecipe(parseRecipe(yaml, { file: '/r/recipe.yaml', dir: '/r', name: 'r' }));
}
const gpus = (count: number, name: string, memoryMiB?: number): SiteGpu[] =>
  Array.from({ length: count }, (_, i) => ({ id: String(i), name, memoryMiB }));
const inference = (rest: string) => tasks(`model: {huggingface: org/m}\n${rest}`);
const one = (rest: string) => inference(rest)[0] as Task;
const refusal = (work: () => unknown): BenchError => {
  try {
    work();
  } catch (error) {
    if (BenchError.is(error)) return error;
    throw error;
  }
  throw new Error('it did not throw');
};

const ZOO = inference(`engine: {llm: {vllm: {}}}
matrices:
  cross:
    deploy.gpu: [NVIDIA H200 141GB, NVIDIA L4, 'AMD Instinct MI300X']
    deploy.gpu_count: [1, 8]
`);

describe('the variants for a host', () => {
  it('are those whose GPUs it has, enough of them', () => {
    const { tasks: kept, leftOut } = fitTasks(ZOO, [{ host: 'gpu1', gpus: gpus(2, 'NVIDIA L4', 23_034) }], { explicit: false });
    expect(kept.map((t) => t.variant)).toEqual(['l4x1']);
    expect(leftOut.map(({ task, reason }) => [task.variant, reason])).toEqual([
      ['h200x1', 'needs 1× NVIDIA H200 141GB; gpu1 has 2× NVIDIA L4'],
      ['h200x8', 'needs 8× NVIDIA H200 141GB; gpu1 has 2× NVIDIA L4'],
      ['l4x8', 'needs 8× NVIDIA L4; gpu1 has 2× NVIDIA L4'],
      ['mi300xx1', 'needs 1× AMD Instinct MI300X; gpu1 has 2× NVIDIA L4'],
      ['mi300xx8', 'needs 8× AMD Instinct MI300X; gpu1 has 2× NVIDIA L4'],
    ]);
  });

  it('need one host that fits, of several', () => {
    const hosts = [
      { host: 'a', gpus: gpus(1, 'NVIDIA L4', 23_034) },
      { host: 'b', gpus: gpus(8, 'NVIDIA H200', 143_771) },
      { host: 'c', gpus: [] },
    ];
    const { tasks: kept, leftOut } = fitTasks(ZOO, hosts, { explicit: false });
    expect(kept.map((t) => t.variant)).toEqual(['h200x1', 'h200x8', 'l4x1']);
    expect(leftOut[0]?.reason).toBe('needs 8× NVIDIA L4; a has 1× NVIDIA L4, b has 8× NVIDIA H200, c has no GPU');
  });

  it('are all of them where no GPU is asked for', () => {
    const cpu = inference('engine: {llm: {vllm: {}}}');
    expect(fitTasks(cpu, [{ host: 'cpu', gpus: [] }], { explicit: true })).toEqual({ tasks: cpu, leftOut: [] });
  });

  it('are refused, all named, when the user chose them or none is left', () => {
    const hosts = [{ host: 'gpu1', gpus: gpus(1, 'NVIDIA L4') }];
    const chosen = refusal(() => fitTasks(ZOO.slice(1, 4), hosts, { explicit: true }));
    expect([chosen.code, chosen.exitCode]).toEqual(['BENCH_GPU_UNFIT', 3]);
    expect(chosen.message).toBe(
      '2 of the variants that were asked for do not fit gpu1:\n  r/h200x8: needs 8× NVIDIA H200 141GB; gpu1 has 1× NVIDIA L4\n  r/l4x8: needs 8× NVIDIA L4; gpu1 has 1× NVIDIA L4',
    );
    const none = refusal(() => fitTasks(ZOO.slice(0, 2), hosts, { explicit: false }));
    expect(none.message.split('\n')[0]).toBe('no variant fits gpu1:');
    expect(none.details).toEqual({
      leftOut: [
        { recipe: 'r', variant: 'h200x1', reason: 'needs 1× NVIDIA H200 141GB; gpu1 has 1× NVIDIA L4' },
        { recipe: 'r', variant: 'h200x8', reason: 'needs 8× NVIDIA H200 141GB; gpu1 has 1× NVIDIA L4' },
      ],
    });
  });

  it('of a name that two products share are told apart by memory, and the refusal says so', () => {
    const wanted = [one('engine: {llm: {vllm: {}}}\ndeploy: {gpu: NVIDIA GeForce RTX 4090}\n')];
    const modified = [{ host: 'h', gpus: gpus(1, 'NVIDIA GeForce RTX 4090', 49_140) }];
    expect(refusal(() => fitTasks(wanted, modified, { explicit: false })).message).toContain(
      'needs 1× NVIDIA GeForce RTX 4090; h has 1× NVIDIA GeForce RTX 4090 of 49140 MiB',
    );
  });
});

describe('spare GPUs', () => {
  const two = one('engine: {llm: {tensor_parallel_size: 2, vllm: {}}}\ndeploy: {gpu: NVIDIA H200, gpu_count: 2}\n');
  const host = gpus(8, 'NVIDIA H200', 143_771);

  it('become copies of the model in one instance', () => {
    const scaled = scaleOut(two, host, 'data-parallel');
    expect([scaled.resolved.deploy.gpu_count, scaled.resolved.engine?.llm.data_parallel_size, scaled.variant]).toEqual([
      8,
      4,
      'h200x8-dp4',
    ]);
    expect(scaled.params).toEqual({ 'deploy.gpu_count': 8, 'engine.llm.data_parallel_size': 4 });
    expect(scaled.key).toBe(taskKey(scaled.resolved));
    expect(scaled.key).not.toBe(two.key);
    expect(two.resolved.deploy.gpu_count).toBe(2);
  });

  it('become instances', () => {
    const scaled = scaleOut(two, host, 'replicas');
    expect([scaled.resolved.deploy.gpu_count, scaled.resolved.engine?.llm.data_parallel_size, scaled.variant]).toEqual([8, 1, 'h200x8']);
    expect(scaleOut(two, gpus(7, 'NVIDIA H200'), 'replicas').resolved.deploy.gpu_count).toBe(6);
  });

  it('of the other products do not count, and where none is spare nothing changes', () => {
    const mixed = [...gpus(3, 'NVIDIA H200'), ...gpus(4, 'NVIDIA L4')];
    for (const strategy of ['data-parallel', 'replicas'] as const) {
      expect(scaleOut(two, mixed, strategy)).toBe(two);
      expect(scaleOut(two, gpus(2, 'NVIDIA H200'), strategy)).toBe(two);
    }
    const cpu = one('engine: {llm: {vllm: {}}}\n');
    expect(scaleOut(cpu, host, 'replicas')).toBe(cpu);
    const [command] = tasks('command: {run: "true"}\ndeploy: {gpu: NVIDIA H200}\n');
    expect(scaleOut(command as Task, host, 'replicas')).toBe(command);
  });

  it('keep the instances that a recipe asks for when each grows', () => {
    const pair = one('engine: {llm: {vllm: {}}}\ndeploy: {gpu: NVIDIA H200, gpu_count: 2}\n');
    const scaled = scaleOut(pair, host, 'data-parallel');
    expect([scaled.resolved.deploy.gpu_count, scaled.resolved.engine?.llm.data_parallel_size]).toEqual([8, 4]);
  });

  it('are no use to an engine that holds one copy, and it says what is', () => {
    const llama = one('engine: {llm: {llamacpp: {}}}\ndeploy: {gpu: NVIDIA H200}\n');
    const error = refusal(() => scaleOut(llama, host, 'data-parallel'));
    expect([error.code, error.exitCode, error.hint]).toEqual(['BENCH_SCALE_OUT', 2, 'use --scale-out replicas']);
    expect(scaleOut(llama, host, 'replicas').resolved.deploy.gpu_count).toBe(8);
  });

  it('leave names that are unique and safe, and make one of variants that become the same', () => {
    const many = inference(`engine: {llm: {vllm: {}}}
deploy: {gpu: NVIDIA H200}
matrices:
  cross:
    deploy.gpu_count: [2, 4]
    engine.llm.data_parallel_size: [1, 2]
    benchmark.max_concurrency: [1, 16]
`);
    expect(many.map((t) => t.variant)).toContain('h200x4-mc16-dps2');
    const hosts = [
      { host: 'big', gpus: host },
      { host: 'small', gpus: gpus(4, 'NVIDIA H200', 143_771) },
    ];
    const { tasks: scaled, merged } = scaleOutTasks(many, hosts, { strategy: 'data-parallel' });
    const names = scaled.map((t) => t.variant);
    expect(names.sort()).toEqual([1, 2, 4].flatMap((dp) => [`h200x4-mc1-dps${dp}`, `h200x4-mc16-dps${dp}`]).sort());
    expect(merged.map(({ task, into }) => [task.variant, into.variant])).toEqual([
      ['h200x4-mc1-dps2', 'h200x4-mc1-dps2'],
      ['h200x4-mc16-dps2', 'h200x4-mc16-dps2'],
    ]);
    expect(new Set(scaled.map((t) => t.key)).size).toBe(6);
    const long = { ...two, variant: `h200x2-${'a'.repeat(56)}` };
    expect(scaleOut(long, gpus(20, 'NVIDIA H200'), 'data-parallel').variant).toMatch(/^h200x20-[a-z0-9-]{1,55}$/);
  });

  it('are not those that somebody works on', () => {
    const shared = gpus(8, 'NVIDIA H200', 143_771).map((gpu, i) => ({ ...gpu, memoryUsedMiB: i < 3 ? 90_000 : 3 }));
    const single = one('engine: {llm: {vllm: {}}}\ndeploy: {gpu: NVIDIA H200 141GB}');
    expect(scaleOut(single, shared, 'replicas').resolved.deploy.gpu_count).toBe(5);
    const { tasks: scaled } = scaleOutTasks([single], [{ host: 'gpu1', gpus: shared }], { strategy: 'replicas' });
    expect(scaled.map((task) => task.resolved.deploy.gpu_count)).toEqual([5]);
    expect(scaleOut(single, shared.slice(0, 3), 'replicas')).toBe(single);
  });
});

describe('GPUs of a machine', () => {
  it('are those of one vendor, numbered as its runtime does', () => {
    const system: SystemInfo = {
      gpus: [
        { name: 'NVIDIA H200', memoryMiB: 143_771, driver: '570' },
        { name: 'Some Tesla', driver: '570' },
        { name: 'AMD Instinct MI300X', driver: '6' },
      ],
    };
    expect(siteGpus(system)).toEqual({
      vendor: 'nvidia',
      gpus: [
        { id: '0', name: 'NVIDIA H200', memoryMiB: 143_771 },
        { id: '1', name: 'Some Tesla', memoryMiB: undefined },
      ],
      withoutDriver: [],
    });
    expect(siteGpus({ gpus: [{ name: 'Radeon Pro W7900', memoryMiB: 49_136 }] }).vendor).toBe('amd');
    expect(siteGpus({})).toEqual({ vendor: null, gpus: [], withoutDriver: [] });
  });

  it('that no driver drives are of no use, and a refusal says so', () => {
    const { gpus: found, withoutDriver } = siteGpus({ gpus: [{ name: 'NVIDIA H200' }, { name: 'NVIDIA H200' }] });
    expect([found, withoutDriver]).toEqual([[], ['NVIDIA H200', 'NVIDIA H200']]);
    const error = refusal(() => fitTasks(ZOO.slice(0, 1), [{ host: 'new', gpus: found, withoutDriver }], { explicit: false }));
    expect(error.message).toContain('needs 1× NVIDIA H200 141GB; new has 2× NVIDIA H200 without a driver');
    expect(error.hint).toMatch(/--bootstrap/);
  });
});
