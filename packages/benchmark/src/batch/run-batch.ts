import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { BenchError, EXIT, loadFiles } from '@bench/core';
import { batchCache, batchRunFolder } from '@bench/deploy';
import { type Plan, planTasks } from '@bench/planner';
import { BUILTIN_ENGINES, loadPoints, type Task } from '@bench/recipe';
import { type AskedBatch, readJournal, runPaths, type RunWriter } from '@bench/results';
import { aggregate, warnOfAggregates } from '../aggregate-recipes.ts';
import type { RunEvent } from '../events.ts';
import { uploadByHash } from '../load-places/upload.ts';
import { missingFiles } from '../missing-files.ts';
import { missingSecrets } from '../missing-secrets.ts';
import { openWriter } from '../open-writer.ts';
import { unfit } from '../placement.ts';
import { verdict } from '../run-groups.ts';
import type { RunOptions, RunOutcome } from '../run-options.ts';
import { stateOf } from '../run-state.ts';
import { newTally } from '../tally.ts';
import { countPoints } from '../work-list.ts';
import type { Active } from './batch-context.ts';
import { knownDeployments, runFolderOf } from './batch-deployments.ts';
import type { BatchSite } from './batch-site.ts';
import { brokeOff, notLeft } from './broke-off.ts';
import { problemsOf } from './check-run.ts';
import { type Cluster, openCluster, removeRun } from './cluster.ts';
import { isCancelled, sweepJobs } from './end-jobs.ts';
import { wantedDeployments, type WantedDeployment } from './plan-queue.ts';
import { putSnapshot } from './run-snapshot.ts';
import { submitDeployment, type SubmitContext } from './submit-deployment.ts';
import { makeFolders, uploadPrograms } from './upload-programs.ts';
import { stopDeployments, watchDeployments } from './watch-deployments.ts';

export interface BatchRunOptions extends RunOptions {
  batch: {
    /** The cluster, looked at. */
    site: BatchSite;
    /** Leaves the jobs to the queue as soon as they are submitted. */
    detach: boolean;
    /** Programs on this machine to be tried there. Default: Node as it is here, then npm's. */
    nodeBinaries?: (arch: 'x64' | 'arm64') => AsyncIterable<string>;
    /** The load client. Default: the one that comes with bench. */
    loadClient?: string;
  };
}

/**
 * Runs tasks as jobs of a cluster's queue: submits them, watches them, takes what they measured, ends what is left. When `io.signal` is aborted what
 * is complete is kept, and every job is cancelled.
 * @throws BenchError before anything is submitted: what the cluster cannot run (exit code 3), a secret that is not set (4), changed recipe on
 *   resume, busy run
 */
export async function runBatch(options: BatchRunOptions, on: (event: RunEvent) => void): Promise<RunOutcome> {
  const { io } = options;
  const { site } = options.batch;
  const tasks = [...options.tasks];
  const plan = planTasks(tasks);
  const engines = options.engines ?? BUILTIN_ENGINES;
  const known = [...missingSecrets(tasks, options), ...(await missingFiles(tasks, 'slurm'))];
  const put = options.resume === undefined ? null : await putFolder(options.resume);
  const cluster = await openCluster({ host: site.host, folder: put ?? site.remoteDir, signal: io.signal });
  const problems = [...known, ...problemsOf(tasks, { site, remoteDir: cluster.remoteDir, engines })];
  if (problems.length > 0) throw unfit(problems);
  warnOfAggregates(tasks, io);
  const writer = await openWriter(options, plan);
  try {
    return await runOn({ options, on, tasks, plan, writer, cluster, engines });
  } finally {
    await writer.close();
  }
}

/** The folder of runs in which one lies that goes on; null: nothing of it is in the queue. What settings say today is not made then. */
async function putFolder(dir: string): Promise<string | null> {
  const { events } = await readJournal(runPaths.journal(dir), { missing: 'empty' });
  return folderOf(events, knownDeployments(events, stateOf(events).live, 0));
}

function folderOf(events: Parameters<typeof runFolderOf>[0], deployments: readonly Active[]): string | null {
  const runFolder = deployments.length === 0 ? null : runFolderOf(events);
  return runFolder === null ? null : posix.dirname(runFolder);
}

