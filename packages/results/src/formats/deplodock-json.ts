import { BenchError } from '@bench/core';
import { complete, emptyResult, type ForeignResult, setStatistic } from './foreign-result.ts';
import { asNumber, asObject, parseLooseJson } from './loose-json.ts';
import { VLLM_SECTIONS } from './vllm-layout.ts';

/** Its own names for what it scraped from the text, and ours. */
const SCALARS: [key: string, ours: string][] = [
  ['total_input_tokens', 'total_input_tokens'],
  ['total_generated_tokens', 'total_output_tokens'],
  ['request_throughput', 'request_throughput'],
  ['output_token_throughput', 'output_throughput'],
  ['total_token_throughput', 'total_token_throughput'],
];

/** A deplodock JSON twin as a result; null: not one. Its figures are those of the text, rounded to two digits. */
export function understandDeplodockJson(json: Record<string, unknown>): ForeignResult | null {
  const metrics = asObject(json['metrics']);
  const task = asObject(json['task']);
  if (!metrics || !task) return null;
  const result = emptyResult('vllm', 'json', 'serve');
  result.native = metrics;
  const model = asObject(asObject(json['recipe'])?.['model'])?.['huggingface'];
  if (typeof model === 'string') result.model = model;
  for (const [key, ours] of SCALARS) {
    const value = asNumber(metrics[key]);
    if (value !== undefined) result.scalars[ours] = value;
  }
  const ok = asNumber(metrics['successful_requests']);
  if (ok !== undefined) result.counts.ok = ok;
  const failed = asNumber(metrics['failed_requests']);
  if (failed !== undefined) result.counts.failed = failed;
  const duration = asNumber(metrics['benchmark_duration_s']);
  if (duration !== undefined) result.durationS = duration;
  const concurrency = asNumber(metrics['max_request_concurrency']);
  if (concurrency !== undefined) result.maxConcurrency = concurrency;
  for (const { key, ours } of VLLM_SECTIONS) {
    for (const [name, value] of Object.entries(metrics)) {
      const number = asNumber(value);
      if (number !== undefined && name.endsWith(`_${key}_ms`)) setStatistic(result, ours, name.slice(0, -`_${key}_ms`.length), number);
    }
  }
  return complete(result);
}

/** One line of deplodock's `tasks.json`; what a version does not write is absent. */
export interface DeplodockTask {
  taskId?: string;
  recipeDir?: string;
  recipeName?: string;
  variant?: string;
  gpuName?: string;
  gpuShort?: string;
  gpuCount?: number;
  modelName?: string;
  /** File names relative to the run directory. */
  resultFile?: string;
  jsonResultFile?: string;
  /** Every field as written. */
  native: Record<string, unknown>;
}

export interface DeplodockTasks {
  tasks: DeplodockTask[];
  /** Of a `manifest.json`: everything beside its tasks. */
  manifest: Record<string, unknown>;
  problems: string[];
}

/**
 * Deplodock's `tasks.json` (a list) or the older `manifest.json` (an object with a list `tasks`).
 * @throws BenchError `BENCH_NO_RESULT` when there is no list of tasks.
 */
export function parseDeplodockTasks(json: string): DeplodockTasks {
  const { values, problems } = parseLooseJson(json);
  const value = values[0];
  const object = asObject(value);
  const list = Array.isArray(value) ? value : object?.['tasks'];
  if (!Array.isArray(list)) {
    throw new BenchError({
      code: 'BENCH_NO_RESULT',
      message: ['no list of tasks in this JSON', ...problems.slice(0, 3)].join('\n'),
      hint: 'expected the tasks.json or manifest.json of a deplodock run',
    });
  }
  const tasks: DeplodockTask[] = [];
  list.forEach((item: unknown, i) => {
    const native = asObject(item);
    if (native) tasks.push(taskOf(native));
    else problems.push(`task ${i + 1} is not an object`);
  });
  const manifest = object ? Object.fromEntries(Object.entries(object).filter(([k]) => k !== 'tasks')) : {};
  return { tasks, manifest, problems };
}

const FIELDS: [key: string, ours: Exclude<keyof DeplodockTask, 'native' | 'gpuCount'>][] = [
  ['task_id', 'taskId'],
  ['recipe_dir', 'recipeDir'],
  ['recipe_name', 'recipeName'],
  ['variant', 'variant'],
  ['gpu_name', 'gpuName'],
  ['gpu_short', 'gpuShort'],
  ['model_name', 'modelName'],
  ['result_file', 'resultFile'],
  ['json_result_file', 'jsonResultFile'],
];

function taskOf(native: Record<string, unknown>): DeplodockTask {
  const task: DeplodockTask = { native };
  for (const [key, ours] of FIELDS) {
    const value = native[key];
    if (typeof value === 'string') task[ours] = value;
  }
  const count = asNumber(native['gpu_count']);
  if (count !== undefined) task.gpuCount = count;
  return task;
}
