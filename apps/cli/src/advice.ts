import type { RunOutcome } from '@bench/benchmark';
import type { RunView } from '@bench/results';
import { outFlag } from './run-commands.ts';

/** Failures that the same recipe has every time: a run that goes on with it would only fail again. */
const OF_THE_RECIPE = new Set([
  'BENCH_IMAGE_NOT_FOUND',
  'BENCH_IMAGE_MISSING',
  'BENCH_IMAGE_PLATFORM',
  'BENCH_IMAGE_UNFIT',
  'BENCH_COMMAND_NOT_FOUND',
  'BENCH_COMPOSE_INVALID',
  'BENCH_RECIPE_INVALID',
  'BENCH_SCALE_OUT',
  'BENCH_STAGE',
  'BENCH_UNSAFE_VALUE',
  'BENCH_OWN_RESULTS',
  'BENCH_JOB_PRELUDE',
  'BENCH_SLURM_DIRECTIVE',
  // A queue that does not know what is asked for: an option, a reservation, a node.
  'BENCH_PROVIDER_REQUEST',
]);
/** A queue’s word that no node is as large; of a cloud the same code says that it is sold out, which passes. */
const TOO_LARGE = /no node of the partition has what the job asks for/;

/** What to do next, for a run that did not end well. */
export function adviceAfter(o: {
  outcome: Pick<RunOutcome, 'id' | 'status' | 'stoppedBy' | 'detached'>;
  view: RunView;
  out: string;
}): string[] {
  const { outcome, view } = o;
  // It keeps its limit, and would stop at once; the reason says what to do instead.
  if (outcome.stoppedBy?.code === 'BENCH_MAX_COST') return [];
  if (outcome.detached) return [];
  const again = `bench run --resume ${outcome.id}${outFlag(o.out)}`;
  if (outcome.status === 'interrupted') return [`interrupted; go on with: ${again}`];
  if (outcome.status !== 'failed') return [];
  if (onlyTheRecipeFailed(view))
    return [`what failed would fail again: mend the recipe, then begin anew with: bench rerun ${outcome.id}${outFlag(o.out)}`];
  return [`some tasks failed; try what is missing again with: ${again}`];
}

/** Every task that failed did so for a reason that lies in its recipe. */
export function onlyTheRecipeFailed(view: RunView): boolean {
  const failed = view.tasks.filter((task) => task.file.status === 'failed');
  return (
    failed.length > 0 && failed.every(({ file: { error } }) => OF_THE_RECIPE.has(error?.code ?? '') || TOO_LARGE.test(error?.message ?? ''))
  );
}
