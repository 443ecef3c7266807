import type { Template } from './template.ts';

export const tinyCpu: Template = {
  name: 'tiny-cpu',
  summary: 'generated weights on this CPU, nothing to download',
  yaml: `description: Generated weights on the CPU

model:
  random: tiny            # or small

engine:
  llm:
    context_length: 1024
    max_concurrent_requests: 8
    embedded: {}

benchmark:
  random_input_len: 256
  random_output_len: 64
  sweep:                  # points of one deployment, taken together
    max_concurrency: [1, 2, 4, 8]
    num_prompts: [16, 24, 48, 96]
`,
};
