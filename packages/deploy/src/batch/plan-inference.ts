import { join, posix } from 'node:path';
import { deploymentKey, engineOf, servedModelName } from '@bench/recipe';
import { batchEngine } from './batch-engine.ts';
import { clientDirectives } from './directives.ts';
import type { PlanContext } from './plan-context.ts';
import type { PlannedParts } from './plan-parts.ts';
import { loadClientScript, serviceScript } from './script.ts';
import { renderSetUp } from './set-up.ts';
import type { BatchJob, BatchRecord } from './types.ts';
import { WITH_KEY, WITH_KEY_FILE } from './with-key.ts';
import { portText } from './words.ts';

/** An engine as the service, and load generators as its clients. */
export function planInference(context: PlanContext): PlannedParts {
  const { task, options, paths, cache, timing, runtime, modules, gpus, binds } = context;
  const recipe = task.resolved;
  const { engine } = engineOf(recipe, context.engines);
  const { programs, passed } = options;
  const launched = batchEngine(task, { ...context, ...(programs ? { programs } : {}), ...(passed ? { passed } : {}) });
  const clients = recipe.slurm?.clients?.count ?? 1;
  const record: BatchRecord = {
    id: options.place.deploymentId,
    target: 'batch',
    kind: 'inference',
    key: deploymentKey(recipe),
    engine: {
      name: engine.name,
      ...(launched.image === null ? {} : { image: launched.image.uri ?? launched.image.path }),
      command: launched.command.map(portText),
      model: servedModelName(recipe),
      ...(recipe.model?.random === undefined ? {} : { randomWeights: true }),
    },
    api: recipe.model?.task === 'embed' ? 'embeddings' : (recipe.benchmark?.api ?? 'chat'),
    servedModel: servedModelName(recipe),
    address: '',
    port: 0,
    logPath: join(options.deploymentDir, 'engine.log'),
    runFolder: paths.run,
    folder: paths.root,
    runtime,
    image: launched.image,
    clients,
    clientNames: [],
    healthPath: engine.paths.health,
    // What opens it in vLLM opens more, which nobody but the node itself may reach.
    resetCachePath: engine.paths.resetCache ?? null,
  };
  const mounts = [...launched.mounts, ...binds];
  const service = serviceScript({
    paths,
    cache,
    timing,
    timeS: context.directives.time,
    modules,
    runtime,
    image: launched.image,
    setUp: renderSetUp({ runtime, gpus, mounts, models: true }),
    command: launched.command,
    port: 'free',
    ready: { kind: 'http', text: engine.paths.health },
    readyS: timing.readyS,
    prepare: '',
    sendKey: true,
    clients,
    gpus,
  });
  const asked = clientDirectives(task, { ...context.queue, resources: {} });
  // Writing down what was measured takes its time; Slurm leaves 30 s.
  const common = { paths, cache, timing: { ...timing, graceS: timing.graceS + 5 }, timeS: asked.time };
  const jobs: BatchJob[] = [
    { role: 'service', index: 0, script: service, path: paths.serviceScript, directives: context.directives, log: 'service.out' },
    ...Array.from({ length: clients }, (_, index): BatchJob => ({
      role: 'client',
      index,
      script: loadClientScript({ ...common, index, clients, ...options.loadClient }),
      path: paths.clientScript(index),
      directives: asked,
      log: posix.relative(paths.root, paths.clientOut(index)),
    })),
  ];
  return {
    record,
    jobs,
    env: [{ path: paths.serviceEnv, variables: launched.variables }],
    files: launched.keyByFile ? [{ path: posix.join(paths.root, WITH_KEY_FILE), content: WITH_KEY, mode: 0o600, secret: false }] : [],
    copies: launched.copies,
    stage: null,
    folders: Array.from({ length: clients }, (_, i) => paths.client(i)),
  };
}
