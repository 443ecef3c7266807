import { maskSecrets, maskSettings } from '@bench/core';
import { maskRecipe, type RunView, type TaskView } from '@bench/results';

/**
 * A run as a report shows it: recipes, commands and errors without what looks like a secret. What bench itself was told is masked when it is written; engines
 * and commands write their own errors, and a report is sent on. Pure.
 */
export function hideSecrets(view: RunView): RunView {
  const problems = view.problems.map(({ path, message }) => ({ path, message: maskSecrets(message) }));
  return { ...view, problems, tasks: view.tasks.map(hideInTask) };
}

function hideInTask(task: TaskView): TaskView {
  const { file, deployment, recipeText } = task;
  return {
    ...task,
    file: { ...file, error: hideIn(file.error) },
    deployment: deployment && {
      ...deployment,
      error: hideIn(deployment.error),
      engine: { ...deployment.engine, ...(deployment.engine.command ? { command: hideInCommand(deployment.engine.command) } : {}) },
    },
    recipeText: recipeText === null ? null : maskRecipe(recipeText),
    points: task.points.map((point) => ({ ...point, entry: { ...point.entry, error: hideIn(point.entry.error) } })),
  };
}

const hideIn = <T>(error: T): T => maskSettings(error) as T;

/** A flag and its value are words of their own. */
function hideInCommand(words: readonly string[]): string[] {
  return words.map((word, i) => {
    const [flag = ''] = words.slice(Math.max(0, i - 1), i);
    const before = /^--[\w-]+$/.test(flag) && /^[^\s-]/.test(word) ? `${flag} ` : '';
    return maskSecrets(before + word).slice(before.length);
  });
}
