import { BATCH_FILES, BenchError, encodeBatchState, messageOf } from '@bench/core';
import { STATE_NOT_WRITTEN } from '@bench/deploy';
import { errorFacts } from '../error-facts.ts';
import type { Active, BatchContext } from './batch-context.ts';
import type { JobView } from './batch-queue.ts';
import type { QueuedJobRecord } from './queued-record.ts';

/** Writes down which jobs have left the queue since the last look. */
export async function noteEnded(deployment: Active, jobs: ReadonlyMap<string, JobView | null>, context: BatchContext): Promise<void> {
  for (const job of deployment.record.jobs) {
    const view = jobs.get(job.name);
    if (view === undefined || (view !== null && view.state !== 'ended')) continue;
    await noteJob(deployment, job, view, context);
  }
}

async function noteJob(deployment: Active, job: QueuedJobRecord, view: JobView | null, context: BatchContext): Promise<void> {
  if (deployment.ended.has(job.name)) return;
  const { queue, writer, io } = context;
  const usage = await queue.usage(job, { signal: AbortSignal.timeout(60_000) }).catch((error: unknown) => {
    io.logger.log('debug', `${job.name}: accounting did not answer: ${io.redact(messageOf(error))}`);
    return null;
  });
  const { elapsedS = null } = usage ?? {};
  await writer.event({
    type: 'job_ended',
    deployment: deployment.record.id,
    job: job.id,
    name: job.name,
    state: view?.word ?? 'GONE',
    reason: view?.reason ?? null,
    usage,
    costUsd: job.usdPerHour === null || elapsedS === null ? null : (job.usdPerHour * elapsedS) / 3600,
  });
  deployment.ended.set(job.name, endWords(view));
  noteFullDisk(deployment, job, view, io);
  // A ledger that cannot be written to does not keep the run from going on: gc finds the job gone.
  await queue.over(job).catch((error: unknown) => io.logger.log('warn', io.redact(messageOf(error))));
}

/** A job that could not write its files tells so by its exit code alone: a full disk takes no other word. */
function noteFullDisk(deployment: Active, job: QueuedJobRecord, view: JobView | null, io: BatchContext['io']): void {
  const { record, look } = deployment;
  const own = job.role === 'client' ? look.state(`client.${job.index}.exit`) : look.state('service.exit');
  if (view?.exitCode !== STATE_NOT_WRITTEN || own !== null || deployment.failure !== null) return;
  const who = job.role === 'client' ? `client ${job.index}` : `the ${job.role}`;
  deployment.failure = errorFacts(
    new BenchError({
      code: 'BENCH_REMOTE_DISK_FULL',
      message: `${who} (job ${job.id}) could not write its files below ${record.runFolder}: the disk or the quota there is full`,
      hint: 'make room there, or set providers.slurm.remote_dir to a larger file system',
    }),
    io,
  );
}

const endWords = (view: JobView | null) =>
  view === null
    ? 'the queue does not know it any more'
    : [view.word, view.reason].filter((word) => word !== null && word !== 'None').join(', ');

/** Was a job cancelled, as `Active.ended` has its end in words? */
export const isCancelled = (words: string | undefined): boolean => words?.startsWith(CANCELLED.word) === true;

/** Asks the service to end: its script looks for the file. */
export async function askToStop({ record }: Pick<Active, 'record'>, reason: string, { host, io, runFolder }: BatchContext): Promise<void> {
  const path = `${runFolder}/${record.id}/${BATCH_FILES.state('stop')}`;
  await host.write(path, encodeBatchState('stop', { atMs: io.now(), reason }));
}

/** Cancels every job of a deployment that may be in the queue; what could not be is in `left`. */
export async function cancelJobs(
  deployment: Active,
  reason: string,
  context: BatchContext,
  { only }: { only?: 'client' } = {},
): Promise<void> {
  const { queue, io } = context;
  const jobs = deployment.record.jobs.filter(({ name, role }) => !deployment.ended.has(name) && (only === undefined || role === only));
  // Clients first: without their service they would only complain of it.
  jobs.sort((a, b) => Number(a.role !== 'client') - Number(b.role !== 'client'));
  await Promise.all(
    jobs.map(async (job) => {
      try {
        await queue.cancel(job, reason);
        const last = await queue.jobs([job], { signal: AbortSignal.timeout(120_000) }).catch(() => null);
        await noteJob(deployment, job, last?.get(job.name) ?? { ...CANCELLED, reason }, context);
      } catch (error) {
        deployment.left.push(`job ${job.id} (${job.name}): ${io.redact(messageOf(error))}`);
      }
    }),
  );
}

/** Cancels whatever of the run is in the ledger alone: its submission was cut short. What could not be, in words. */
export async function sweepJobs({ queue, io }: Pick<BatchContext, 'queue' | 'io'>): Promise<string[]> {
  return queue.sweep([]).catch((error: unknown) => [errorFacts(error, io).message]);
}

const CANCELLED: JobView = { state: 'ended', word: 'CANCELLED', reason: null, startsAt: null, node: null, exitCode: null };
