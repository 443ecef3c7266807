import type { Template } from './template.ts';

export const sweep: Template = {
  name: 'sweep',
  summary: 'a latency-throughput curve from one deployment',
  yaml: `description: From one user to saturation, on one deployment a variant

model:
  huggingface: "Qwen/Qwen3-8B"

engine:
  llm:
    context_length: 16384
    max_concurrent_requests: 256
    vllm: {}

benchmark:
  random_input_len: 2000
  random_output_len: 500
  repeats: 3
  slo: {ttft_ms: 1000, tpot_ms: 50}
  # The load changes from point to point and the engine stays up. What needs another engine belongs in matrices.
  sweep:
    max_concurrency: [1, 4, 16, 64, 256]
    num_prompts: [16, 64, 128, 256, 512]

deploy:
  gpu: "NVIDIA H100 80GB"

matrices:
  cross:
    engine.llm.gpu_memory_utilization: [0.8, 0.9]
    engine.llm.vllm.extra_args: ["", "--enable-chunked-prefill"]
`,
};