interface Run {
  options: BatchRunOptions;
  on: (event: RunEvent) => void;
  tasks: readonly Task[];
  plan: Plan;
  writer: RunWriter;
  cluster: Cluster;
  engines: SubmitContext['engines'];
}

async function runOn(given: Run): Promise<RunOutcome> {
  const { options, on, tasks, plan, writer } = given;
  const { io, asked } = options;
  const { site, detach } = options.batch;
  const { maxWorkers, keepS } = asked.batch as AskedBatch;
  const { events } = await readJournal(runPaths.journal(writer.dir), { missing: 'empty' });
  const state = stateOf(events);
  const resumed = options.resume !== undefined;
  const deployments = knownDeployments(events, state.live, io.monotonic());
  // What is in the queue is where it was put, whatever settings say today; the rest goes beside it.
  const cluster = { ...given.cluster, remoteDir: folderOf(events, deployments) ?? given.cluster.remoteDir };
  const run: Run = { ...given, cluster };
  await writer.event({ type: 'run_started', pid: process.pid, resumed });
  const keys = options.knownHosts === undefined ? '' : await readFile(options.knownHosts, 'utf8').catch(() => '');
  if (keys !== '') await writer.knownHosts(keys);
  const counts = countPoints(tasks, state);
  on({ type: 'run_started', id: writer.run.id, dir: writer.dir, resumed, tasks: tasks.length, ...counts });
  const queue = site.queue({ id: writer.run.id, dir: writer.dir });
  const runFolder = batchRunFolder(cluster.remoteDir, writer.run.id);
  const tally = newTally(state.finished.size);
  const taken = new Set(deployments.flatMap(({ record }) => record.orders.map(({ key, point, repeat }) => `${key}/${point}/${repeat}`)));
  const waiting = wantedDeployments(plan, state, taken);
  const base = {
    writer,
    io,
    on,
    state,
    tally,
    host: cluster.host,
    queue,
    runFolder,
    totalPoints: counts.points,
    deployments: deployments.length + waiting.length,
    progress: { position: 0 },
  };
  let broken: { by: unknown; cancelled: readonly string[] } | null = null;
  try {
    if (resumed) {
      // What an invocation that died had sent and not written down.
      tally.leftBehind.push(...(await queue.sweep(deployments.flatMap(({ record }) => record.jobs))));
      for (const { record, ended } of deployments) for (const job of record.jobs) if (!ended.has(job.name)) await queue.hold(job);
    }
    const context: SubmitContext = {
      ...base,
      ...(waiting.length > 0 ? await prepared(run, waiting) : NOT_PREPARED),
      cluster,
      site,
      engines: run.engines,
      cwd: options.cwd ?? process.cwd(),
      seed: writer.run.asked.seed,
    };
    if (detach) {
      await submitAll(waiting, deployments, context, maxWorkers);
      if (deployments.length > 0) return await leave({ deployments, run, context, keepS });
    }
    const next = async (): Promise<Active | null> => {
      while (deployments.length < maxWorkers) {
        const wanted = waiting.shift();
        if (!wanted) return null;
        const submitted = await submitDeployment(wanted, context);
        if (submitted) return submitted;
      }
      return null;
    };
    await watchDeployments({ deployments, next }, context);
  } catch (error) {
    const isStopped = io.signal.aborted;
    if (isStopped) on({ type: 'stopping', reason: 'interrupted' });
    const inQueue = deployments.flatMap(({ record, ended }) => record.jobs.filter(({ name }) => !ended.has(name)));
    await stopDeployments(deployments, isStopped ? 'the run was stopped' : 'the run broke off', base);
    // Some may have ended by themselves since they were last looked at.
    const cancelled = inQueue.filter(({ name }) => deployments.some(({ ended }) => isCancelled(ended.get(name))));
    if (!isStopped) broken = { by: error, cancelled: cancelled.map(({ id }) => id) };
  }
  await clean({ queue, tally, run, runFolder, io });
  if (broken !== null) {
    const error = brokeOff(broken.by, { cancelled: broken.cancelled, leftBehind: tally.leftBehind, run: writer.run.id });
    // What broke it may keep this from being written too.
    await writer.finish('interrupted', BenchError.is(error) ? (error.exitCode ?? 1) : 1, io.now()).catch(() => undefined);
    throw error;
  }
  await aggregate({ tasks, writer, io, on, tally, cwd: options.cwd ?? process.cwd() });
  const ended = verdict(tally, { interrupted: io.signal.aborted, deployOnly: false });
  await writer.finish(ended.status, ended.exitCode, io.now());
  on({ type: 'run_finished', status: ended.status, exitCode: ended.exitCode });
  return { id: writer.run.id, dir: writer.dir, ...ended, leftBehind: tally.leftBehind, kept: [] };
}

