import type { Template } from './template.ts';

export const vllm: Template = {
  name: 'vllm',
  summary: 'a model on vLLM, on several kinds of GPU',
  yaml: `description: One model on vLLM, compared over GPUs

model:
  huggingface: "Qwen/Qwen3-8B"

engine:
  llm:
    tensor_parallel_size: 1
    gpu_memory_utilization: 0.9
    context_length: 16384
    max_concurrent_requests: 256
    vllm:
      image: "vllm/vllm-openai:latest"   # name a version, and results stay comparable
      extra_args: ""

benchmark:
  max_concurrency: 128
  num_prompts: 256
  random_input_len: 4000
  random_output_len: 1000

# One variant an entry. Keys are paths into the recipe.
matrices:
  - deploy.gpu: "NVIDIA H100 80GB"
  - deploy.gpu: "NVIDIA GeForce RTX 5090"
    engine.llm.max_concurrent_requests: 64
    benchmark.max_concurrency: 64
`,
};
