/** One metric: a name with one meaning. */
export interface MetricDefinition {
  name: string;
  label: string;
  unit:
    | 'ms'
    | 's'
    | 'req/s'
    | 'tok/s'
    | 'tok'
    | 'ratio'
    | 'req'
    | 'USD/Mtok'
    | 'USD/1000 req'
    | 'USD'
    | 'W'
    | 'J'
    | 'J/tok'
    | 'J/req'
    | 'MiB'
    | 'MHz'
    | '°C';
  better: 'higher' | 'lower' | 'neither';
  /** `distribution`: per request or per gap, summarised; `scalar`: one figure a point. */
  kind: 'distribution' | 'scalar';
  definition: string;
}

const distribution = (name: string, label: string, definition: string): MetricDefinition => ({
  name,
  label,
  unit: 'ms',
  better: 'lower',
  kind: 'distribution',
  definition,
});
const scalar = (
  name: string,
  label: string,
  unit: MetricDefinition['unit'],
  better: MetricDefinition['better'],
  definition: string,
): MetricDefinition => ({ name, label, unit, better, kind: 'scalar', definition });

const MACHINE_PRICE = 'Price per hour of the whole machine (the row says whose, and as of when)';
const WHOLE_PRICE =
  'The whole price is charged to these tokens: what input and output cost are two views of one price, and do not add up to the total.';

const IN_WINDOW = 'of the samples from the first dispatch of a measured request to the last end of one';
const GPU_ENERGY =
  'Power of all its GPUs together, integrated (trapezoids between samples) from the first dispatch of a measured request to the last end of one. Absent where a GPU did not tell its power, or samples are too few or too far apart.';

