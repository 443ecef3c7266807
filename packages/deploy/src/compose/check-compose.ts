import { BenchError } from '@bench/core';
import { engineOf, type LlmSettings, type Task } from '@bench/recipe';
import { chooseGpus, describeGpus } from '../choose-gpus.ts';
import type { Problem, SiteFacts } from '../contract.ts';
import { gpusEach, layOut } from './lay-out.ts';
import { launchOf, type PlanOptions } from './plan-compose.ts';
import { weightsOf } from './weights.ts';

/** Keys of a service that would undo what the renderer promises: ports on 127.0.0.1 only, names, files of the project. */
const REFUSED_OPTIONS = [
  'network_mode',
  'networks',
  'env_file',
  'build',
  'extends',
  'scale',
  'profiles',
  'depends_on',
  'expose',
  'secrets',
  'configs',
];

/** Why a task cannot run in containers at a site; empty: it can. */
export function checkCompose(task: Task, site: SiteFacts, options: PlanOptions): Problem[] {
  const name = `${task.recipe}/${task.variant}`;
  if (task.kind !== 'inference') {
    return [{ code: 'BENCH_SITE_UNFIT', message: `${name}: a ${task.kind} recipe has no engine to deploy`, hint: 'use `bench run`' }];
  }
  const { llm } = engineOf(task.resolved, options.engines);
  return [
    ...containersProblems(site),
    ...gpuProblems(task, site, llm, name),
    ...imageProblems(task, site, options, llm),
    ...Object.keys(llm.docker_options)
      .filter((key) => REFUSED_OPTIONS.includes(key))
      .map((key): Problem => ({
        code: 'BENCH_SITE_UNFIT',
        message: `${name}: docker_options may not set "${key}": bench publishes the port on 127.0.0.1 and finds containers by its own network`,
        hint: `take ${key} out of engine.llm.docker_options`,
      })),
  ];
}

/** Why containers cannot be used at a site. */
export function containersProblems(site: Pick<SiteFacts, 'containers' | 'containersProblem' | 'site'>): Problem[] {
  if (site.containersProblem) return [site.containersProblem];
  if (site.containers === undefined || site.containers?.compose) return [];
  if (site.containers === null) {
    return [
      {
        code: 'BENCH_DOCKER_MISSING',
        message: `Docker cannot be used on ${site.site}`,
        hint: 'install Docker Engine with the compose plugin: https://docs.docker.com/engine/install/',
      },
    ];
  }
  return [
    {
      code: 'BENCH_COMPOSE_MISSING',
      message: `Docker Compose is not installed on ${site.site}`,
      hint: 'sudo apt-get install docker-compose-plugin (Docker’s packages) or docker-compose (Debian’s)',
    },
  ];
}

function gpuProblems(task: Task, site: SiteFacts, llm: LlmSettings, name: string): Problem[] {
  const { gpu, gpu_count: count } = task.resolved.deploy;
  if (gpu === undefined) return [];
  const each = gpusEach(llm);
  if (each > count) {
    return [
      {
        code: 'BENCH_GPU_UNFIT',
        message: `${name}: the engine needs ${each} GPUs (tensor × pipeline × data parallel), and deploy.gpu_count is ${count}`,
        hint: `set deploy.gpu_count to ${each}, or lower tensor_parallel_size`,
      },
    ];
  }
  const problems: Problem[] = [];
  const fit = chooseGpus(site.gpus, gpu, count).length;
  if (fit < count) {
    problems.push({
      code: 'BENCH_GPU_UNFIT',
      message: `${name}: needs ${count}× ${gpu}; ${site.site} has ${describeGpus(site.gpus)}`,
      hint: 'keep the variants that fit with --filter deploy.gpu=…',
    });
  }
  if (layOut(task, site, llm).vendor === 'nvidia' && site.containers?.nvidiaRuntime === false) {
    problems.push({
      code: 'BENCH_GPU_RUNTIME',
      message: `${name}: Docker on ${site.site} cannot hand GPUs to containers: the NVIDIA container toolkit is missing`,
      hint: 'install nvidia-container-toolkit, then: sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker',
    });
  }
  return problems;
}

function imageProblems(task: Task, site: SiteFacts, options: PlanOptions, llm: LlmSettings): Problem[] {
  const { instances, vendor } = layOut(task, site, llm);
  try {
    launchOf(task, weightsOf(task, site, { fetch: false }), { ...options, instance: instances[0], vendor });
    return [];
  } catch (error) {
    if (!BenchError.is(error) || error.code !== 'BENCH_IMAGE_MISSING') throw error;
    return [{ code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }];
  }
}
