import type { Engine } from './engines/engine.ts';
import { engineSectionName } from './choose-engine.ts';
import { fillService } from './fill-service.ts';
import { gpuVendorOf } from './gpu-vendor.ts';
import { benchmarkSchema, sweepLists, type Benchmark } from './schema/benchmark.ts';
import { LLM_DEFAULTS } from './schema/llm.ts';
import type { Recipe } from './schema/recipe.ts';

const DEFAULT_PROMPT = 'What is 2+2?';

/** Fills in the defaults that depend on more than their own section. */
export function fillDefaults(recipe: Recipe, engines: readonly Engine[]): Recipe {
  if (recipe.kind === 'service') return fillService(recipe);
  if (recipe.kind !== 'inference' || !recipe.model) return recipe;
  const name = engineSectionName(recipe, engines);
  const engine = engines.find((e) => e.name === name);
  const llm = recipe.engine?.llm ?? {};
  const named: Record<string, unknown> = {};
  for (const [key, value] of Object.entries({ ...LLM_DEFAULTS, ...llm }))
    if (Object.hasOwn(LLM_DEFAULTS, key) && value !== undefined) named[key] = value;
  const own = engine ? sectionDefaults(engine, (llm as Record<string, unknown>)[name]) : {};
  const image = engine?.defaultImage(gpuVendorOf(recipe.deploy.gpu)) ?? null;
  const withImage = image !== null && isRecord(own) && own['image'] === undefined ? { image, ...own } : own;
  return {
    ...recipe,
    engine: { llm: { ...named, [name]: withImage } as NonNullable<Recipe['engine']>['llm'] },
    benchmark: fillBenchmark(recipe.benchmark ?? benchmarkSchema.parse({}), recipe),
    deploy: { ...recipe.deploy, smoke_test: fillSmokeTest(recipe) },
  };
}

function sectionDefaults(engine: Engine, written: unknown): unknown {
  if (written !== undefined) return written;
  const result = engine.settings['~standard'].validate({});
  return result instanceof Promise || result.issues ? {} : result.value;
}

function fillBenchmark(b: Benchmark, recipe: Recipe): Benchmark {
  const rated =
    b.request_rate !== undefined || b.search?.max === 'rate' || sweepLists(b)?.request_rate !== undefined || b.stages !== undefined;
  const open = rated || b.bursts !== undefined || b.dataset.type === 'trace';
  const staged = b.stages !== undefined || b.concurrency_stages !== undefined;
  const ends = b.num_prompts !== undefined || b.duration !== undefined || staged || b.dataset.type === 'trace';
  const arrival = rated ? (b.arrival ?? 'poisson') : undefined;
  return {
    ...b,
    ...(b.max_concurrency === undefined &&
    !open &&
    !b.search &&
    b.sweep !== 'auto' &&
    !b.concurrency_stages &&
    !sweepLists(b)?.max_concurrency
      ? { max_concurrency: 128 }
      : {}),
    ...(!ends && !sweepLists(b)?.num_prompts ? { num_prompts: 256 } : {}),
    ...(arrival ? { arrival } : {}),
    ...(arrival === 'gamma' ? { burstiness: b.burstiness ?? 1 } : {}),
    api: b.api ?? (recipe.model?.task === 'embed' ? 'embeddings' : 'chat'),
  };
}

/** Random weights cannot answer, and embeddings say nothing: there, that something comes back is the test. */
function fillSmokeTest(recipe: Recipe): Recipe['deploy']['smoke_test'] {
  const written = recipe.deploy.smoke_test;
  if (written === false) return false;
  const prompt = written?.prompt ?? DEFAULT_PROMPT;
  if (written?.contains !== undefined) return { prompt, contains: written.contains };
  const sums = prompt === DEFAULT_PROMPT && recipe.model?.random === undefined && recipe.model?.task === 'generate';
  return sums ? { prompt, contains: '4' } : { prompt };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