/** Every metric `@bench` publishes. Reports print these definitions; nothing else defines a metric. */
export const METRICS: readonly MetricDefinition[] = [
  distribution(
    'ttfb_ms',
    'TTFB',
    'Time to first byte: from the request being sent to the first byte of the answer (status line and headers).',
  ),
  distribution(
    'ttft_ms',
    'TTFT',
    'Time to first token: from the request being sent to the first token of any kind (content, reasoning or tool call). A role-only or empty event does not count.',
  ),
  distribution('ttfo_ms', 'TTFO', 'Time to first output: from the request being sent to the first token that is not reasoning.'),
  distribution(
    'tpot_ms',
    'TPOT',
    'Time per output token: (last token − first token) ÷ (output tokens − 1), one sample per request of at least 2 tokens. The last token is the last event with a choice, with text or without, that is not a finish reason alone. Equals vLLM’s TPOT but for events before the first text and a finish reason alone.',
  ),
  distribution(
    'itl_ms',
    'ITL',
    'Inter-token latency: a gap between chunks divided by the tokens of the later chunk, weighted by tokens. Where the server does not say how many tokens a chunk holds, the request’s own mean (output tokens after the first ÷ gaps) is used.',
  ),
  distribution(
    'icl_ms',
    'ICL',
    'Inter-chunk latency: the gap between two successive chunks of a request, pooled over requests. Its chunks are the first event that carries a token and every event with a choice after it, with text or without, but a finish reason alone. With the gaps from events before the first chunk and to a finish reason alone added, this is what vLLM prints as ITL.',
  ),
  distribution(
    'e2el_ms',
    'E2EL',
    'End-to-end latency: from the request being sent to its last token, as in TPOT (to the whole answer when it is not streamed).',
  ),
  distribution(
    'queue_ms',
    'Client queue',
    'From the time the schedule wanted a request sent to its being sent. In an open loop with a cap this is time spent waiting in the client.',
  ),
  distribution(
    'ttft_intended_ms',
    'TTFT from schedule',
    'From the time the schedule wanted a request sent to its first token: what a user would have waited. Free of coordinated omission.',
  ),
  distribution('e2el_intended_ms', 'E2EL from schedule', 'From the time the schedule wanted a request sent to its last token.'),
  distribution(
    'batch_latency_ms',
    'Batch latency',
    'From a batch being given to an engine to the last token of all of its requests; batches run one after another. Measured by `vllm bench latency` without a server.',
  ),
  scalar(
    'request_throughput',
    'Requests',
    'req/s',
    'higher',
    'Successful requests ÷ duration; duration is first dispatch to last end, ramp and drain included.',
  ),
  scalar('output_throughput', 'Output tokens', 'tok/s', 'higher', 'Output tokens of successful requests ÷ duration.'),
  scalar('input_throughput', 'Input tokens', 'tok/s', 'higher', 'Prompt tokens of successful requests ÷ duration.'),
  scalar('total_token_throughput', 'Total tokens', 'tok/s', 'higher', 'Prompt and output tokens of successful requests ÷ duration.'),
  scalar(
    'steady_output_throughput',
    'Output tokens, steady',
    'tok/s',
    'higher',
    'Output tokens per second between the first and the last time at which at least 95 % of the concurrency cap was in flight; absent when that window is shorter than 10 % of the run, the concurrency changes in stages, or the loop is open.',
  ),
  scalar('user_output_rate', 'Tokens a user', 'tok/s', 'higher', '1000 ÷ median TPOT: the speed at which one user sees text appear.'),
  scalar('goodput', 'Goodput', 'req/s', 'higher', 'Successful requests that met every limit of the SLO ÷ duration.'),
  scalar(
    'good_ratio',
    'Good requests',
    'ratio',
    'higher',
    'Requests that met every limit of the SLO ÷ all requests sent but those that the load gave up; failed ones are not good.',
  ),
  scalar(
    'given_up_ratio',
    'Given up',
    'ratio',
    'neither',
    'Requests that the client gave up while they were answered, as the load asks, ÷ requests sent. They are no failures and in no latency or throughput.',
  ),
  scalar('error_ratio', 'Errors', 'ratio', 'lower', 'Failed requests ÷ requests sent.'),
  scalar('mean_concurrency', 'Mean in flight', 'req', 'neither', 'Sum of the time requests were in flight ÷ duration (Little’s law).'),
  scalar('peak_concurrency', 'Peak in flight', 'req', 'neither', 'Largest number of requests in flight at one instant.'),
  scalar('total_input_tokens', 'Input tokens, total', 'tok', 'neither', 'Prompt tokens of successful requests.'),
  scalar('total_output_tokens', 'Output tokens, total', 'tok', 'neither', 'Output tokens of successful requests.'),
  scalar('cached_ratio', 'Prefix cache', 'ratio', 'neither', 'Prompt tokens the server says it took from its cache ÷ prompt tokens.'),
  scalar(
    'tokens_per_chunk',
    'Tokens a chunk',
    'ratio',
    'neither',
    'Output tokens ÷ chunks. Above about 1.1, gaps between chunks are not gaps between tokens.',
  ),
  scalar(
    'gpu_util_mean',
    'GPU use, mean',
    'ratio',
    'neither',
    `Share of the time in which something ran on a GPU: mean over its GPUs ${IN_WINDOW}.`,
  ),
  scalar('gpu_util_max', 'GPU use, most', 'ratio', 'neither', `The same, the largest mean over the GPUs ${IN_WINDOW}.`),
  scalar('gpu_memory_max', 'GPU memory, most', 'MiB', 'neither', `Memory in use on all its GPUs together, the largest ${IN_WINDOW}.`),
  scalar('gpu_power_mean', 'GPU power, mean', 'W', 'lower', `Power of all its GPUs together, mean ${IN_WINDOW}.`),
  scalar('gpu_power_max', 'GPU power, most', 'W', 'lower', `Power of all its GPUs together, the largest ${IN_WINDOW}.`),
  scalar('gpu_clock_mean', 'GPU clock, mean', 'MHz', 'neither', `Clock of the multiprocessors, mean over its GPUs ${IN_WINDOW}.`),
  scalar(
    'gpu_temperature_max',
    'GPU temperature, most',
    '°C',
    'lower',
    `Temperature of the hottest of its GPUs, the largest ${IN_WINDOW}.`,
  ),
  scalar(
    'gpu_throttled_ratio',
    'GPU held back',
    'ratio',
    'lower',
    `Share of samples in which power, heat or a brake held the clocks of a GPU back, over its GPUs ${IN_WINDOW}.`,
  ),
  scalar('host_cpu_mean', 'Host CPU, mean', 'ratio', 'neither', `Share of all the machine’s cores that was not idle, mean ${IN_WINDOW}.`),
  scalar('host_cpu_max', 'Host CPU, most', 'ratio', 'neither', `The same between two samples, the largest ${IN_WINDOW}.`),
  scalar('engine_running_mean', 'In the batch, mean', 'req', 'neither', `Requests that the engine says it works on, mean ${IN_WINDOW}.`),
  scalar('engine_running_max', 'In the batch, most', 'req', 'neither', `Requests that the engine says it works on, the most ${IN_WINDOW}.`),
  scalar(
    'engine_waiting_mean',
    'In the engine’s queue, mean',
    'req',
    'lower',
    `Requests that the engine says wait in it, mean ${IN_WINDOW}.`,
  ),
  scalar(
    'engine_waiting_max',
    'In the engine’s queue, most',
    'req',
    'lower',
    `Requests that the engine says wait in it, the most ${IN_WINDOW}.`,
  ),
  scalar('kv_cache_mean', 'KV cache, mean', 'ratio', 'neither', `Share of its KV cache that the engine says is in use, mean ${IN_WINDOW}.`),
  scalar(
    'kv_cache_max',
    'KV cache, most',
    'ratio',
    'neither',
    `Share of its KV cache that the engine says is in use, the largest ${IN_WINDOW}.`,
  ),
  scalar(
    'engine_preemptions',
    'Preemptions',
    'req',
    'lower',
    'How often the engine says that it took a request out of the batch to begin it again, between the samples around the point.',
  ),
  scalar(
    'engine_prefix_hit_ratio',
    'Prefix cache, by the engine',
    'ratio',
    'neither',
    'Prompt tokens that the engine says it found in its prefix cache ÷ those it looked for, between the samples around the point.',
  ),
  scalar(
    'spec_acceptance_ratio',
    'Draft tokens accepted',
    'ratio',
    'higher',
    'Tokens of speculative decoding that the engine says it accepted ÷ those proposed, between the samples around the point.',
  ),
  scalar('gpu_energy', 'GPU energy', 'J', 'lower', GPU_ENERGY),
  scalar('energy_per_output_token', 'Energy a token', 'J/tok', 'lower', 'GPU energy ÷ output tokens of successful requests.'),
  scalar('energy_per_request', 'Energy a request', 'J/req', 'lower', 'GPU energy ÷ successful requests.'),
  scalar('cost_per_mtok_input', 'Cost, input', 'USD/Mtok', 'lower', `${MACHINE_PRICE} ÷ (input throughput × 3600) × 10⁶. ${WHOLE_PRICE}`),
  scalar(
    'cost_per_mtok_output',
    'Cost, output',
    'USD/Mtok',
    'lower',
    `${MACHINE_PRICE} ÷ (output throughput × 3600) × 10⁶. ${WHOLE_PRICE}`,
  ),
  scalar('cost_per_mtok_total', 'Cost, total', 'USD/Mtok', 'lower', `${MACHINE_PRICE} ÷ (total token throughput × 3600) × 10⁶.`),
  scalar(
    'cost_per_1000_requests',
    'Cost, requests',
    'USD/1000 req',
    'lower',
    `${MACHINE_PRICE} ÷ (successful requests per second × 3600) × 1000.`,
  ),
  scalar(
    'cost_per_1000_good_requests',
    'Cost, good requests',
    'USD/1000 req',
    'lower',
    `${MACHINE_PRICE} ÷ (goodput × 3600) × 1000: what a thousand requests cost that met every limit of the SLO. Only of loads that have one.`,
  ),
];

/** What the steady state of a point is (`steady` of a point's result). Reports print it where one has figures of it. */
export const STEADY_STATE =
  'The window without the ramp at the start and the drain at the end. Closed loop: from the first to the last time at which at least 95 % of the concurrency cap was in flight. Open loop of one rate: from as long after the first dispatch as 95 % of the successful requests took at most (E2EL) to the last dispatch. There is none when it is shorter than 10 % of the run, the load changes in time (stages, bursts, traces), or users think between turns or arrive with whole conversations. Latencies are of the requests that were sent and ended within it: few, and fewer long ones, where it is not many times as long as a request takes. Throughputs are what happened within it, whichever request it belongs to: requests by their end, output tokens by their own times, prompts by the time of their first token. The headline is the whole run.';

const byName = new Map(METRICS.map((m) => [m.name, m]));

/** The definition of a metric, or undefined for one that a client or a command reported itself. */
export function metric(name: string): MetricDefinition | undefined {
  return byName.get(name);
}
