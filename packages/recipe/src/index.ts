export { loadRecipe, parseRecipe, recipeNameOf, type LoadedRecipe, type LoadOptions } from './load-recipe.ts';
export { checkYaml } from './check-yaml.ts';
export { expandRecipe } from './expand-recipe.ts';
export type { Origin, Task } from './build-tasks.ts';
export { formatProblem, type Problem } from './problem.ts';
export { recipeJsonSchema, recipeSchema } from './recipe-schema.ts';
export { schemaToZod } from './schema/standard.ts';
export type { ProviderSection, Recipe, RecipeKind } from './schema/recipe.ts';
export type { Model } from './schema/model.ts';
export type { LlmSettings } from './schema/llm.ts';
export { SWEEP_KEYS, type Benchmark, type SweepKey } from './schema/benchmark.ts';
export type { Deploy } from './schema/deploy.ts';
export type { Aggregate, CommandSection } from './schema/command.ts';
export type { ClientSection, ServiceSection } from './schema/service.ts';
export type { SlurmSection } from './schema/slurm.ts';
export type { StandardSchemaLike } from '@bench/core';
export { BUILTIN_ENGINES } from './engines/index.ts';
export { EMBEDDED_IMAGE } from './engines/embedded.ts';
export type {
  Engine,
  EngineContainer,
  EngineLogFact,
  EngineProgram,
  EnvValue,
  Launch,
  LaunchInput,
  ModelSource,
} from './engines/engine.ts';
export { engineOf, servedModelName } from './engine-of.ts';
export { gpuVendorOf } from './gpu-vendor.ts';
export { deploymentKey, taskKey } from './keys.ts';
export { splitShellWords } from './shell-words.ts';
export { renderCommandTemplate, templateNames } from './command-template.ts';
export { commandValues } from './command-values.ts';
export { adaptivePoints, loadPoints, type AdaptivePoints, type LoadPoint } from './load-points.ts';
export { SEARCH_LIMITS } from './schema/search.ts';
export { initRecipe, listTemplates } from './init-recipe.ts';
export { CLIENT_PRESETS, SERVICE_PRESETS } from './presets/index.ts';
export type { ClientParts, ClientPreset, ServiceParts, ServicePreset } from './presets/preset.ts';
