import { z } from 'zod';

const parallel = (what: string) => z.int().positive().default(1).describe(what);

/** Keys of a compose service that the renderer owns. */
const OWNED_OPTIONS = new Set([
  'image',
  'container_name',
  'entrypoint',
  'deploy',
  'devices',
  'group_add',
  'volumes',
  'environment',
  'ports',
  'shm_size',
  'ipc',
  'command',
  'healthcheck',
  'restart',
]);

/** The named fields of `engine.llm`, which mean the same for every engine. */
export const llmFields = {
  tensor_parallel_size: parallel('GPUs that one layer is split over.'),
  pipeline_parallel_size: parallel('Groups of GPUs that the layers are split over.'),
  data_parallel_size: parallel('Copies of the model behind one endpoint of the engine.'),
  gpu_memory_utilization: z.number().positive().max(1).default(0.9).describe('Share of GPU memory the engine may take, 0 to 1.'),
  context_length: z.int().positive().optional().describe('Longest prompt and answer together, tokens. Default: what the model allows.'),
  max_concurrent_requests: z.int().positive().optional().describe('Requests the engine works on at once. Default: its own.'),
  docker_options: z
    .record(z.string(), z.json())
    .superRefine((options, context) => {
      for (const key of Object.keys(options)) {
        if (OWNED_OPTIONS.has(key))
          context.addIssue({ code: 'custom', path: [key], message: `docker_options may not set "${key}": bench writes it itself` });
      }
    })
    .default({})
    .describe('Further keys of the compose service, such as security_opt.'),
} as const;

const llmFieldsSchema = z.object(llmFields);
/** `engine.llm` without the engines' own sections. */
export type LlmSettings = z.output<typeof llmFieldsSchema>;

/** What each named field is when the recipe is silent; undefined: the engine's own choice. */
export const LLM_DEFAULTS: { readonly [K in keyof typeof llmFields]: LlmSettings[K] | undefined } = {
  tensor_parallel_size: 1,
  pipeline_parallel_size: 1,
  data_parallel_size: 1,
  gpu_memory_utilization: 0.9,
  context_length: undefined,
  max_concurrent_requests: undefined,
  docker_options: {},
};
