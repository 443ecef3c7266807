/** Files as deplodock writes them, made up. */

export interface Made {
  variant?: string;
  concurrency?: number;
  output?: number;
  total?: number;
  gpus?: number;
}

/** The result block of `vllm bench serve`. */
export function block({ concurrency = 8, output = 500.25, total = 1000.5 }: Made = {}): string {
  const row = (label: string, value: string | number) => `${`${label}:`.padEnd(40)} ${String(value).padEnd(10)}`;
  return [
    '============ Serving Benchmark Result ============',
    row('Successful requests', 40),
    row('Failed requests', 2),
    row('Maximum request concurrency', concurrency),
    row('Benchmark duration (s)', '64.00'),
    row('Total input tokens', 32016),
    row('Total generated tokens', 32016),
    row('Request throughput (req/s)', '0.63'),
    row('Output token throughput (tok/s)', output.toFixed(2)),
    row('Total token throughput (tok/s)', total.toFixed(2)),
    '---------------Time to First Token----------------',
    row('Mean TTFT (ms)', '120.50'),
    row('Median TTFT (ms)', '110.25'),
    row('P99 TTFT (ms)', '300.75'),
    '==================================================',
    '',
  ].join('\n');
}

/** A compose file of one engine, or of `instances` with a load balancer. */
export function compose({ instances = 1, flags = '' }: { instances?: number; flags?: string } = {}): string {
  const service = (i: number) => `  vllm_${i}:
    image: vllm/vllm-openai:v0.17.0
    environment:
      - HUGGING_FACE_HUB_TOKEN=hf_secret
    deploy:
      resources:
        reservations:
          devices:
            - driver: nvidia
              device_ids: ['${i * 2}', '${i * 2 + 1}']
    command: >
      --host 0.0.0.0
      --port 8000
      --tensor-parallel-size 2
      --model /models/org/name
      --served-model-name org/name
      --max-num-seqs=16 ${flags}
`;
  const balancer = instances > 1 ? '  nginx:\n    image: nginx:alpine\n' : '';
  return `services:\n${Array.from({ length: instances }, (_, i) => service(i)).join('\n')}${balancer}`;
}

const section = (title: string, body: string) =>
  `============ ${title} ============\n${body}\n==================================================\n\n`;

export const COMMAND = (concurrency: number) =>
  `vllm bench serve --model org/name --dataset-name random --random-input-len 8000 --random-output-len 800 --max-concurrency ${concurrency} --num-prompts 42`;

/** The form with three sections. */
export function oldText(made: Made & { compose?: string } = {}): string {
  return [
    block(made),
    '\n',
    section('Docker Compose Configuration', made.compose ?? compose()),
    section('Benchmark Command', COMMAND(made.concurrency ?? 8)),
  ].join('');
}

/** The form with five sections. */
export function text(made: Made = {}): string {
  const { variant = 'b200x2_mc8', concurrency = 8, gpus = 2 } = made;
  const asked = `recipe_dir: experiments/some_recipe
variant: ${variant}
gpu_name: NVIDIA B200
gpu_count: ${gpus}
recipe:
  model:
    huggingface: org/name
  benchmark:
    max_concurrency: ${concurrency}`;
  const system = `=== HOSTNAME ===
node-1

=== GPU INFORMATION ===
NVIDIA B200, 183359 MiB, 570.211.01, P0, 37, 0 %`;
  return `${section('Benchmark Task', asked)}${oldText(made)}${section('System Information', system)}`;
}

/** The JSON twin. `metrics`: figures besides, or otherwise. */
export function twin(made: Made = {}, metrics: Record<string, unknown> = {}): string {
  const { variant = 'b200x2_mc8', concurrency = 8, output = 500.25, total = 1000.5, gpus = 2 } = made;
  return JSON.stringify({
    task: { recipe_dir: 'experiments/some_recipe', variant, gpu_name: 'NVIDIA B200', gpu_short: 'b200', gpu_count: gpus },
    recipe: { model: { huggingface: 'org/name' }, benchmark: { max_concurrency: concurrency } },
    metrics: {
      successful_requests: 40,
      failed_requests: 2,
      max_request_concurrency: concurrency,
      benchmark_duration_s: 64,
      total_input_tokens: 32_016,
      total_generated_tokens: 32_016,
      request_throughput: 0.63,
      output_token_throughput: output,
      total_token_throughput: total,
      mean_ttft_ms: 120.5,
      ...metrics,
    },
    system: { hostname: 'node-1', gpu_name: 'NVIDIA B200', gpu_count: 1 },
    compose: compose(),
    bench_command: COMMAND(concurrency),
  });
}

/** A line of `tasks.json`. */
export function task(variant: string, files: { text?: string; json?: string } = {}): Record<string, unknown> {
  return {
    task_id: `some_recipe/${variant}`,
    recipe_dir: 'experiments/some_recipe',
    variant,
    recipe_name: 'some_recipe',
    gpu_name: 'NVIDIA B200',
    gpu_short: 'b200',
    gpu_count: 2,
    model_name: 'org/name',
    result_file: files.text ?? `${variant}_vllm_benchmark.txt`,
    ...(files.json === undefined ? {} : { json_result_file: files.json }),
  };
}
