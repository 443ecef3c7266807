import { posix } from 'node:path';
import { BenchError } from '@bench/core';
import { BUILTIN_ENGINES, type Engine, type Task } from '@bench/recipe';
import type { SlurmDirectives } from '@bench/provisioning/slurm';
import { firstDirectives } from './directives.ts';
import { type BatchGpus, gpuCount, gpusOf, gresOf } from './gpus.ts';
import type { BatchRuntime } from './image.ts';
import { batchCache, type BatchCache, batchPaths, type BatchPaths } from './layout.ts';
import { type BatchMount, SEPARATORS } from './set-up.ts';
import { BATCH_TIMING, type BatchFile, type BatchPlanOptions, type BatchTiming } from './types.ts';

/** What every plan of a task begins with. */
export interface PlanContext {
  task: Task;
  options: BatchPlanOptions;
  engines: readonly Engine[];
  paths: BatchPaths;
  cache: BatchCache;
  timing: BatchTiming;
  /** What the queue is asked for besides what the recipe says. */
  queue: { timing: BatchTiming; defaults: SlurmDirectives; limitOf: BatchPlanOptions['limitOf'] };
  runtime: BatchRuntime;
  modules: readonly string[];
  binds: readonly BatchMount[];
  /** Of the first job. */
  directives: SlurmDirectives;
  /** That the first job has. */
  gpus: BatchGpus;
}

export function planContext(task: Task, options: BatchPlanOptions): PlanContext {
  const { slurm, service, deploy } = task.resolved;
  const engines = options.engines ?? BUILTIN_ENGINES;
  const timing = { ...BATCH_TIMING, ...options.timing };
  const gres = gresOf({ gpu: deploy.gpu, count: gpuCount(task, engines), types: options.gpuTypes ?? [] });
  const queue = { timing, defaults: options.defaults ?? {}, limitOf: options.limitOf?.bind(options) };
  const directives = firstDirectives(task, { ...queue, gres, resources: service?.resources ?? {} });
  const runtime = task.kind === 'command' ? 'none' : (slurm?.runtime ?? 'apptainer');
  if (runtime !== 'none' && SEPARATORS.test(options.place.remoteDir))
    throw new BenchError({
      code: 'BENCH_SITE_UNFIT',
      message: `containers cannot be given the folder ${JSON.stringify(options.place.remoteDir)}: its name holds : or ,`,
      hint: 'set providers.slurm.remote_dir',
      exitCode: 2,
    });
  return {
    task,
    options,
    engines,
    timing,
    queue,
    paths: batchPaths(options.place),
    cache: batchCache(options.place.remoteDir),
    runtime,
    modules: slurm?.modules ?? [],
    binds: (slurm?.binds ?? []).map(readBind),
    directives,
    gpus: gpusOf(deploy.gpu, directives),
  };
}

function readBind(bind: string): BatchMount {
  const [from = '', to = '', mode] = bind.split(':');
  return { from: { path: from }, to, readOnly: mode === 'ro' };
}

/** The recipe's own lines before the program: a file of their own, so that none of them is part of a script. */
export function preludeFile({ task, paths }: PlanContext): BatchFile[] {
  const lines = task.resolved.slurm?.prelude ?? [];
  if (lines.length === 0) return [];
  return [{ path: posix.join(paths.root, 'prelude.sh'), content: lines.map((line) => `${line}\n`).join(''), mode: 0o600, secret: false }];
}
