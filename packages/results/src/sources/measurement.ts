import { basename, dirname } from 'node:path';
import { findGpu } from '@bench/core';
import type { DeplodockTask } from '../formats/deplodock-json.ts';
import type { DeplodockParts } from '../formats/deplodock-twin.ts';
import type { ForeignResult } from '../formats/foreign-result.ts';
import { asObject } from '../formats/loose-json.ts';
import { askedLoad, dataWords } from './asked-load.ts';
import { askedByRecipe } from './asked-recipe.ts';
import { type Deployed, engineOf, readDeployed } from './deployed.ts';
import { nameFacts, tellingPath } from './file-name.ts';
import type { ForeignMeasurement } from './foreign-measurement.ts';
import { hideSecrets } from './hide-secrets.ts';

/** A file that was read, and where it was found. */
export interface Found {
  /** As the user reaches it. */
  path: string;
  /** Below the folder that was named; null: the file itself was. */
  below: string | null;
  results: readonly ForeignResult[];
  /** What a deplodock file says besides. */
  parts: DeplodockParts | null;
}

/** Measurements of a file: one a result, without the secrets that it names. `task`: what the list of its run says of it. */
export function measurements(found: Found, task?: DeplodockTask): ForeignMeasurement[] {
  const { parts } = found;
  return found.results.map((result) => hideSecrets(parts ? deplodock(found, parts, result, task) : loose(found, result)));
}

function deplodock(found: Found, parts: DeplodockParts, result: ForeignResult, task?: DeplodockTask): ForeignMeasurement {
  const name = nameFacts(found.path);
  const deployed = readDeployed(parts.compose);
  const asked = askedLoad(parts.command);
  const model = result.model ?? task?.modelName ?? asked.model ?? name?.model ?? null;
  const dir = task?.recipeDir ?? parts.task?.recipeDir;
  const recipe = askedByRecipe(parts.task?.recipe ?? null);
  // What ran before what was asked.
  const load = parts.command === null ? recipe.load : asked.params;
  return {
    source: { kind: 'deplodock', path: found.path },
    recipe: task?.recipeName ?? (dir === undefined ? (shortModel(model) ?? tellingName(found)) : basename(dir)),
    variant: task?.variant ?? parts.task?.variant ?? name?.variant ?? 'default',
    params: { ...(deployed?.params ?? recipe.engineParams), ...load },
    gpu: gpuOf({ parts, name, deployed, ...(task ? { task } : {}) }),
    engine: deployed?.engine ?? recipe.engine ?? (name?.engine ? { name: name.engine } : null),
    model,
    system: parts.system,
    recipeText: parts.task?.recipe ?? null,
    data: dataWords(load),
    result,
  };
}

interface GpuFacts {
  task?: DeplodockTask;
  parts: DeplodockParts;
  name: ReturnType<typeof nameFacts>;
  deployed: Deployed | null;
}

/** What was used: a machine may have had more. */
function gpuOf({ task, parts, name, deployed }: GpuFacts): ForeignMeasurement['gpu'] {
  const gpus = parts.system?.gpus ?? [];
  return {
    name: task?.gpuName ?? parts.task?.gpuName ?? name?.gpu?.name ?? gpus[0]?.name ?? null,
    count: task?.gpuCount ?? parts.task?.gpuCount ?? (name?.gpu?.count || deployed?.gpuCount || gpus.length),
  };
}

/** A file of a tool that says little of the machine. */
function loose(found: Found, result: ForeignResult): ForeignMeasurement {
  const name = nameFacts(found.path);
  const model = result.model ?? name?.model ?? null;
  const params: ForeignMeasurement['params'] = {};
  for (const key of ['num_prompts', 'dataset_name', 'random_input_len', 'random_output_len', 'random_range_ratio', 'burstiness']) {
    const value = result.native[key];
    if (typeof value === 'string' || typeof value === 'number') params[key] = value;
  }
  const gpus = telemetryGpus(result);
  return {
    source: { kind: result.tool, path: found.path },
    recipe: shortModel(model) ?? tellingName(found),
    variant: name?.variant ?? (found.below === null ? 'default' : tellingPath(found.below)),
    params,
    gpu: name?.gpu ?? { name: gpus[0] ?? null, count: gpus.length },
    engine: name?.engine ? { name: name.engine } : servedBy(result),
    model,
    system: null,
    recipeText: null,
    data: dataWords(params),
    result,
  };
}

/** A model without its organisation; of a folder its last part. */
function shortModel(model: string | null): string | null {
  return (
    model
      ?.split('/')
      .filter((part) => part !== '')
      .at(-1) ?? null
  );
}

function tellingName({ path }: Found): string {
  const bare = tellingPath(path);
  return basename(bare) || basename(dirname(path)) || 'results';
}

/** SGLang's client is told which engine answers; vLLM's and the others are told an API. */
function servedBy({ tool, native }: ForeignResult): ForeignMeasurement['engine'] {
  const backend = native['backend'] ?? native['Backend'];
  return tool === 'sglang' && typeof backend === 'string' ? nameOnly(engineOf(backend)) : null;
}

function nameOnly(engine: Deployed['engine']): Deployed['engine'] {
  return engine && { name: engine.name };
}

/** Names of the GPUs that AIPerf watched: `telemetry_data.endpoints.*.gpus.*.gpu_name`. */
function telemetryGpus({ tool, native }: ForeignResult): string[] {
  if (tool !== 'aiperf') return [];
  const endpoints = Object.values(asObject(asObject(native['telemetry_data'])?.['endpoints']) ?? {});
  return endpoints
    .flatMap((endpoint) => Object.values(asObject(asObject(endpoint)?.['gpus']) ?? {}))
    .flatMap((gpu) => {
      const name = asObject(gpu)?.['gpu_name'];
      return typeof name === 'string' && name !== '' ? [findGpu(name)?.id ?? name] : [];
    });
}
