import { basename, posix } from 'node:path';
import { BenchError } from '@bench/core';
import { type Engine, engineOf, type Task } from '@bench/recipe';
import { weightsOf } from '../compose/weights.ts';
import type { Variables } from './env-lines.ts';
import { batchImage, type BatchImage, type BatchRuntime } from './image.ts';
import type { BatchGpus } from './gpus.ts';
import type { BatchCache, BatchPaths } from './layout.ts';
import { type BatchMount, INSIDE } from './set-up.ts';
import type { BatchPlanOptions } from './types.ts';
import { KEY_VARIABLE, WITH_KEY_FILE, withKey } from './with-key.ts';
import { type PortWord, withPort } from './words.ts';

/** An engine as a job starts it. */
export interface BatchEngine {
  command: readonly PortWord[];
  variables: Variables;
  image: BatchImage | null;
  mounts: readonly BatchMount[];
  copies: readonly { from: string; to: string }[];
  /** Its key goes by the file of {@link WITH_KEY_FILE}. */
  keyByFile: boolean;
}

interface EngineInput {
  engines: readonly Engine[];
  runtime: BatchRuntime;
  gpus: BatchGpus;
  paths: BatchPaths;
  cache: BatchCache;
  programs?: BatchPlanOptions['programs'];
  passed?: BatchPlanOptions['passed'];
}

/** @throws BenchError `BENCH_SITE_UNFIT` for what cannot be; `checkBatch` says the same before */
export function batchEngine(task: Task, o: EngineInput): BatchEngine {
  const { engine, settings, llm } = engineOf(task.resolved, o.engines);
  const { model } = task.resolved;
  if (!model) throw new BenchError({ code: 'BENCH_RECIPE_INVALID', message: `${task.recipe}: an inference recipe needs a model` });
  const inside = o.runtime !== 'none';
  const { modelPath, mounts, copies } = weights(task, o);
  const launch = (port: number) =>
    engine.launch({
      model,
      llm,
      settings,
      port,
      modelPath,
      gpu: o.gpus === 'any' ? 'nvidia' : o.gpus,
      via: inside ? 'container' : 'process',
      // Clients are on other nodes; the key keeps others out.
      bind: '0.0.0.0',
    });
  const program = (entrypoint: readonly string[] | undefined) =>
    inside ? (entrypoint ?? engine.container?.program) : (o.programs?.[engine.name]?.argv ?? engine.program?.argv);
  const { made, words } = withPort(launch, ({ entrypoint, args }) => [...(program(entrypoint) ?? []), ...args]);
  const env = withPort(launch, (launched) => Object.values(launched.env).map((value) => (typeof value === 'string' ? value : '')));
  const unfit = (message: string, hint: string) =>
    new BenchError({ code: 'BENCH_SITE_UNFIT', message: `${task.recipe}/${task.variant}: ${message}`, hint, exitCode: 2 });
  if (program(made.entrypoint) === undefined) {
    if (inside)
      throw unfit(
        `it is not known what the image of engine "${engine.name}" starts`,
        'set slurm.runtime: none, with the engine installed on the nodes',
      );
    throw unfit(`engine "${engine.name}" is no program that a node could run`, 'use a container: slurm.runtime');
  }
  if (!words.some((word) => word.some((part) => part.includes('0.0.0.0'))))
    throw unfit(
      `engine "${engine.name}" does not listen where other nodes reach it`,
      'it ignores the address that it is told to listen on',
    );
  if (inside && made.image === undefined)
    throw new BenchError({
      code: 'BENCH_IMAGE_MISSING',
      message: `${task.recipe}/${task.variant}: engine "${engine.name}" has no container image`,
      hint: `name one: engine.llm.${engine.name}.image; or set slurm.runtime: none`,
    });
  const key = engine.container?.apiKey;
  if (key === undefined)
    throw unfit(`engine "${engine.name}" cannot ask for an API key, and every user of the cluster reaches its port`, 'use another engine');
  const command =
    'flag' in key ? withKey(words, { file: posix.join(inside ? INSIDE.job : o.paths.root, WITH_KEY_FILE), flag: key.flag }) : words;
  if (command === null)
    throw unfit(`engine "${engine.name}" takes its key as an argument only, which every user of the node can read`, 'use another engine');
  return {
    command,
    variables: [
      ...Object.entries(o.passed ?? {}).map(([name, passed]) => [name, { passed }] as const),
      ...Object.entries(engine.container?.cacheEnv?.(inside ? INSIDE.models : o.cache.models) ?? {}),
      ...Object.entries(made.env).map(
        ([name, value], i) => [name, typeof value === 'string' ? (env.words[i] as PortWord) : value] as const,
      ),
      ['env' in key ? key.env : KEY_VARIABLE, { key: true }],
    ],
    image: inside ? batchImage(made.image as string, { runtime: o.runtime, folder: o.cache.images }) : null,
    mounts,
    copies,
    keyByFile: 'flag' in key,
  };
}

/** Where the engine finds a file of weights, and what that needs. */
function weights(task: Task, { runtime, paths }: EngineInput): Pick<BatchEngine, 'mounts' | 'copies'> & { modelPath: string | undefined } {
  const found = weightsOf(task, { hostDir: paths.root }, { fetch: false });
  const file = task.resolved.model?.gguf;
  if (file === undefined || (found.kind !== 'copied' && found.kind !== 'on-host')) return { modelPath: undefined, mounts: [], copies: [] };
  const there =
    found.kind === 'on-host' ? found.path : basename(found.to) === basename(file) ? found.to : posix.join(found.to, basename(file));
  const folder = found.kind === 'on-host' ? posix.dirname(there) : paths.models;
  return {
    modelPath: runtime === 'none' ? there : posix.join(INSIDE.weights, posix.relative(folder, there)),
    mounts: [{ from: { path: folder }, to: INSIDE.weights, readOnly: runtime !== 'charliecloud' }],
    copies: found.kind === 'copied' ? [{ from: found.from, to: found.to }] : [],
  };
}
