import { join } from 'node:path';
import { BenchError } from '@bench/core';
import { deploymentKey, type Engine, engineOf, gpuVendorOf, type Launch, servedModelName, type Task } from '@bench/recipe';
import { ENGINE_PORT } from '../compose/lay-out.ts';
import type { RenderedStep, SiteFacts } from '../contract.ts';
import { smokeTestOf } from '../smoke-test-of.ts';
import { smokeTestPath } from '../smoke-test.ts';
import type { ContainerRecord } from './container-record.ts';
import { MASK, plannedWorkload } from './container-workload.ts';

const KEY_FILE = 'api-key';
/** Where it is reached is known once it runs. */
const NOWHERE = 'not rented yet';

/** The command line of a task's engine. `image` is absent where `check` says so. */
export function launchOf(task: Task, options: { engines: readonly Engine[] }): Launch {
  const recipe = task.resolved;
  const { engine, settings, llm } = engineOf(recipe, options.engines);
  const { model } = recipe;
  if (!model) throw new BenchError({ code: 'BENCH_RECIPE_INVALID', message: `${task.recipe}: an inference recipe needs a model` });
  // Who sells containers sells GPUs of NVIDIA, unless the recipe says otherwise.
  const gpu = gpuVendorOf(recipe.deploy.gpu) ?? 'nvidia';
  return engine.launch({ model, llm, settings, port: ENGINE_PORT, gpu, via: 'container' });
}

/** What the target would rent for a task. Pure. */
export function planContainer(
  task: Task,
  site: SiteFacts,
  options: { engines: readonly Engine[] },
): { record: ContainerRecord; steps: RenderedStep[] } {
  const recipe = task.resolved;
  const { engine } = engineOf(recipe, options.engines);
  const launch = launchOf(task, options);
  const apiKey = engine.container?.apiKey;
  if (launch.image === undefined || apiKey === undefined) {
    throw new BenchError({
      code: 'BENCH_SITE_UNFIT',
      message: `${task.recipe}/${task.variant}: engine "${engine.name}" cannot be a rented container`,
    });
  }
  const token = recipe.model?.huggingface !== undefined && !('HF_TOKEN' in launch.env);
  const record: ContainerRecord = {
    id: site.deploymentId,
    target: 'container',
    key: deploymentKey(recipe),
    engine: {
      name: engine.name,
      image: launch.image,
      command: [...(launch.entrypoint ?? []), ...launch.args],
      model: servedModelName(recipe),
      ...(recipe.model?.random === undefined ? {} : { randomWeights: true }),
    },
    api: recipe.model?.task === 'embed' ? 'embeddings' : (recipe.benchmark?.api ?? 'chat'),
    servedModel: servedModelName(recipe),
    address: NOWHERE,
    port: ENGINE_PORT,
    logPath: join(site.deploymentDir, 'engine.log'),
    image: launch.image,
    entrypoint: launch.entrypoint ?? null,
    args: launch.args,
    env: launch.env,
    passed: token ? ['HF_TOKEN'] : [],
    containerPort: ENGINE_PORT,
    apiKey,
    keyPath: join(site.deploymentDir, KEY_FILE),
    machine: null,
  };
  return { record, steps: steps(record, task, engine) };
}

function steps(record: ContainerRecord, task: Task, engine: Engine): RenderedStep[] {
  const { containerPort } = record;
  const { image, entrypoint, args, env } = plannedWorkload(record);
  const [program, ...words] = entrypoint ?? [];
  const base = `http://<machine>:<port of ${containerPort}>`;
  return [
    { kind: 'file', description: 'write the generated API key, mode 0600', path: record.keyPath, content: MASK },
    {
      kind: 'command',
      description: 'rent a machine that runs this container, its port open to the internet behind the key',
      argv: [
        'docker',
        'run',
        '-p',
        String(containerPort),
        ...Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
        ...(program === undefined ? [] : ['--entrypoint', program]),
        image,
        ...words,
        ...args,
      ],
    },
    { kind: 'http', description: 'wait until it is healthy', method: 'GET', url: base + engine.paths.health },
    ...(smokeTestOf(task) === null
      ? []
      : [
          {
            kind: 'http' as const,
            description: 'smoke test',
            method: 'POST',
            url: base + smokeTestPath(record.api ?? 'chat'),
          },
        ]),
  ];
}
