import type { Template } from './template.ts';

export const embedding: Template = {
  name: 'embedding',
  summary: 'an embedding model, short and long texts',
  yaml: `description: An embedding model, queries and documents

model:
  huggingface: "Qwen/Qwen3-Embedding-0.6B"
  task: embed

engine:
  llm:
    context_length: 4096
    max_concurrent_requests: 64
    vllm:
      extra_args: "--runner pooling"

benchmark:
  max_concurrency: 32
  num_prompts: 1000
  sweep:
    random_input_len: [32, 512, 2048]

deploy:
  gpu: "NVIDIA L40S"
`,
};
