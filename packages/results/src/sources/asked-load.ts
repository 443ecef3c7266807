import { commandWords, flagsOf } from './command-words.ts';
import { valueOf } from './deployed.ts';
import type { ForeignMeasurement } from './foreign-measurement.ts';

/** Settings of a load, as `vllm bench serve` and recipes call them. */
const LOAD = [
  'max_concurrency',
  'num_prompts',
  'request_rate',
  'burstiness',
  'dataset_name',
  'random_input_len',
  'random_output_len',
  'random_range_ratio',
  'random_prefix_len',
  'num_warmups',
  'seed',
];

/** The load that a command line of `vllm bench serve` asks for; its model too, where it names one. */
export function askedLoad(command: string | null): { params: ForeignMeasurement['params']; model: string | null } {
  const flags = flagsOf(commandWords((command ?? '').slice(0, 100_000)));
  const params: ForeignMeasurement['params'] = {};
  for (const name of LOAD) {
    const value = flags.get(name);
    if (value !== undefined) params[name] = valueOf(value);
  }
  const model = flags.get('served_model_name') ?? flags.get('model');
  return { params, model: typeof model === 'string' ? model : null };
}

/** `random prompts, 8000 tokens in, 8000 out`; null: the lengths are not said. */
export function dataWords(settings: Readonly<Record<string, unknown>>): string | null {
  const { random_input_len: input, random_output_len: output, dataset_name: name } = settings;
  if (typeof input !== 'number' || typeof output !== 'number') return null;
  if (name !== undefined && name !== 'random') return null;
  return `random prompts, ${input} tokens in, ${output} out`;
}
