import type { Model } from '../schema/model.ts';

/** The name a client sends: the Hugging Face name, `random-tiny`, or a GGUF file's name without its ending. */
export function modelName(model: Model): string {
  if (model.huggingface !== undefined) return model.huggingface;
  if (model.random !== undefined) return `random-${model.random}`;
  const file = (model.gguf ?? '').split(/[\\/]/).at(-1) ?? '';
  return file.replace(/\.gguf$/i, '') || 'model';
}
