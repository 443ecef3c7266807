import { type LoadData, type LoadSpec, meanRatePerS } from '@bench/core';
import { rangeRatio } from './range-ratio.ts';

export type EngineClient = 'vllm' | 'sglang';

/** Name of the result file in the client's folder. */
export const CLIENT_RESULT: Record<EngineClient, string> = { vllm: 'result.json', sglang: 'result.jsonl' };

/**
 * What of a load an engine's own client cannot do, each in a sentence; empty: all of it can be done.
 * Facts: `vllm bench serve` (vllm/benchmarks/serve.py) and `sglang.bench_serving`, of 2025 and 2026.
 */
export function engineClientProblems(load: LoadSpec, client: EngineClient): string[] {
  const name = client === 'vllm' ? 'vllm bench serve' : 'sglang.bench_serving';
  const problems: string[] = [];
  const cannot = (condition: boolean, what: string) => {
    if (condition) problems.push(`${name} ${what}`);
  };
  const { data, arrival } = load;
  cannot(load.api === 'embeddings', 'is not used for embeddings');
  cannot(!['chat', 'completions', 'embeddings'].includes(load.api), `is not used for the API "${load.api}"`);
  cannot(load.durationMs !== undefined, 'ends after a number of requests, not after a duration');
  cannot(load.numPrompts === undefined, 'needs a number of requests (num_prompts)');
  cannot(!load.stream, 'always streams');
  cannot(arrival.kind === 'constant', 'has no constant rate; a poisson or gamma arrival it has');
  cannot(arrival.kind === 'stages', 'has no stages of its rate');
  cannot(arrival.kind === 'bursts', 'sends no bursts');
  cannot(client === 'sglang' && arrival.kind === 'gamma' && arrival.burstiness !== 1, 'has no burstiness');
  cannot(client === 'sglang' && Object.values(load.slo).some((limit) => limit !== undefined), 'knows no goodput limits (slo)');
  cannot(client === 'vllm' && data.kind === 'random' && !load.ignoreEos, 'always ignores the end of sequence with random prompts');
  cannot(load.cancel !== undefined, 'gives no requests up');
  cannot(load.classes !== undefined, 'knows no classes of requests');
  cannot(load.conversations !== undefined, 'holds no conversations of several turns');
  cannot(load.images !== undefined, 'is not told here which images to send');
  cannot(load.warmupMs !== undefined, 'warms up with a number of requests, not for a time');
  cannot(load.tokenizer !== undefined, 'counts by the tokenizer of the engine, not by one of a file (tokenizer)');
  cannot(data.kind === 'trace', 'replays no traces of these forms');
  cannot(data.kind === 'jsonl', 'reads no prompt file of this kind; sharegpt it reads');
  cannot(data.kind === 'hf', 'reads no data set by its columns; sharegpt it reads');
  if (data.kind === 'random') {
    cannot(data.text === 'sonnet', 'makes no lines without a file of them; random prompts it makes');
    cannot(data.prefixGroups !== undefined, 'has no groups of shared prefixes with random lengths');
    cannot(client === 'sglang' && data.sharedPrefixTokens > 0, 'has no shared prefix with random lengths');
    cannot(data.sharedPrefixTokens >= data.inputTokens.max && data.sharedPrefixTokens > 0, 'needs prompts longer than the shared prefix');
    cannot(randomLengths(load, client) === null, 'spreads input and output lengths by one ratio, which these ranges do not have');
  }
  if (data.kind === 'sharegpt' && data.outputTokens) {
    cannot(data.outputTokens.min !== data.outputTokens.max, 'has no range of output lengths with a prompt file');
  }
  return problems;
}

/** Arguments after `vllm` or `python3`. */
export function engineClientArgs(options: {
  client: EngineClient;
  load: LoadSpec;
  /** Has no problem by {@link engineClientProblems}. */
  baseUrl: string;
  model: string;
  /** Name or path in the container. */
  tokenizer: string;
  /** Folder and prompt file as seen in the container. */
  folder: string;
  dataPath: string | null;
}): string[] {
  return options.client === 'vllm' ? vllmArgs(options) : sglangArgs(options);
}

type ArgOptions = Parameters<typeof engineClientArgs>[0];

