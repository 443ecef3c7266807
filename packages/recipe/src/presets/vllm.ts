import { z } from 'zod';
import { repeatedRequest } from './http-client.ts';
import { clientPreset, servicePreset, variables } from './preset.ts';

const count = (value: number) => z.int().positive().default(value);
const modelName = z.string().min(1).describe('Hugging Face name.');

export const vllmService = servicePreset({
  name: 'vllm',
  description: 'vLLM’s OpenAI server. For measurements of an engine, an inference recipe says more.',
  settings: z.strictObject({ model: modelName, tensor_parallel_size: count(1) }),
  render: (s) => ({
    image: 'vllm/vllm-openai:latest',
    // vLLM reads the key from VLLM_API_KEY; on a command line everyone on the host could.
    command:
      'export VLLM_API_KEY="$SERVICE_PASSWORD"\nexec vllm serve --model "$MODEL" --host 0.0.0.0 --port "$PORT" --tensor-parallel-size "$TENSOR_PARALLEL_SIZE"\n',
    port: 8000,
    env: variables(s),
    ready: { http: '/health' },
  }),
});

/** The figures of vLLM's result file, which holds text and lists too. vLLM means something else by some of bench's own names. */
const FIGURES = `python3 - "$OUTPUT_DIR" <<'EOF'
import json, math, os, sys
folder = sys.argv[1]
with open(os.path.join(folder, 'vllm-bench.json')) as file:
    result = json.load(file)
figures = {
    'vllm_' + name: value
    for name, value in result.items()
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
}
with open(os.path.join(folder, 'metrics.json'), 'w') as file:
    json.dump(figures, file)
EOF
`;

export const vllmClients = [
  clientPreset({
    name: 'vllm_smoke',
    service: 'vllm',
    description: 'A few completions, one after another; fails when none succeeds.',
    settings: z.strictObject({
      model: modelName,
      prompt: z.string().min(1).default('Hello'),
      max_tokens: count(16),
      num_requests: count(3),
    }),
    render: (s) =>
      repeatedRequest({
        operation: 'completion',
        path: '/v1/completions',
        body: { model: s.model, prompt: s.prompt, max_tokens: s.max_tokens },
        requests: s.num_requests,
        concurrency: 1,
      }),
  }),
  clientPreset({
    name: 'vllm_stress',
    service: 'vllm',
    description: 'vLLM’s own benchmark with random prompts; its figures are the result.',
    settings: z.strictObject({
      model: modelName,
      num_requests: count(100),
      concurrent_requests: count(8),
      input_tokens: count(512),
      max_tokens: count(128),
    }),
    render: (s) => ({
      image: null,
      command: `set -eu
export OPENAI_API_KEY="$SERVICE_PASSWORD"
vllm bench serve --backend openai --base-url "$SERVICE_URL" --model "$MODEL" --dataset-name random --random-input-len "$INPUT_TOKENS" \\
  --random-output-len "$MAX_TOKENS" --ignore-eos --num-prompts "$NUM_REQUESTS" --max-concurrency "$CONCURRENT_REQUESTS" \\
  --save-result --result-dir "$OUTPUT_DIR" --result-filename vllm-bench.json
${FIGURES}`,
      env: variables(s),
    }),
  }),
];
