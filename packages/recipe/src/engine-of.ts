import { BenchError, EXIT } from '@bench/core';
import type { Engine } from './engines/engine.ts';
import { BUILTIN_ENGINES } from './engines/index.ts';
import { modelName } from './engines/model-name.ts';
import { LLM_DEFAULTS, type LlmSettings } from './schema/llm.ts';
import type { Recipe } from './schema/recipe.ts';

/**
 * The engine of an inference recipe, its own settings and the named fields beside them.
 * @throws BenchError `BENCH_RECIPE_NO_ENGINE` for a recipe of another kind, or when `engines` lacks its engine.
 */
export function engineOf(
  recipe: Recipe,
  engines: readonly Engine[] = BUILTIN_ENGINES,
): { engine: Engine; settings: unknown; llm: LlmSettings } {
  const all = recipe.engine?.llm;
  const engine = all && engines.find((e) => Object.hasOwn(all, e.name) && all[e.name] !== undefined);
  if (!all || !engine) {
    const message = all
      ? `no engine of this recipe is known here (known: ${engines.map((e) => e.name).join(', ')})`
      : `a ${recipe.kind} recipe has no engine`;
    throw new BenchError({ code: 'BENCH_RECIPE_NO_ENGINE', message, exitCode: EXIT.usage });
  }
  const llm = Object.fromEntries(Object.keys(LLM_DEFAULTS).flatMap((k) => (all[k] === undefined ? [] : [[k, all[k]]])));
  return { engine, settings: all[engine.name], llm: llm as LlmSettings };
}

/**
 * The model's name in API requests: the Hugging Face name, `random-tiny`, or the GGUF file's name without its ending.
 * @throws BenchError `BENCH_RECIPE_NO_ENGINE` for a recipe without a model.
 */
export function servedModelName(recipe: Recipe): string {
  if (!recipe.model)
    throw new BenchError({ code: 'BENCH_RECIPE_NO_ENGINE', message: `a ${recipe.kind} recipe has no model`, exitCode: EXIT.usage });
  return modelName(recipe.model);
}
