import { EMBEDDED_IMAGE, type Engine, engineOf, type Task } from '@bench/recipe';
import { gpusEach } from '../compose/lay-out.ts';
import type { Problem } from '../contract.ts';
import { launchOf } from './plan-container.ts';

const VM_HINT = 'rent a virtual machine for it: --workload vm';

/** Why a task cannot be a rented container; empty: it can. */
export function checkContainer(task: Task, options: { engines: readonly Engine[] }): Problem[] {
  const name = `${task.recipe}/${task.variant}`;
  const unfit = (message: string, hint = VM_HINT): Problem => ({ code: 'BENCH_SITE_UNFIT', message: `${name}: ${message}`, hint });
  if (task.kind !== 'inference') return [unfit(`a rented container is one engine, and a ${task.kind} recipe has none`)];
  const { engine, llm } = engineOf(task.resolved, options.engines);
  const { deploy, model, benchmark } = task.resolved;
  const each = gpusEach(llm);
  const image = launchOf(task, options).image;
  const client = benchmark?.client ?? 'bench';
  return [
    ...(image === undefined
      ? [
          {
            code: 'BENCH_IMAGE_MISSING' as const,
            message: `${name}: engine "${engine.name}" has no container image`,
            hint: `name one: engine.llm.${engine.name}.image`,
          },
        ]
      : []),
    ...(image === EMBEDDED_IMAGE
      ? [unfit(`no registry has the image ${image}`, `push it to one, and name it: engine.llm.${engine.name}.image`)]
      : []),
    ...(engine.container?.apiKey === undefined
      ? [unfit(`engine "${engine.name}" cannot ask for an API key, and a rented container faces the internet`)]
      : []),
    ...gpuProblems({ count: deploy.gpu_count, each, asked: deploy.gpu !== undefined }, name),
    ...(Object.keys(llm.docker_options).length > 0
      ? [unfit('docker_options are for Docker Compose, which a rented container does not have')]
      : []),
    ...(model?.gguf === undefined
      ? []
      : [unfit('a file of weights cannot be brought into a rented container', `name the model on Hugging Face, or ${VM_HINT}`)]),
    ...(client === 'bench'
      ? []
      : [
          unfit(`benchmark.client "${client}" runs beside the engine, where a rented container has no room`, `leave it out, or ${VM_HINT}`),
        ]),
  ];
}

function gpuProblems({ count, each, asked }: { count: number; each: number; asked: boolean }, name: string): Problem[] {
  // Too few for one engine is an error of the recipe already.
  if (!asked || count <= each) return [];
  return [
    {
      code: 'BENCH_SITE_UNFIT',
      message: `${name}: ${count} GPUs at ${each} an engine are ${Math.floor(count / each)} engines behind a balancer, and a rented container is one`,
      hint: `${VM_HINT}; or set deploy.gpu_count to ${each}, or raise data_parallel_size`,
    },
  ];
}
