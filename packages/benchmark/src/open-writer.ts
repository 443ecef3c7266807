import type { Plan } from '@bench/planner';
import { RunWriter } from '@bench/results';
import type { RunOptions } from './run-options.ts';
import { refuseChangedRecipes, taskList } from './work-list.ts';

/**
 * The writer of a new run, or of the one that goes on.
 * @param before done before anything is written, while nobody else can go on with the run
 * @throws BenchError `BENCH_RECIPE_CHANGED`, `BENCH_RUN_BUSY`; what `before` throws.
 */
export async function openWriter(
  options: RunOptions,
  plan: Plan,
  before?: (writer: RunWriter | null) => Promise<void>,
): Promise<RunWriter> {
  const list = taskList(plan);
  if (options.resume === undefined) {
    await before?.(null);
    return RunWriter.create({ root: options.root, asked: options.asked, tasks: list, tools: options.tools }, options.io);
  }
  const writer = await RunWriter.open(options.resume, options.io);
  try {
    refuseChangedRecipes(writer.run.tasks, list);
    await before?.(writer);
    await writer.reopen();
    return writer;
  } catch (error) {
    await writer.close();
    throw error;
  }
}