const NOT_PREPARED = { loadClient: { node: '', file: '' }, dataPath: (local: string) => local };

/** Brings to the cluster what all deployments share. */
async function prepared(
  { options, on, writer, cluster }: Run,
  waiting: readonly WantedDeployment[],
): Promise<Pick<SubmitContext, 'loadClient' | 'dataPath'>> {
  const { io, batch } = options;
  const { signal } = io;
  const { host } = cluster;
  const folder = batchCache(cluster.remoteDir).files;
  const tell = (text: string) => {
    // What is copied is told once, and not how far it is.
    if (!/: [\d.]+ [kMG]?B( of .*)?$/.test(text)) on({ type: 'load_place', machine: host.name, text });
  };
  await makeFolders(host, [folder, batchRunFolder(cluster.remoteDir, writer.run.id)], signal);
  const loads = waiting.some(({ task }) => task.kind === 'inference');
  const loadClient = loads
    ? await uploadPrograms({ cluster, folder, nodeBinaries: batch.nodeBinaries, loadClient: batch.loadClient, on: tell, signal })
    : NOT_PREPARED.loadClient;
  const paths = new Map<string, string>();
  for (const { load } of waiting.flatMap(({ work }) => work.flatMap(({ task }) => (task.kind === 'inference' ? loadPoints(task) : [])))) {
    for (const { path, what } of loadFiles(load))
      if (!paths.has(path)) paths.set(path, await uploadByHash({ host, local: path, folder, what, on: tell, signal }));
  }
  return { loadClient, dataPath: (local) => paths.get(local) ?? local };
}

/** All at once; those past the first few begin only when an earlier one is over, for nobody will be there to submit them. */
async function submitAll(waiting: WantedDeployment[], deployments: Active[], context: SubmitContext, maxWorkers: number): Promise<void> {
  for (const wanted of waiting.splice(0)) {
    const before = deployments.length < maxWorkers ? null : (deployments[deployments.length - maxWorkers]?.record.jobs[0] ?? null);
    const submitted = await submitDeployment(wanted, context, { after: before });
    if (submitted) deployments.push(submitted);
  }
}

/** Leaves the run to the queue. */
async function leave(o: { deployments: readonly Active[]; run: Run; context: SubmitContext; keepS: number }): Promise<RunOutcome> {
  const { deployments, run, context, keepS } = o;
  const { writer, io, queue, host, runFolder, tally } = context;
  const until = new Date(io.now() + keepS * 1000);
  for (const { record } of deployments) for (const job of record.jobs) await queue.leave(job, until);
  await writer.event({ type: 'run_detached', until: until.toISOString() });
  await putSnapshot({ dir: writer.dir, host, runFolder, signal: io.signal }).catch((error: unknown) => {
    throw notLeft(error, context);
  });
  const failed = tally.failedTasks > 0;
  const exitCode = tally.leftBehind.length > 0 ? EXIT.cleanupIncomplete : failed ? EXIT.taskFailed : EXIT.ok;
  run.on({ type: 'run_finished', status: 'done', exitCode });
  return {
    id: writer.run.id,
    dir: writer.dir,
    status: 'done',
    exitCode,
    leftBehind: tally.leftBehind,
    kept: [],
    detached: { until: until.toISOString(), jobs: deployments.flatMap(({ record }) => record.jobs.map(({ id }) => id)) },
  };
}

/** What is in the ledger of this run and nowhere else is ended; then the run's folder goes. */
async function clean({
  queue,
  tally,
  run,
  runFolder,
  io,
}: {
  queue: SubmitContext['queue'];
  tally: SubmitContext['tally'];
  run: Run;
  runFolder: string;
  io: RunOptions['io'];
}): Promise<void> {
  tally.leftBehind.push(...(await sweepJobs({ queue, io })));
  if (tally.leftBehind.length > 0) return;
  tally.leftBehind.push(...(await removeRun({ host: run.cluster.host, runFolder, io })));
}