function vllmArgs({ load, baseUrl, model, tokenizer, folder, dataPath }: ArgOptions): string[] {
  const { data, arrival } = load;
  const slo = Object.entries({ ttft: load.slo.ttftMs, tpot: load.slo.tpotMs, e2el: load.slo.e2elMs }).filter(([, v]) => v !== undefined);
  const extra = Object.keys(load.extraBody).length > 0;
  const chat = load.api === 'chat';
  return [
    ['bench', 'serve', '--backend', chat ? 'openai-chat' : 'openai', '--base-url', baseUrl],
    ['--endpoint', chat ? '/v1/chat/completions' : '/v1/completions'],
    ['--model', tokenizer, '--tokenizer', tokenizer, '--served-model-name', model],
    randomArgs(load, 'vllm'),
    data.kind === 'random'
      ? ['--dataset-name', 'random', ...(data.sharedPrefixTokens > 0 ? ['--random-prefix-len', String(data.sharedPrefixTokens)] : [])]
      : ['--dataset-name', data.kind, '--dataset-path', dataPath ?? data.path, ...sharegptOutput(data)],
    ['--num-prompts', String(load.numPrompts), '--seed', String(load.seed)],
    ['--request-rate', String(meanRatePerS(arrival) ?? 'inf')],
    arrival.kind === 'gamma' ? ['--burstiness', String(arrival.burstiness)] : [],
    load.maxConcurrency === null ? [] : ['--max-concurrency', String(load.maxConcurrency)],
    load.warmupRequests > 0 ? ['--num-warmups', String(load.warmupRequests)] : [],
    load.ignoreEos ? ['--ignore-eos'] : [],
    ['--temperature', String(load.temperature)],
    extra ? ['--extra-body', JSON.stringify(load.extraBody)] : [],
    slo.length > 0 ? ['--goodput', ...slo.map(([key, limit]) => `${key}:${limit}`)] : [],
    ['--percentile-metrics', 'ttft,tpot,itl,e2el', '--metric-percentiles', '50,75,90,95,99,99.9'],
    ['--save-result', '--save-detailed', '--result-dir', folder, '--result-filename', CLIENT_RESULT.vllm],
  ].flat();
}

function sglangArgs({ load, baseUrl, model, tokenizer, folder, dataPath }: ArgOptions): string[] {
  const { data, arrival } = load;
  return [
    ['-m', 'sglang.bench_serving', '--backend', load.api === 'chat' ? 'sglang-oai-chat' : 'sglang-oai', '--base-url', baseUrl],
    ['--model', model, '--tokenizer', tokenizer],
    // Its "random" takes words from a file that it downloads; "random-ids" needs nothing.
    data.kind === 'random'
      ? ['--dataset-name', 'random-ids', ...randomArgs(load, 'sglang')]
      : ['--dataset-name', data.kind, '--dataset-path', dataPath ?? data.path, ...sharegptOutput(data)],
    ['--num-prompts', String(load.numPrompts), '--seed', String(load.seed)],
    ['--request-rate', String(meanRatePerS(arrival) ?? 'inf')],
    load.maxConcurrency === null ? [] : ['--max-concurrency', String(load.maxConcurrency)],
    ['--warmup-requests', String(load.warmupRequests)],
    load.ignoreEos ? [] : ['--disable-ignore-eos'],
    ['--extra-request-body', JSON.stringify({ temperature: load.temperature, ...load.extraBody })],
    ['--output-file', `${folder}/${CLIENT_RESULT.sglang}`, '--output-details'],
  ].flat();
}

function sharegptOutput(data: LoadData): string[] {
  return data.kind === 'sharegpt' && data.outputTokens ? ['--sharegpt-output-len', String(data.outputTokens.max)] : [];
}

function randomArgs(load: LoadSpec, client: EngineClient): string[] {
  const lengths = randomLengths(load, client);
  if (!lengths) return [];
  return [
    ['--random-input-len', String(lengths.input), '--random-output-len', String(lengths.output)],
    ['--random-range-ratio', String(lengths.ratio)],
  ].flat();
}

/** Null: they cannot be said. vLLM adds its prefix to the length, ours holds it. */
function randomLengths(load: LoadSpec, client: EngineClient): ReturnType<typeof rangeRatio> {
  if (load.data.kind !== 'random') return null;
  const { inputTokens, outputTokens, sharedPrefixTokens } = load.data;
  const input = { min: inputTokens.min - sharedPrefixTokens, max: inputTokens.max - sharedPrefixTokens };
  return rangeRatio(client, input, outputTokens);
}
