import type { Template } from './template.ts';

export const sglang: Template = {
  name: 'sglang',
  summary: 'vLLM against SGLang on one GPU',
  yaml: `description: vLLM against SGLang

model:
  huggingface: "Qwen/Qwen3-8B"

engine:
  llm:
    context_length: 16384
    max_concurrent_requests: 64

benchmark:
  max_concurrency: 64
  num_prompts: 256
  random_input_len: 4000
  random_output_len: 1000

matrices:
  - deploy.gpu: "NVIDIA H100 80GB"
    engine.llm.vllm.image: "vllm/vllm-openai:latest"
  - deploy.gpu: "NVIDIA H100 80GB"
    engine.llm.sglang.image: "lmsysorg/sglang:latest"
`,
};
