import { BenchError, EXIT } from '@bench/core';
import { detachedUntil, readJournal, runPaths, type RunWriter } from '@bench/results';
import { verdict } from '../run-groups.ts';
import type { RunOutcome } from '../run-options.ts';
import { stateOf } from '../run-state.ts';
import { newTally } from '../tally.ts';
import type { Active, BatchContext } from './batch-context.ts';
import { knownDeployments, runFolderOf } from './batch-deployments.ts';
import { removeRun } from './cluster.ts';
import { sweepJobs } from './end-jobs.ts';
import { stopDeployments, watchDeployments } from './watch-deployments.ts';

export type GoOn =
  /** Until all is over; a stop ends only the watching. */
  | 'watch'
  /** What there is, once. */
  | 'collect'
  /** Cancels all of it. */
  | 'end';

/**
 * Goes on with what a run has in the queue, as a process that did not submit it: watches it, takes what was measured, or ends it. When nothing
 * of it is left there the run is over, and its folder on the cluster is removed. May be repeated.
 */
export async function goOn(
  how: GoOn,
  o: Pick<BatchContext, 'writer' | 'io' | 'on' | 'host' | 'queue'> & {
    /** Before a deployment is ended. */
    onEnding?: ((deployment: Active) => void) | undefined;
  },
): Promise<RunOutcome & { /** Deployments that are still in the queue. */ still: number }> {
  const { writer, io, on, host, queue } = o;
  const { events } = await readJournal(runPaths.journal(writer.dir), { missing: 'empty' });
  const state = stateOf(events);
  const until = detachedUntil(events);
  const deployments = knownDeployments(events, state.live, io.monotonic());
  // Where it was put, whatever settings say today.
  const runFolder = runFolderOf(events);
  const { tasks, id, status: before, exitCode: code } = writer.run;
  const points = tasks.reduce((sum, task) => sum + task.points * task.repeats, 0);
  const tally = newTally(state.finished.size);
  if (deployments.length === 0 || runFolder === null) {
    const ended = { status: before === 'running' ? 'interrupted' : before, exitCode: code ?? EXIT.ok } as const;
    const leftBehind = how === 'end' ? await sweepJobs({ queue, io }) : [];
    // An earlier end may not have come so far.
    if (how === 'end' && leftBehind.length === 0 && runFolder !== null)
      leftBehind.push(...(await removeRun({ host, runFolder, io, all: true })));
    return { id, dir: writer.dir, ...ended, leftBehind, kept: [], still: 0 };
  }
  const context: BatchContext = {
    ...o,
    runFolder,
    state,
    tally,
    totalPoints: points,
    deployments: deployments.length,
    progress: { position: state.finished.size },
  };
  on({ type: 'run_started', id, dir: writer.dir, resumed: true, tasks: tasks.length, points, alreadyDone: state.finished.size });
  let over = false;
  try {
    if (how === 'end') {
      for (const deployment of deployments) o.onEnding?.(deployment);
      await stopDeployments(deployments.splice(0), 'it was told to end', context);
      // Jobs that were sent and not written down.
      tally.leftBehind.push(...(await sweepJobs({ queue, io })));
    } else await watchDeployments({ deployments, once: how === 'collect' }, context);
    over = deployments.length === 0;
  } catch (error) {
    if (!io.signal.aborted || how === 'end') throw error;
  }
  if (!over) {
    // Whose jobs these are has not changed.
    if (until !== null && detachedUntil((await readJournal(runPaths.journal(writer.dir))).events) === null)
      await writer.event({ type: 'run_detached', until });
    return {
      id,
      dir: writer.dir,
      status: 'interrupted',
      exitCode: EXIT.ok,
      leftBehind: tally.leftBehind,
      kept: [],
      still: deployments.length,
    };
  }
  if (tally.leftBehind.length === 0) tally.leftBehind.push(...(await removeRun({ host, runFolder, io })));
  const ended = how === 'end' ? endedByUser(context) : verdict(await withEarlier(context), { interrupted: false, deployOnly: false });
  await writer.finish(ended.status, ended.exitCode, io.now());
  on({ type: 'run_finished', status: ended.status, exitCode: ended.exitCode });
  return { id, dir: writer.dir, ...ended, leftBehind: tally.leftBehind, kept: [], still: 0 };
}

function endedByUser({ tally }: BatchContext): { status: 'interrupted'; exitCode: number } {
  return { status: 'interrupted', exitCode: tally.leftBehind.length > 0 ? EXIT.cleanupIncomplete : EXIT.interrupted };
}

/** Tasks that failed before this process took the run up count too. */
async function withEarlier({ writer, tally }: BatchContext): Promise<BatchContext['tally']> {
  const { events } = await readJournal(runPaths.journal(writer.dir));
  const last = new Map(events.flatMap((event) => (event.type === 'task_finished' ? [[event.key, event.status] as const] : [])));
  const failed = [...last.values()].filter((status) => status === 'failed').length;
  return { ...tally, failedTasks: Math.max(tally.failedTasks, failed) };
}

/** @throws BenchError when a run has nothing to do with a queue */
export function batchOf({ run }: Pick<RunWriter, 'run'>): NonNullable<RunWriter['run']['asked']['batch']> {
  const { batch } = run.asked;
  if (batch) return batch;
  throw new BenchError({
    code: 'BENCH_USAGE',
    message: `run ${run.id} is on ${run.asked.site}, and not in the queue of a cluster`,
    exitCode: EXIT.usage,
  });
}
