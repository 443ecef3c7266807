import { join, posix } from 'node:path';
import { BenchError } from '@bench/core';
import { deploymentKey, type Engine, engineOf, type Launch, servedModelName, type Task } from '@bench/recipe';
import type { RenderedStep, SiteFacts } from '../contract.ts';
import { COMPOSE_FILE, type ProjectFile } from './compose-project.ts';
import type { ComposeRecord } from './compose-record.ts';
import { BALANCER_PORT, type Instance, layOut, type LayOut } from './lay-out.ts';
import { planSteps } from './plan-steps.ts';
import { projectName } from './project-name.ts';
import { instancePath, KEY_FILE, renderNginx } from './render-nginx.ts';
import { renderService, secretEnvOf } from './render-service.ts';
import { renderCompose } from './render-yaml.ts';
import { pathInContainer, weightMounts, type Weights, weightsOf } from './weights.ts';

export interface PlanOptions {
  engines: readonly Engine[];
  balancerImage: string;
}

/** What the target would do for a task at a site. Pure: the same input gives the same bytes. */
export function planCompose(task: Task, site: SiteFacts, options: PlanOptions): { record: ComposeRecord; steps: RenderedStep[] } {
  const recipe = task.resolved;
  const { model } = recipe;
  if (!model) throw new BenchError({ code: 'BENCH_RECIPE_INVALID', message: `${task.recipe}: an inference recipe needs a model` });
  const { engine, llm } = engineOf(recipe, options.engines);
  const laid = layOut(task, site, llm);
  const weights = weightsOf(task, site, { fetch: engine.container?.fetchesWeights === true });
  const project = projectName(site.namePrefix);
  const launches = laid.instances.map((instance) => launchOf(task, weights, { instance, vendor: laid.vendor, ...options }));
  const launch = launches[0] as Launch & { image: string };
  const balanced = laid.instances.length > 1 || site.expose;
  const published = `${site.expose ? '0.0.0.0' : '127.0.0.1'}:${site.freePorts[0] ?? (balanced ? BALANCER_PORT : laid.instances[0].port)}`;
  const container = (service: string) => `${project}-${service}`;
  const env = weights.kind === 'huggingface' ? { HF_HOME: site.modelDir, ...engine.container?.cacheEnv?.(site.modelDir) } : {};
  const services = laid.instances.map((instance, index) => [
    instance.service,
    renderService({
      instance,
      vendor: laid.vendor,
      engine,
      launch: launches[index] as Launch & { image: string },
      llm,
      containerName: container(instance.service),
      env,
      mounts: weightMounts(weights, site.modelDir),
      ...(balanced ? {} : { published: `${published}:${instance.port}` }),
    }),
  ]);
  const balancer = balanced ? balancerService({ laid, site, published, container: container('balancer'), ...options }) : null;
  const files: ProjectFile[] = [
    { path: COMPOSE_FILE, content: renderCompose({ services: { ...Object.fromEntries(services), ...(balancer ? { balancer } : {}) } }) },
    ...(balanced ? [{ path: 'nginx.conf', content: renderNginx(laid.instances, { key: site.expose }) }] : []),
  ];
  const record: ComposeRecord = {
    id: site.deploymentId,
    target: 'compose',
    key: deploymentKey(recipe),
    engine: {
      name: engine.name,
      image: launch.image,
      command: [...(launch.entrypoint ?? []), ...launch.args],
      model: servedModelName(recipe),
      ...(model.random === undefined ? {} : { randomWeights: true }),
    },
    api: model.task === 'embed' ? 'embeddings' : (recipe.benchmark?.api ?? 'chat'),
    servedModel: servedModelName(recipe),
    address: '127.0.0.1',
    port: Number(published.split(':')[1]),
    logPath: join(site.deploymentDir, 'engine.log'),
    project,
    hostDir: site.hostDir,
    modelDir: site.modelDir,
    containers: { docker: site.containers?.docker ?? ['docker'], compose: site.containers?.compose ?? null },
    exposed: site.expose,
    engines: laid.instances.map(({ service }, index) => ({
      service,
      container: container(service),
      healthPath: (balanced ? instancePath(index) : '') + engine.paths.health,
      logPath: join(site.deploymentDir, index === 0 ? 'engine.log' : `engine-${index}.log`),
    })),
    balancer: balanced ? container('balancer') : null,
    images: [launch.image, ...(balanced ? [options.balancerImage] : [])],
    files,
    secretEnv: secretEnvOf(launch.env),
    weights,
    idleGpus: laid.idleGpus,
  };
  return { record, steps: planSteps(record, task) };
}

/**
 * The command line of one instance in its container.
 * @throws BenchError `BENCH_IMAGE_MISSING` when there is no image; `check` says so before.
 */
export function launchOf(
  task: Task,
  weights: Weights,
  options: Pick<PlanOptions, 'engines'> & { instance: Instance; vendor: LayOut['vendor'] },
): Launch & { image: string } {
  const { engine, settings, llm } = engineOf(task.resolved, options.engines);
  const launch = engine.launch({
    model: task.resolved.model as NonNullable<typeof task.resolved.model>,
    llm,
    settings,
    port: options.instance.port,
    modelPath: pathInContainer(task, weights),
    gpu: options.vendor,
    via: 'container',
  });
  const { image } = launch;
  if (image === undefined) {
    throw new BenchError({
      code: 'BENCH_IMAGE_MISSING',
      message: `${task.recipe}/${task.variant}: engine "${engine.name}" has no container image`,
      hint: `name one: engine.llm.${engine.name}.image`,
      exitCode: 2,
    });
  }
  return { ...launch, image };
}

function balancerService(options: {
  laid: LayOut;
  site: SiteFacts;
  published: string;
  container: string;
  balancerImage: string;
}): Record<string, unknown> {
  const { laid, site, published, container, balancerImage } = options;
  const mount = (file: string) => ({
    type: 'bind',
    source: posix.join(site.hostDir, file),
    target: `/etc/nginx/${file}`,
    read_only: true,
  });
  return {
    image: balancerImage,
    container_name: container,
    command: ['nginx', '-g', 'daemon off;'],
    volumes: [mount('nginx.conf'), ...(site.expose ? [mount(KEY_FILE)] : [])],
    ports: [`${published}:${BALANCER_PORT}`],
    // Names of engines are looked up once, when nginx starts.
    depends_on: laid.instances.map(({ service }) => service),
  };
}
