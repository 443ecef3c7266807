import { access } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { loadFiles } from '@bench/core';
import type { Problem } from '@bench/deploy';
import { loadPoints, type Task } from '@bench/recipe';
import type { SiteName } from './site-name.ts';

/**
 * Files of this machine that tasks will read and that are not there: found now, not after the model was loaded. An absolute path of a
 * model is one of the machine that the engine runs on: on any site but `local` and `docker` it is not looked for here.
 */
export async function missingFiles(tasks: readonly Task[], site: SiteName['kind']): Promise<Problem[]> {
  const engineIsHere = site === 'local' || site === 'docker';
  const needed = new Set(
    tasks.flatMap(({ dir, resolved }) => {
      const gguf = resolved.model?.gguf;
      const model = gguf === undefined || (isAbsolute(gguf) && !engineIsHere) ? [] : [resolve(dir, gguf)];
      return [...model, ...loadPoints({ dir, resolved }).flatMap(({ load }) => loadFiles(load).map(({ path }) => path))];
    }),
  );
  const problems: Problem[] = [];
  for (const path of needed) {
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (!there) problems.push({ code: 'BENCH_FILE_MISSING', message: `${path} does not exist` });
  }
  return problems;
}
