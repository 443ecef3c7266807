import type { ForeignResult } from './foreign-result.ts';
import { asNumber, asObject } from './loose-json.ts';
import type { Json } from './read-results.ts';

/**
 * Model, date and load from an export's `input_config`, where its versions put them: `endpoint.model_names` and `loadgen`, later `models`
 * and `phases` (AIPerf); `model` and `concurrency`, later `model_names` and `perf_analyzer.stimulus` (genai-perf).
 */
export function identifyExport(result: ForeignResult, json: Json): void {
  const config = asObject(json['input_config']) ?? {};
  const model = modelOf(config);
  if (model !== undefined) result.model = model;
  const ended = json['end_time'] ?? json['start_time'];
  if (typeof ended === 'string') result.date = ended;
  for (const load of loadsOf(config)) {
    const concurrency = asNumber(load['concurrency']);
    if (concurrency !== undefined && concurrency > 0) result.maxConcurrency ??= concurrency;
    const rate = asNumber(load['request_rate']) ?? asNumber(load['rate']);
    if (rate !== undefined && rate > 0) result.requestRate ??= rate;
  }
}

function modelOf(config: Json): string | undefined {
  const models = asObject(config['models'])?.['items'] ?? config['models'];
  const lists = [
    asObject(config['endpoint'])?.['model_names'],
    models,
    config['model_names'],
    config['model'],
    config['formatted_model_name'],
  ];
  for (const list of lists) {
    const first: unknown = Array.isArray(list) ? list[0] : list;
    const name = asObject(first)?.['name'] ?? first;
    if (typeof name === 'string' && name !== '') return name;
  }
  return undefined;
}

/** Places where a load may stand, the one that was measured first. */
function loadsOf(config: Json): Json[] {
  const phases = Array.isArray(config['phases']) ? config['phases'].map(asObject) : [];
  const measured = phases.filter((phase) => phase !== null && phase['exclude_from_results'] !== true) as Json[];
  const stimulus = asObject(asObject(config['perf_analyzer'])?.['stimulus']);
  return [...measured.slice(-1), ...[asObject(config['loadgen']), stimulus].filter((load) => load !== null), config];
}
