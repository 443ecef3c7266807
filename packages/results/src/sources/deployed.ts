import type { EngineInfo } from '@bench/core';
import { parse } from 'yaml';
import { asObject } from '../formats/loose-json.ts';
import { commandWords, flagsOf } from './command-words.ts';
import type { ForeignMeasurement } from './foreign-measurement.ts';

type Params = ForeignMeasurement['params'];

/** What a compose file says of the engine that was measured. */
export interface Deployed {
  engine: Omit<EngineInfo, 'model'> | null;
  /** Services that run it. */
  instances: number;
  /** GPUs that they name; 0: they take all there are, or none is said. */
  gpuCount: number;
  /** Settings of the engine by the names that recipes have for them, else as its flags are called. */
  params: Params;
}

/** Longest that is read: a compose file of hundreds of services. */
const MAX_YAML = 1_000_000;

/** Reads a compose file. Null: none of its services is an engine, or it cannot be read. */
export function readDeployed(compose: string | null): Deployed | null {
  const services = Object.values(asObject(asObject(readYaml(compose))?.['services']) ?? {})
    .map(asObject)
    .flatMap((service) => (service ? [{ service, words: wordsOf(service) }] : []))
    .filter(({ words }) => words.some((word) => /^--model(-path)?(=|$)/.test(word)) || words[1] === 'serve');
  const [first] = services;
  if (!first) return null;
  const image = first.service['image'];
  return {
    engine: engineOf(typeof image === 'string' ? image : ''),
    instances: services.length,
    gpuCount: services.reduce((sum, { service }) => sum + deviceCount(service), 0),
    params: { ...engineParams(flagsOf(first.words)), instances: services.length },
  };
}

/** A YAML text of a sane length; null: it is none. */
export function readYaml(text: string | null): unknown {
  if (text === null || text.length > MAX_YAML) return null;
  try {
    return parse(text, { logLevel: 'silent' });
  } catch {
    return null;
  }
}

function wordsOf(service: Record<string, unknown>): string[] {
  return ['entrypoint', 'command'].flatMap((key) => {
    const value = service[key];
    if (typeof value === 'string') return commandWords(value);
    return Array.isArray(value) ? value.map(String) : [];
  });
}

function deviceCount(service: Record<string, unknown>): number {
  const reservations = asObject(asObject(asObject(service['deploy'])?.['resources'])?.['reservations']);
  const devices = Array.isArray(reservations?.['devices']) ? reservations['devices'].map(asObject) : [];
  return devices.reduce((sum, device) => {
    if (Array.isArray(device?.['device_ids'])) return sum + device['device_ids'].length;
    const count = device?.['count'];
    return sum + (typeof count === 'number' && Number.isInteger(count) && count > 0 ? count : 0);
  }, 0);
}

const ENGINES = ['sglang', 'vllm', 'llama.cpp', 'tensorrt-llm'];

/** `vllm/vllm-openai:v0.17.0`: vllm 0.17.0. A tag such as `latest` says no version. */
export function engineOf(image: string): Deployed['engine'] {
  const name = ENGINES.find((engine) => image.includes(engine));
  if (name === undefined) return null;
  const [reference = '', digest] = image.split('@', 2);
  const tag = /:([^:/]{1,128})$/.exec(reference)?.[1];
  const version = /^v?(\d+\.\d[\w.+-]*)$/.exec(tag ?? '')?.[1];
  return { name, image: reference, ...(version === undefined ? {} : { version }), ...(digest === undefined ? {} : { digest }) };
}

/** Flags of vLLM and SGLang that recipes have a name for. */
const NAMES = new Map([
  ['tp', 'tensor_parallel_size'],
  ['tp_size', 'tensor_parallel_size'],
  ['pp', 'pipeline_parallel_size'],
  ['pp_size', 'pipeline_parallel_size'],
  ['dp', 'data_parallel_size'],
  ['dp_size', 'data_parallel_size'],
  ['max_model_len', 'context_length'],
  ['max_num_seqs', 'max_concurrent_requests'],
  ['max_running_requests', 'max_concurrent_requests'],
  ['mem_fraction_static', 'gpu_memory_utilization'],
]);

/** Flags that say where it is and how it is called, not how it works. */
const ELSEWHERE = new Set(['model', 'model_path', 'served_model_name', 'host', 'port', 'trust_remote_code', 'download_dir', 'tokenizer']);

function engineParams(flags: ReadonlyMap<string, string | true>): Params {
  const params: Params = {};
  for (const [flag, value] of flags) {
    if (ELSEWHERE.has(flag) || /key|token|secret|password|auth/.test(flag)) continue;
    params[NAMES.get(flag) ?? flag] = valueOf(value);
  }
  const spread = flags.get('ep_size') ?? flags.get('ep') ?? flags.get('expert_parallel_size');
  delete params['enable_expert_parallel'];
  params['expert_parallel'] =
    flags.has('enable_expert_parallel') || flags.has('enable_ep_moe') || (spread !== undefined && Number(spread) > 1);
  return params;
}

/** A flag's value: a number where it is written as one. */
export function valueOf(value: string | true): string | number | boolean {
  return typeof value === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value;
}
