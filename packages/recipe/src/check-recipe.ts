import { canonicalJson, didYouMean } from '@bench/core';
import { engineSectionName, namedEngines } from './choose-engine.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkService } from './check-service.ts';
import { commandValues } from './command-values.ts';
import { templateNames } from './command-template.ts';
import type { Engine, ModelSource } from './engines/engine.ts';
import { gpuVendorOf } from './gpu-vendor.ts';
import type { Problem } from './problem.ts';
import { sweepLists } from './schema/benchmark.ts';
import { COMMAND_BUILTINS } from './schema/command.ts';
import { LLM_DEFAULTS } from './schema/llm.ts';
import type { Recipe } from './schema/recipe.ts';
import { lookup, positionInText, type TreeNode } from './tree.ts';
import type { ParamValue } from './variant-name.ts';

export interface CheckContext {
  file: string;
  engines: readonly Engine[];
  /** What was written, for positions. */
  tree: TreeNode;
  params: Readonly<Record<string, ParamValue>>;
  /** Whether the section passed its schema; checks of the others are left out. */
  sound(section: string): boolean;
}

/** What no section can see alone. The recipe has passed its schema; defaults across sections are not filled in yet. */
export function checkRecipe(recipe: Recipe, context: CheckContext): Problem[] {
  const problems: Problem[] = [];
  const fail: Fail = (path, message, hint = null, offset) => {
    const { node, at, exact } = lookup(context.tree, path);
    problems.push({ file: context.file, ...(offset !== undefined && exact ? positionInText(node, offset) : at), message, hint });
  };
  const sound = (...sections: string[]) => sections.every((section) => context.sound(section));
  if (recipe.kind === 'inference' && sound('model', 'engine', 'deploy')) checkInference(recipe, context, fail);
  if (recipe.kind === 'command' && sound('command', 'deploy')) checkCommand(recipe, context, fail);
  if (recipe.kind === 'service' && sound('service')) problems.push(...checkService(recipe, context, fail));
  checkSecrets(recipe, fail);
  if (recipe.aggregate) checkNames(recipe.aggregate.run, ['run_dir'], ['aggregate', 'run'], fail);
  return problems;
}

/** `offset`: which character of the text at `path`, when it is only one that is wrong. */
type Fail = (path: readonly string[], message: string, hint?: string | null, offset?: number) => void;

