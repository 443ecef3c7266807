import { z } from 'zod';

const SOURCES = ['huggingface', 'gguf', 'random'] as const;

export const modelSchema = z
  .strictObject({
    huggingface: z
      .string()
      .regex(/^[\w.-]+(\/[\w.-]+)?$/, { error: 'a Hugging Face name looks like "org/name"' })
      .optional()
      .describe('Repository on Hugging Face, "org/name".'),
    gguf: z.string().min(1).optional().describe('Path of a GGUF file on the machine that runs the engine.'),
    random: z.enum(['tiny', 'small']).optional().describe('Generated weights: nothing to download, real kernels, noise as text.'),
    revision: z.string().min(1).optional().describe('Branch, tag or commit of the repository. Default: its main branch.'),
    task: z.enum(['generate', 'embed']).default('generate').describe('What the model is asked to do.'),
  })
  .superRefine((model, context) => {
    const named = SOURCES.filter((source) => model[source] !== undefined);
    if (named.length !== 1) {
      const message =
        named.length === 0 ? 'name the model by one of huggingface, gguf and random' : `name the model once, not by ${named.join(' and ')}`;
      context.addIssue({ code: 'custom', message });
    }
    if (model.revision !== undefined && model.huggingface === undefined) {
      context.addIssue({ code: 'custom', path: ['revision'], message: 'revision goes with huggingface only' });
    }
  });
export type Model = z.output<typeof modelSchema>;
