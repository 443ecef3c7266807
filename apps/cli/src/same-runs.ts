import { BenchError, EXIT } from '@bench/core';
import type { Sources } from '@bench/results';

type Measured = Pick<Sources, 'runs' | 'foreign'>;

/**
 * A run is compared with others, and counts once: a copy of it is no repeat.
 * @throws BenchError `BENCH_USAGE`, exit code 2
 */
export function refuseSameRuns(base: Measured, candidate: Measured): void {
  const [from, to] = [pathsOf(base), pathsOf(candidate)];
  const both = [...from.keys()].find((run) => to.has(run));
  if (both !== undefined)
    throw refused(`${both} stands on both sides`, 'a comparison is of runs that differ: bench compare BASE CANDIDATE');
  for (const [side, runs] of Object.entries({ base: from, candidate: to }))
    for (const [run, paths] of runs)
      if (paths.size > 1)
        throw refused(
          `${run} stands in the ${side} ${paths.size} times: ${[...paths].join(', ')}`,
          'a copy of a run is no repeat of it; name it once',
        );
}

/** By the ids of runs, where they lie. */
function pathsOf({ runs, foreign }: Measured): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { run, dir } of runs) found.set(run.id, (found.get(run.id) ?? new Set()).add(dir));
  for (const { source } of foreign) found.set(source.path, new Set([source.path]));
  return found;
}

function refused(message: string, hint: string): BenchError {
  return new BenchError({ code: 'BENCH_USAGE', message, hint, exitCode: EXIT.usage });
}
