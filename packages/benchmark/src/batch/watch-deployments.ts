import { type BenchError, messageOf } from '@bench/core';
import { type Active, type BatchContext, NOTHING } from './batch-context.ts';
import { isAway, isCut, isGone } from './collect-errors.ts';
import { cancelJobs, noteEnded } from './end-jobs.ts';
import { finishDeployment } from './finish-deployment.ts';
import { lookAt } from './look.ts';
import { type Seen, step } from './step.ts';

/** A cluster that does not answer is asked again after so long at first, and then after twice as long each time, milliseconds. */
const AGAIN_MS = 5000;
const MOST_AGAIN_MS = 300_000;
/** So many times in a row it is tried to bring results of a deployment here, and so long is waited in between at the most, milliseconds. */
const FETCH_TRIES = 20;
const MOST_CUT_MS = 60_000;
/** How long the last files of what was stopped are waited for. */
const STOP_MS = 10 * 60_000;

export interface WatchOptions {
  deployments: Active[];
  /** The next one to be watched, submitted when there is room for it; null: there is none now. Default: there are no more. */
  next?: () => Promise<Active | null>;
  /** Takes what there is, and goes. Default: until all is over. */
  once?: boolean;
}

/**
 * Watches deployments until all are over: takes what they measured as it ends, and brings back what they left. A cluster that is out of reach is
 * waited for: its jobs go on. What was cut on its way here is fetched again; the other deployments go on.
 * @throws the signal's reason when it was aborted, with the deployments as they are; BenchError `BENCH_BATCH_FETCH` when something cannot be
 *   brought here
 */
export async function watchDeployments(o: WatchOptions, context: BatchContext): Promise<void> {
  const { io, queue } = context;
  const { signal } = io;
  let awayMs = 0;
  const cuts = new Map<Active, number>();
  for (;;) {
    signal.throwIfAborted();
    for (let more = await o.next?.(); more; more = await o.next?.()) o.deployments.push(more);
    if (o.deployments.length === 0) return;
    let pauseMs = queue.pollMs;
    try {
      const seen = await look(o.deployments, context, signal);
      const cut = await stepAll(o.deployments, { seen, cuts, signal }, context);
      awayMs = 0;
      if (cut !== null) {
        if (o.once === true) throw cut;
        pauseMs = Math.min(pauseMs * 100, MOST_CUT_MS, AGAIN_MS * 2 ** (Math.max(...cuts.values()) - 1));
        io.logger.log('warn', `${io.redact(cut.message)}; it is tried again`);
      }
    } catch (error) {
      if (signal.aborted || o.once === true || !mayPass(error)) throw error;
      awayMs = Math.min(MOST_AGAIN_MS, Math.max(AGAIN_MS, awayMs * 2));
      pauseMs = Math.min(pauseMs * 100, awayMs);
      io.logger.log('warn', `the cluster cannot be looked at, and is asked again: ${io.redact(messageOf(error))}`);
    }
    if (o.once === true) return;
    await io.sleep(pauseMs, signal);
  }
}

/** Takes all of them a step further, and those out of the list that are over. The first error of what was cut on its way here; null: nothing was. */
async function stepAll(
  deployments: Active[],
  o: { seen: Seen; /** How often in a row that happened. */ cuts: Map<Active, number>; signal: AbortSignal },
  context: BatchContext,
): Promise<BenchError | null> {
  const { seen, cuts, signal } = o;
  let first: BenchError | null = null;
  // Those that are over leave the list meanwhile.
  for (const deployment of deployments.slice()) {
    try {
      const isOver = await step(deployment, seen, context, signal);
      if (isOver) await finishDeployment(deployment, context, { interrupted: false, signal });
      cuts.delete(deployment);
      if (isOver) deployments.splice(deployments.indexOf(deployment), 1);
    } catch (error) {
      const tries = (cuts.get(deployment) ?? 0) + 1;
      if (!isCut(error) || tries >= FETCH_TRIES) throw error;
      cuts.set(deployment, tries);
      first ??= error;
    }
  }
  return first;
}

async function look(deployments: readonly Active[], { host, runFolder, queue }: BatchContext, signal: AbortSignal): Promise<Seen> {
  // Jobs first: a file that came before its job's end is seen with that.
  const jobs = await queue.jobs(
    deployments.flatMap(({ record, ended }) => record.jobs.filter(({ name }) => !ended.has(name))),
    { signal },
  );
  const looks = await lookAt({ host, runFolder, deployments: deployments.map(({ record }) => record.id), signal });
  return { jobs, looks };
}

/** What is cut on its way here has had its tries. */
function mayPass(error: unknown): boolean {
  return isAway(error) || (!isCut(error) && (error as { retryable?: unknown }).retryable === true);
}

/**
 * Ends what is left of deployments: takes what is complete, cancels every job, brings back logs. What is still there is in the tally: jobs, and
 * results of deployments that could not be looked at, or kept here. Those are not written down as over, so that they can be collected.
 */
export async function stopDeployments(deployments: readonly Active[], reason: string, context: BatchContext): Promise<void> {
  if (deployments.length === 0) return;
  const { io, tally, host, runFolder } = context;
  // What stops the rest of the run does not stop this.
  const signal = AbortSignal.timeout(STOP_MS);
  const stopping: BatchContext = { ...context, io: { ...io, signal } };
  await Promise.all(deployments.map((deployment) => cancelJobs(deployment, reason, stopping)));
  const seen = await lastLook(deployments, stopping, signal);
  for (const deployment of deployments) {
    const { id } = deployment.record;
    try {
      if (seen.look) {
        deployment.look = seen.look.looks.get(id) ?? deployment.look;
        await noteEnded(deployment, seen.look.jobs, stopping);
      } else if (isGone(seen.error)) deployment.look = NOTHING;
      else throw seen.error;
      await finishDeployment(deployment, stopping, { interrupted: true, signal });
    } catch (error) {
      tally.leftBehind.push(
        ...deployment.left.filter((words) => !tally.leftBehind.includes(words)),
        `what ${id} measured is in ${runFolder}/${id} on ${host.name}: ${io.redact(messageOf(error))}; bench collect takes it`,
      );
    }
  }
}

/** Tries at the last look. Nothing comes after it. */
const LAST_TRIES = 4;

async function lastLook(
  deployments: readonly Active[],
  context: BatchContext,
  signal: AbortSignal,
): Promise<{ look: Seen; error: null } | { look: null; error: unknown }> {
  for (let tries = 1; ; tries += 1) {
    try {
      return { look: await look(deployments, context, signal), error: null };
    } catch (error) {
      if (signal.aborted || tries >= LAST_TRIES || !mayPass(error)) return { look: null, error };
      await context.io.sleep(AGAIN_MS, signal).catch(() => undefined);
    }
  }
}
