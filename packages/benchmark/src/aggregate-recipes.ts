import type { Io } from '@bench/core';
import { runAggregate } from '@bench/deploy';
import type { Task } from '@bench/recipe';
import type { RunWriter } from '@bench/results';
import { errorFacts } from './error-facts.ts';
import type { RunEvent } from './events.ts';
import type { Tally } from './tally.ts';

export function warnOfAggregates(tasks: readonly Task[], io: Io): void {
  const ignored = tasks.filter((task) => task.kind !== 'command' && task.resolved.aggregate !== undefined).map((task) => task.recipe);
  if (ignored.length > 0) io.logger.log('warn', `"aggregate" is run for command recipes only, not for ${[...new Set(ignored)].join(', ')}`);
}

/** Each recipe's own summing up, here, once all its variants are done. */
export async function aggregate(o: {
  tasks: readonly Task[];
  writer: RunWriter;
  io: Io;
  on: (event: RunEvent) => void;
  tally: Tally;
  cwd: string;
}): Promise<void> {
  const { tasks, writer, io, on, tally, cwd } = o;
  const recipes = new Map(
    tasks.filter((t) => t.kind === 'command' && t.resolved.aggregate !== undefined).map((task) => [task.recipe, task]),
  );
  for (const [recipe, task] of recipes) {
    if (io.signal.aborted || tally.failedTasks > 0) return;
    on({ type: 'aggregate_started', recipe });
    try {
      const result = await runAggregate({ task, runDir: writer.dir, cwd, io, signal: io.signal });
      const failure = result?.failure ?? null;
      if (result) await writer.aggregateLog(recipe, `${result.stdout}${result.stderr}`);
      if (failure !== null) tally.failedTasks += 1;
      on({ type: 'aggregate_ended', recipe, failure });
    } catch (error) {
      if (io.signal.aborted) return;
      tally.failedTasks += 1;
      on({ type: 'aggregate_ended', recipe, failure: errorFacts(error, io).message });
    }
  }
}
