import { hashOf } from '@bench/core';
import type { Recipe } from './schema/recipe.ts';

/**
 * Identity of a task: hash of the resolved recipe. What does not change the measurement does not count: the description, how many
 * machines the tasks are split over, file and folder.
 */
export function taskKey(recipe: Recipe): string {
  const { gpu_concurrency: _split, ...deploy } = recipe.deploy;
  return hashOf({ ...recipe, description: undefined, deploy });
}

/**
 * Hash of everything that decides what is deployed: model, engine, machine, provider sections, for a service the service itself.
 * The load does not count: tasks with equal keys share a deployment. A command has none to share, so its key is its task's own.
 */
export function deploymentKey(recipe: Recipe): string {
  if (recipe.kind === 'command') return taskKey(recipe);
  const { gpu_concurrency: _split, ...deploy } = recipe.deploy;
  return hashOf({ ...recipe, description: undefined, benchmark: undefined, clients: undefined, aggregate: undefined, deploy });
}
