import { join, posix } from 'node:path';
import { parseDuration } from '@bench/core';
import { deploymentKey, type ServiceSection } from '@bench/recipe';
import { clientsOf, mountOf, PASSWORD, serviceOf } from '../service/record.ts';
import { clientDirectives } from './directives.ts';
import type { Variables } from './env-lines.ts';
import { gpusOf, gresOf } from './gpus.ts';
import { batchImage, type BatchImage } from './image.ts';
import type { PlanContext } from './plan-context.ts';
import type { PlannedParts } from './plan-parts.ts';
import { commandClientScript, type ReadyRule, serviceScript } from './script.ts';
import { type BatchMount, INSIDE, renderSetUp } from './set-up.ts';
import type { BatchJob, BatchRecord } from './types.ts';

/** A container that serves, and the recipe's own clients, each a job. */
export function planService(context: PlanContext): PlannedParts {
  const { task, options, paths, cache, timing, runtime, modules, binds } = context;
  const service = serviceOf(task);
  const clients = clientsOf(task);
  const common = { paths, cache, timing, modules, runtime };
  const imageOf = (reference: string): BatchImage | null =>
    runtime === 'none' ? null : batchImage(reference, { runtime, folder: cache.images });
  const image = imageOf(service.image);
  const volumes = mountsOf(service.volumes, { context, copyAs: 'service' });
  const script = serviceScript({
    ...common,
    timeS: context.directives.time,
    image,
    setUp: renderSetUp({ runtime, gpus: context.gpus, mounts: [...volumes.mounts, ...binds], models: true }),
    command: commandWords(service.command).map((word) => [word] as const),
    port: portOf(service),
    ready: readyOf(service),
    readyS: Math.ceil(parseDuration(service.ready?.timeout ?? 300) / 1000),
    prepare: service.prepare ?? '',
    sendKey: false,
    clients: clients.length,
    gpus: context.gpus,
  });
  const planned = clients.map((client) => {
    const { section, index } = client;
    const own = mountsOf(section.volumes, { context, copyAs: `client-${client.name.split('.')[0] ?? client.name}` });
    const gres = gresOf({ gpu: task.resolved.deploy.gpu, count: section.resources.gpus ?? 0, types: options.gpuTypes ?? [] });
    const directives = clientDirectives(task, { ...context.queue, gres, resources: section.resources });
    const output: BatchMount = { from: { path: paths.result(index, 0) }, to: INSIDE.output, readOnly: false };
    const outputDir = runtime === 'none' ? paths.result(index, 0) : INSIDE.output;
    const job: BatchJob = {
      role: 'client',
      index,
      script: commandClientScript({
        ...common,
        timeS: directives.time,
        image: imageOf(section.image ?? service.image),
        setUp: renderSetUp({
          runtime,
          gpus: gpusOf(task.resolved.deploy.gpu, directives),
          mounts: [output, ...own.mounts, ...binds],
          models: false,
        }),
        index,
        clients: clients.length,
        command: commandWords(section.command),
        timeoutS: Math.ceil(parseDuration(section.timeout) / 1000),
      }),
      path: paths.clientScript(index),
      directives,
      log: posix.relative(paths.root, paths.clientOut(index)),
    };
    const variables: Variables = [
      ['SERVICE_NAME', service.name],
      [PASSWORD, { key: true }],
      ['BENCHMARK_ID', options.place.runId],
      ['BENCHMARK_OUTPUT_DIR', outputDir],
      ['OUTPUT_DIR', outputDir],
      ['CLIENT_NAME', client.name],
      ['CLIENT_INDEX', String(index)],
      ['CLIENT_COUNT', String(clients.length)],
      ...Object.entries(section.env),
    ];
    return { job, variables, copies: own.copies };
  });
  const record: BatchRecord = {
    id: options.place.deploymentId,
    target: 'batch',
    kind: 'service',
    key: deploymentKey(task.resolved),
    engine: { name: service.preset ?? service.name, ...(image === null ? {} : { image: image.uri ?? image.path }), model: '' },
    api: null,
    servedModel: '',
    address: '',
    port: 0,
    logPath: join(options.deploymentDir, 'engine.log'),
    runFolder: paths.run,
    folder: paths.root,
    runtime,
    image,
    clients: clients.length,
    clientNames: clients.map(({ name }) => name),
    healthPath: null,
    resetCachePath: null,
  };
  return {
    record,
    jobs: [
      { role: 'service', index: 0, script, path: paths.serviceScript, directives: context.directives, log: 'service.out' },
      ...planned.map(({ job }) => job),
    ],
    env: [
      { path: paths.serviceEnv, variables: [[PASSWORD, { key: true }], ...Object.entries(service.env)] },
      ...planned.map(({ job, variables }) => ({ path: paths.clientEnv(job.index), variables })),
    ],
    files: [],
    copies: [...new Map([...volumes.copies, ...planned.flatMap(({ copies }) => copies)].map((copy) => [copy.to, copy])).values()],
    stage: null,
    folders: clients.flatMap(({ index }) => [paths.client(index), paths.result(index, 0)]),
  };
}

/** A list is run as it is; text is a script for `sh`. That one without is refused, `checkBatch` says. */
function commandWords(command: ServiceSection['command']): readonly string[] {
  return typeof command === 'string' ? ['sh', '-c', command] : (command ?? []);
}

/**
 * Ports of a node are for all of its jobs. A service that listens on `$PORT`, as those of presets do, gets a free one; one that does not needs
 * its own.
 */
export function portOf(service: Pick<ServiceSection, 'port' | 'preset' | 'command'>): 'free' | number {
  if (service.port === undefined) return 0;
  return service.preset !== undefined || /\bPORT\b/.test(commandWords(service.command).join('\n')) ? 'free' : service.port;
}

function readyOf({ ready, port }: ServiceSection): ReadyRule {
  if (ready && 'http' in ready) return { kind: 'http', text: ready.http };
  if (ready && 'log' in ready) return { kind: 'log', text: ready.log };
  if (ready && 'tcp' in ready && ready.tcp !== true && ready.tcp !== port) return { kind: 'tcp', text: String(ready.tcp) };
  return port === undefined ? { kind: 'none' } : { kind: 'tcp', text: '' };
}

/** An empty folder lives as long as the job, on its node. A folder of the recipe is copied to the cluster first. */
function mountsOf(
  volumes: ServiceSection['volumes'],
  { context, copyAs }: { context: PlanContext; copyAs: string },
): { mounts: BatchMount[]; copies: { from: string; to: string }[] } {
  const { task, paths } = context;
  const all = volumes.map((volume, i) => {
    const name = `${copyAs}-${i}`;
    const { copyTo } = mountOf(volume, { hostDir: paths.root, copyAs: name });
    const from = volume.source === null ? { scratch: `volumes/${name}` } : { path: copyTo ?? volume.source };
    return {
      mount: { from, to: volume.target, readOnly: volume.read_only },
      copies: copyTo === null ? [] : [{ from: join(task.dir, volume.source ?? ''), to: copyTo }],
    };
  });
  return { mounts: all.map(({ mount }) => mount), copies: all.flatMap(({ copies }) => copies) };
}
