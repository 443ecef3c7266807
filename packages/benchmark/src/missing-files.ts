import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { loadPoints, type Task } from '@bench/recipe';

/** Files that tasks will read and that are not there: found now, not after the model was loaded. */
export async function missingFiles(tasks: readonly Task[]): Promise<string[]> {
  const needed = new Set(
    tasks.flatMap((task) => [
      ...(task.resolved.model?.gguf === undefined ? [] : [resolve(task.dir, task.resolved.model.gguf)]),
      ...loadPoints(task).flatMap(({ load }) => (load.data.kind === 'random' ? [] : [load.data.path])),
    ]),
  );
  const missing: string[] = [];
  for (const path of needed) {
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (!there) missing.push(path);
  }
  return missing;
}
