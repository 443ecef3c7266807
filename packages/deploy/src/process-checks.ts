import { findGpu } from '@bench/core';
import { type Engine, engineOf, type Task } from '@bench/recipe';
import type { Problem, SiteFacts } from './contract.ts';

/** Why a task cannot run as a process here; empty: it can. */
export function checkProcess(task: Task, site: SiteFacts, options: { engines: readonly Engine[]; platform: string }): Problem[] {
  if (task.kind !== 'inference') {
    return [
      {
        code: 'BENCH_SITE_UNFIT',
        message: `${task.recipe}: a ${task.kind} recipe cannot run on site "local"`,
        hint: 'service and command recipes need a container site',
      },
    ];
  }
  const { engine } = engineOf(task.resolved, options.engines);
  const unfit = [...gpuProblem(task, site), ...clientProblem(task)];
  if (site.programs[engine.name]) return unfit;
  return [
    ...unfit,
    {
      code: 'BENCH_ENGINE_MISSING',
      message: `${task.recipe}: engine "${engine.name}" is not installed here`,
      hint: engine.program?.install(options.platform) ?? 'this engine runs in containers only',
    },
  ];
}

/** The GPUs asked for must be here: figures of another one would carry the wrong name. */
function gpuProblem(task: Task, site: SiteFacts): Problem[] {
  const { gpu, gpu_count: count } = task.resolved.deploy;
  if (gpu === undefined) return [];
  const id = (name: string) => findGpu(name)?.family ?? name;
  const fitting = site.gpuNames.filter((name) => id(name) === id(gpu)).length;
  if (fitting >= count) return [];
  const here =
    site.gpuNames.length === 0
      ? 'none'
      : [...new Set(site.gpuNames)].map((name) => `${site.gpuNames.filter((n) => n === name).length}× ${name}`).join(', ');
  return [
    {
      code: 'BENCH_GPU_UNFIT',
      message: `${task.recipe}/${task.variant}: needs ${count}× ${gpu}; this machine has ${here}`,
      hint: 'keep the variants that fit with --filter deploy.gpu=…',
    },
  ];
}

/** The engines' own measuring programs live in their images. */
function clientProblem(task: Task): Problem[] {
  const client = task.resolved.benchmark?.client ?? 'bench';
  if (client === 'bench') return [];
  return [
    {
      code: 'BENCH_SITE_UNFIT',
      message: `${task.recipe}: benchmark.client "${client}" needs a container site`,
      hint: 'leave benchmark.client out: bench measures itself',
    },
  ];
}
