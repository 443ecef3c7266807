import type { Engine } from './engines/engine.ts';
import type { Recipe } from './schema/recipe.ts';

/** Names of the engines that have a section in `engine.llm`. */
export function namedEngines(recipe: Recipe, engines: readonly Engine[]): string[] {
  const llm = recipe.engine?.llm ?? {};
  return engines.map((e) => e.name).filter((name) => Object.hasOwn(llm, name) && (llm as Record<string, unknown>)[name] !== undefined);
}

/**
 * The engine a recipe means: the one that has a section; beside vLLM's, the other one (a matrix adds `engine.llm.sglang` to a recipe
 * for vLLM); without any, vLLM for a Hugging Face model, llama.cpp for a GGUF file, the embedded one for generated weights.
 */
export function engineSectionName(recipe: Recipe, engines: readonly Engine[]): string {
  const named = namedEngines(recipe, engines);
  const other = named.find((name) => name !== 'vllm');
  if (other !== undefined) return other;
  if (named[0] !== undefined) return named[0];
  if (recipe.model?.random !== undefined) return 'embedded';
  return recipe.model?.gguf !== undefined ? 'llamacpp' : 'vllm';
}