function checkInference(recipe: Recipe, context: CheckContext, fail: Fail): void {
  const { model, benchmark: b } = recipe;
  if (!model) {
    fail([], 'the recipe names no model', 'add model: {huggingface: "org/name"}');
    return;
  }
  const named = namedEngines(recipe, context.engines).filter((name) => name !== 'vllm');
  if (named.length > 1)
    fail(
      ['engine', 'llm', named[1] as string],
      `the recipe has settings of ${named.join(' and ')}`,
      'a variant runs one engine: keep one, or set them in matrices',
    );
  const name = engineSectionName(recipe, context.engines);
  const engine = context.engines.find((e) => e.name === name);
  if (!engine) return fail(['engine'], `the engine "${name}" is not known here`, `known: ${context.engines.map((e) => e.name).join(', ')}`);

  const source = (['huggingface', 'gguf', 'random'] as const).find((s): s is ModelSource => model[s] !== undefined);
  if (source && !engine.models.has(source))
    fail(['model', source], `${name} cannot load a model by "${source}"`, `it takes ${[...engine.models].join(' or ')}`);
  if (model.revision !== undefined && engine.revision !== true)
    fail(['model', 'revision'], `${name} cannot load a certain revision of a model`, 'take it away: it would run the main branch');
  if (!engine.tasks.has(model.task)) fail(['model', 'task'], `${name} cannot do "${model.task}"`);
  const llm: Record<string, unknown> = recipe.engine?.llm ?? {};
  for (const [key, neutral] of Object.entries(LLM_DEFAULTS)) {
    if (llm[key] === undefined || canonicalJson(llm[key]) === canonicalJson(neutral)) continue;
    if (!engine.llmFields.has(key as keyof typeof LLM_DEFAULTS))
      fail(['engine', 'llm', key], `${name} does not obey ${key}`, 'take it away');
  }

  const size = (key: string) => Number(llm[key] ?? 1);
  const gpus = size('tensor_parallel_size') * size('pipeline_parallel_size') * size('data_parallel_size');
  if (recipe.deploy.gpu !== undefined && engine.llmFields.has('tensor_parallel_size') && gpus > recipe.deploy.gpu_count) {
    fail(
      ['deploy', 'gpu_count'],
      `the engine is split over ${gpus} GPUs (tensor × pipeline × data parallel) and gpu_count is ${recipe.deploy.gpu_count}`,
      'raise deploy.gpu_count or lower the parallel sizes',
    );
  }
  const vendor = gpuVendorOf(recipe.deploy.gpu);
  const own = llm[name] as { image?: string } | undefined;
  if (vendor !== null && engine.models.has('huggingface') && own?.image === undefined && engine.defaultImage(vendor) === null) {
    fail(['engine', 'llm', name], `${name} has no default image for ${vendor.toUpperCase()} GPUs`, `name one: engine.llm.${name}.image`);
  }

  if (!b) return;
  const embeds = model.task === 'embed';
  if (b.api !== undefined && (b.api === 'embeddings') !== embeds)
    fail(['benchmark', 'api'], `the API "${b.api}" does not go with task "${model.task}"`);
  else if (b.api !== undefined && !['chat', 'completions', 'embeddings', ...(engine.moreApis ?? [])].includes(b.api))
    fail(
      ['benchmark', 'api'],
      `${name} does not serve the API "${b.api}"`,
      `it serves ${['chat', 'completions', ...(engine.moreApis ?? [])].join(', ')}`,
    );
  for (const key of ['images', 'conversations'] as const)
    if (embeds && b[key] !== undefined) fail(['benchmark', key], `${key} do not go with task "embed"`, `leave ${key} out`);
  const context_length = llm['context_length'];
  if (b.dataset.type === 'random' && typeof context_length === 'number') {
    const most = (length: number | { max: number }) => (typeof length === 'number' ? length : length.max);
    const inputs = sweepLists(b)?.random_input_len ?? [b.random_input_len];
    const outputs = sweepLists(b)?.random_output_len ?? [b.random_output_len];
    for (let i = 0; i < Math.max(inputs.length, outputs.length); i++) {
      const input = most(inputs[inputs.length === 1 ? 0 : i] ?? 0);
      const output = embeds ? 0 : most(outputs[outputs.length === 1 ? 0 : i] ?? 0);
      // The last turn of a conversation holds all that was said before.
      const turns = b.conversations === undefined ? 1 : most(b.conversations.turns);
      const prompt = input + (turns - 1) * (most(b.conversations?.random_input_len ?? input) + output);
      if (prompt + output > context_length) {
        fail(
          ['benchmark', 'random_input_len'],
          `${turns === 1 ? 'a request' : `turn ${turns} of a conversation`} of ${prompt} prompt tokens${embeds ? '' : ` and ${output} output tokens`} does not fit in context_length ${context_length}`,
          'lower random_input_len or random_output_len, or raise engine.llm.context_length',
        );
        break;
      }
    }
  }
}

function checkCommand(recipe: Recipe, context: CheckContext, fail: Fail): void {
  const command = recipe.command;
  if (!command) return;
  const { values, clashes } = commandValues(recipe, context.params);
  for (const { name, paths } of clashes)
    fail(['command', 'run'], `$${name} could be ${paths.join(' or ')}`, 'two keys may not end in the same name: rename one');
  const builtins = COMMAND_BUILTINS.filter((n) => n !== 'repo_dir' || command.stage.length > 0);
  for (const name of COMMAND_BUILTINS)
    if (Object.hasOwn(values, name))
      fail(['command', 'variables', name], `"${name}" is a name that bench gives a value itself`, 'rename the variable');
  checkNames(command.run, [...Object.keys(values), ...builtins], ['command', 'run'], fail);
}

function checkNames(template: string, known: readonly string[], path: readonly string[], fail: Fail): void {
  for (const { name, offset } of templateNames(template)) {
    if (known.includes(name)) continue;
    const near = didYouMean(name, known);
    const stage = name === 'repo_dir' ? '$repo_dir is there when command.stage names something to copy' : null;
    fail(
      path,
      `unknown name "$${name}" in ${path.join('.')}`,
      stage ??
        near?.replace('"', '"$') ??
        `write "$$${name}" for a variable of the shell; known here: ${known.map((k) => `$${k}`).join(', ')}`,
      offset,
    );
  }
}
