import { type Engine, engineOf, type LlmSettings, type Task } from '@bench/recipe';
import { chooseGpus, describeGpus } from './choose-gpus.ts';
import type { Problem, SiteFacts } from './contract.ts';

/** Why a task cannot run as a process here; empty: it can. */
export function checkProcess(task: Task, site: SiteFacts, options: { engines: readonly Engine[]; platform: string }): Problem[] {
  if (task.kind !== 'inference') {
    return [
      {
        code: 'BENCH_SITE_UNFIT',
        message: `${task.recipe}: a ${task.kind} recipe cannot run on site "local"`,
        hint: 'this version runs inference recipes only',
      },
    ];
  }
  const { engine, settings, llm } = engineOf(task.resolved, options.engines);
  const unfit = [...gpuProblem(task, site, llm), ...containerProblems(task, engine, settings, llm)];
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

/** The GPUs asked for must be here, and one instance of the engine must use all of them. */
function gpuProblem(task: Task, site: SiteFacts, llm: LlmSettings): Problem[] {
  const { gpu, gpu_count: count } = task.resolved.deploy;
  if (gpu === undefined) return [];
  const name = `${task.recipe}/${task.variant}`;
  const each = llm.tensor_parallel_size * llm.pipeline_parallel_size * llm.data_parallel_size;
  if (count > each) {
    return [
      {
        code: 'BENCH_SITE_UNFIT',
        message: `${name}: ${count} GPUs at ${each} an instance are ${Math.floor(count / each)} instances behind one endpoint, which site "local" does not have`,
        hint: `set deploy.gpu_count to ${each}, or raise data_parallel_size`,
      },
    ];
  }
  if (chooseGpus(site.gpus, gpu, count).length === count) return [];
  return [
    {
      code: 'BENCH_GPU_UNFIT',
      message: `${name}: needs ${count}× ${gpu}; this machine has ${describeGpus(site.gpus)}`,
      hint: 'keep the variants that fit with --filter deploy.gpu=…',
    },
  ];
}

/** What only a container can honour is refused, not passed over: the figures would be of something else. */
function containerProblems(task: Task, engine: Engine, settings: unknown, llm: LlmSettings): Problem[] {
  const problem = (what: string, hint: string): Problem => ({
    code: 'BENCH_SITE_UNFIT',
    message: `${task.recipe}/${task.variant}: ${what} needs a container site`,
    hint,
  });
  const { image } = (settings ?? {}) as { image?: unknown };
  // An image that nobody wrote is the engine's default, which a process has no use for.
  const written = task.origins[`engine.llm.${engine.name}.image`]?.from;
  const client = task.resolved.benchmark?.client ?? 'bench';
  return [
    ...(written === undefined || written === 'default'
      ? []
      : [problem(`image "${String(image)}"`, 'leave the image out to measure the engine that is installed here')]),
    ...(Object.keys(llm.docker_options).length === 0 ? [] : [problem('docker_options', 'leave docker_options out')]),
    ...(client === 'bench' ? [] : [problem(`benchmark.client "${client}"`, 'leave benchmark.client out: bench measures itself')]),
  ];
}
