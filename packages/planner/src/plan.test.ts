import { BenchError } from '@bench/core';
import { expandRecipe, parseRecipe, type Task } from '@bench/recipe';
import { describe, expect, it } from 'vitest';
import { plannedTasks, planTasks } from './index.ts';

function tasks(yaml: string, name = 'r'): Task[] {
  return expandRecipe(parseRecipe(yaml, { file: `/x/${name}/recipe.yaml`, dir: `/x/${name}`, name }));
}

const llm = (extra: string, name?: string) =>
  tasks(`model: {huggingface: org/m}\nengine: {llm: {tensor_parallel_size: 1, vllm: {}}}\n${extra}`, name);

describe('planTasks', () => {
  it('puts tasks that differ only in load on one deployment, and together', () => {
    const plan = planTasks(
      llm(`matrices:
  cross:
    deploy.gpu: NVIDIA H200 141GB
    benchmark.max_concurrency: [1, 2]
    engine.llm.max_concurrent_requests: [8, 16]
`),
    );
    expect(plan.groups).toHaveLength(1);
    const group = plan.groups[0];
    expect(
      group?.deployments.map((d) =>
        d.tasks.map((t) => [t.resolved.engine?.llm.max_concurrent_requests, t.resolved.benchmark?.max_concurrency]),
      ),
    ).toEqual([
      [
        [8, 1],
        [8, 2],
      ],
      [
        [16, 1],
        [16, 2],
      ],
    ]);
    expect(group).toMatchObject({ model: 'org/m', gpu: 'NVIDIA H200 141GB', gpuVendor: 'nvidia', gpuCount: 1 });
  });

  it('separates GPUs, drivers and models, and knows a GPU under two names', () => {
    const plan = planTasks(
      llm(`matrices:
  - {deploy.gpu: NVIDIA H200, deploy.gpu_count: 1}
  - {deploy.gpu: NVIDIA H200 141GB, deploy.gpu_count: 2, engine.llm.tensor_parallel_size: 2}
  - {deploy.gpu: AMD Instinct MI350X, deploy.gpu_count: 1}
  - {deploy.gpu: NVIDIA H200, deploy.gpu_count: 1, deploy.driver_version: "550"}
`),
    );
    expect(plan.groups.map((g) => [g.gpuVendor, g.gpuCount, g.driverVersion, g.deployments.length])).toEqual([
      ['nvidia', 2, null, 2],
      ['amd', 1, null, 1],
      ['nvidia', 1, '550', 1],
    ]);
  });

  it('runs the deployment that needs most GPUs first', () => {
    const plan = planTasks(
      llm(`matrices:
  - {deploy.gpu: NVIDIA H200, deploy.gpu_count: 1}
  - {deploy.gpu: NVIDIA H200, deploy.gpu_count: 8, engine.llm.tensor_parallel_size: 8}
  - {deploy.gpu: NVIDIA H200, deploy.gpu_count: 4, engine.llm.tensor_parallel_size: 4}
`),
    );
    expect(plannedTasks(plan).map(({ task }) => task.resolved.deploy?.gpu_count)).toEqual([8, 4, 1]);
  });

  it('splits a group round-robin by gpu_concurrency, never into empty groups', () => {
    const recipe = (n: number) =>
      llm(
        `deploy: {gpu: NVIDIA H200, gpu_concurrency: ${n}}\nmatrices:\n  cross:\n    engine.llm.max_concurrent_requests: [1, 2, 3]\n    deploy.gpu: NVIDIA H200\n`,
      );
    const of = (n: number) =>
      planTasks(recipe(n)).groups.map((g) => g.deployments.map((d) => d.tasks[0]?.resolved.engine?.llm.max_concurrent_requests));
    expect(of(1)).toEqual([[1, 2, 3]]);
    expect(of(2)).toEqual([[1, 3], [2]]);
    expect(of(9)).toEqual([[1], [2], [3]]);
  });

  it('refuses two tasks of one name', () => {
    const one = llm('', 'same');
    let error: unknown;
    try {
      planTasks([...one, ...one]);
    } catch (e) {
      error = e;
    }
    expect(BenchError.is(error) && error.code).toBe('BENCH_DUPLICATE_TASK');
  });

  it('refuses two tasks of one content, and names both files', () => {
    const error = (() => {
      try {
        planTasks([...llm('description: one\n', 'a'), ...llm('description: two\n', 'b')]);
        return null;
      } catch (e) {
        return e;
      }
    })();
    expect(error).toMatchObject({
      code: 'BENCH_DUPLICATE_TASK',
      exitCode: 2,
      hint: expect.stringContaining('benchmark.repeats') as string,
    });
    expect((error as Error).message).toMatch(/\/x\/a\/recipe\.yaml.*\/x\/b\/recipe\.yaml/);
    expect(planTasks([...llm('', 'a'), ...llm('benchmark: {num_prompts: 5}\n', 'b')]).groups[0]?.deployments[0]?.tasks).toHaveLength(2);
  });

  it('gives the same plan for the same tasks', () => {
    const yaml = 'matrices:\n  cross:\n    deploy.gpu: [NVIDIA H200, NVIDIA B200]\n    benchmark.max_concurrency: [1, 2, 4]\n';
    expect(JSON.stringify(planTasks(llm(yaml)))).toBe(JSON.stringify(planTasks(llm(yaml))));
  });
});
