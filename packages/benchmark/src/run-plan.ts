import { readFile } from 'node:fs/promises';
import { BenchError, EXIT, type Io } from '@bench/core';
import { type Plan, planTasks } from '@bench/planner';
import { deploymentKey, type Task } from '@bench/recipe';
import { readJournal, readRunFile, type RunFile, runPaths, type RunWriter } from '@bench/results';
import { aggregate, warnOfAggregates } from './aggregate-recipes.ts';
import { chooseTasks, onlyDeployment } from './choose-tasks.ts';
import { runSlurm } from './batch/slurm-run.ts';
import { runCloud } from './cloud/run-cloud.ts';
import type { DeploymentsContext } from './deployments.ts';
import { errorFacts } from './error-facts.ts';
import type { RunEvent } from './events.ts';
import { removeRunFolder } from './host-folders.ts';
import { openMachines, type RunMachine } from './machine.ts';
import { missingFiles } from './missing-files.ts';
import { missingSecrets } from './missing-secrets.ts';
import { openWriter } from './open-writer.ts';
import { placeGroups } from './placement.ts';
import { runGroups, verdict } from './run-groups.ts';
import type { RunOptions, RunOutcome } from './run-options.ts';
import { stateOf } from './run-state.ts';
import { siteOf, type SiteName } from './site-name.ts';
import { takeOver } from './take-over.ts';
import type { Tally } from './tally.ts';
import { DEFAULT_TELEMETRY } from './telemetry/index.ts';
import { countPoints, deploymentsWanted } from './work-list.ts';

/**
 * Runs tasks to the end: deploys each engine once, measures every missing point on it, takes it down. A failed task does
 * not stop the others. When `io.signal` is aborted, what is done is kept and everything is taken down.
 * @throws BenchError before anything is started: unfit site (exit code 3), a secret that is not set (4), changed recipe on resume, busy run.
 */
export async function runTasks(options: RunOptions): Promise<RunOutcome> {
  const { io } = options;
  const on = options.on ?? (() => undefined);
  if (options.tasks.length === 0)
    throw new BenchError({
      code: 'BENCH_NO_TASKS',
      message: 'no task to run',
      hint: 'bench recipe variants lists them',
      exitCode: EXIT.usage,
    });
  const site = siteOf(options.asked);
  if (site.kind === 'cloud') return runCloud(options, on);
  if (site.kind === 'slurm') return runSlurm(options, on);
  const before = options.resume === undefined ? null : await readRunFile(options.resume);
  const began = before?.tasks ?? null;
  // Duplicates are refused before any machine is looked at.
  planTasks(options.tasks);
  const machines = await openMachines({
    ...options,
    ...options.asked,
    site,
    runId: before?.id,
    programFolders: options.folders,
    cwd: options.cwd ?? process.cwd(),
  });
  try {
    const { plan, tasks } = planFor({ options, machines, began, site, on });
    const placement = await placeGroups(plan, machines, [...missingSecrets(tasks, options), ...(await missingFiles(tasks, site.kind))]);
    warnOfAggregates(tasks, io);
    const writer = await openWriter(options, plan);
    try {
      return await runOn({ options, on, machines, plan, tasks, placement, writer });
    } finally {
      await writer.close();
    }
  } finally {
    await Promise.allSettled(machines.map((machine) => machine.close()));
  }
}

function planFor(o: {
  options: RunOptions;
  machines: readonly RunMachine[];
  began: RunFile['tasks'] | null;
  site: SiteName;
  on: (event: RunEvent) => void;
}): { plan: Plan; tasks: Task[] } {
  const { options, machines, began, site } = o;
  const { asked } = options;
  const { scaleOut } = asked;
  const explicit = options.explicit ?? asked.filter.length > 0;
  // Engines that are processes are refused with the site's own reasons.
  const chosen =
    site.kind === 'local'
      ? [...options.tasks]
      : chooseTasks({ tasks: options.tasks, machines, engines: options.engines, explicit, scaleOut, began, io: options.io, on: o.on });
  const tasks = asked.mode === 'deploy' ? onlyDeployment(chosen, (task) => deploymentKey(task.resolved)) : chosen;
  return { plan: planTasks(tasks), tasks };
}

async function runOn(o: {
  options: RunOptions;
  on: (event: RunEvent) => void;
  machines: readonly RunMachine[];
  plan: Plan;
  tasks: readonly Task[];
  placement: Awaited<ReturnType<typeof placeGroups>>;
  writer: RunWriter;
}): Promise<RunOutcome> {
  const { options, on, machines, plan, tasks, placement, writer } = o;
  const { io, asked } = options;
  const journal = await readJournal(runPaths.journal(writer.dir), { missing: 'empty' });
  const state = stateOf(journal.events);
  const resumed = options.resume !== undefined;
  const deployOnly = asked.mode === 'deploy';
  await writer.event({ type: 'run_started', pid: process.pid, resumed });
  await describeMachines(machines, writer, options);
  const context: DeploymentsContext = { writer, io, on, several: machines.length > 1 };
  const wanted = deploymentsWanted(plan, state, deployOnly);
  const leftBehind: string[] = [];
  const { taken: adopted, unusable } = await takeOver({ state, machines, wanted, context, leftBehind });
  const counts = countPoints(tasks, state);
  on({ type: 'run_started', id: writer.run.id, dir: writer.dir, resumed, tasks: tasks.length, ...counts });
  const keep = deployOnly || (asked.keep ?? false);
  const tally = await runGroups({
    ...context,
    plan,
    machines,
    placement,
    state,
    adopted,
    unusable,
    deployOnly,
    keep,
    nodeImage: asked.nodeImage,
    seed: writer.run.asked.seed,
    telemetry: options.telemetry === undefined ? DEFAULT_TELEMETRY : options.telemetry,
    totalPoints: counts.points,
    selfcheck: options.selfcheck,
    atMost: counts.atMost,
  });
  tally.leftBehind.unshift(...leftBehind);
  if (!deployOnly) await aggregate({ tasks, writer, io, on, tally, cwd: options.cwd ?? process.cwd() });
  await cleanHosts({ writer, machines, io, tally });
  const ended = verdict(tally, { interrupted: io.signal.aborted, deployOnly });
  await writer.finish(ended.status, ended.exitCode, io.now());
  const outcome = { id: writer.run.id, dir: writer.dir, ...ended, leftBehind: tally.leftBehind, kept: tally.kept };
  on({ type: 'run_finished', status: ended.status, exitCode: ended.exitCode });
  return outcome;
}

async function describeMachines(machines: readonly RunMachine[], writer: RunWriter, options: RunOptions): Promise<void> {
  for (const { index, name, kind, system } of machines) {
    await writer.machine(index, { name, kind, system, priceUsdPerHour: null, priceSource: null });
    await writer.event({ type: 'machine_ready', machine: index, name });
  }
  const keys = options.knownHosts === undefined ? '' : await readFile(options.knownHosts, 'utf8').catch(() => '');
  if (keys !== '') await writer.knownHosts(keys);
}

/** A run's folder on a host goes once nothing of the run is up there. */
async function cleanHosts(o: { writer: RunWriter; machines: readonly RunMachine[]; io: Io; tally: Tally }): Promise<void> {
  const { writer, machines, io, tally } = o;
  const { live } = stateOf((await readJournal(runPaths.journal(writer.dir))).events);
  // Cleaning up goes on when everything else was told to stop.
  const signal = AbortSignal.timeout(120_000);
  for (const machine of machines) {
    if (live.some((left) => left.machine === machine.index)) continue;
    await removeRunFolder(machine.host, machine.folders.run(writer.run.id), signal).catch((error: unknown) => {
      tally.leftBehind.push(`${machine.name}: ${errorFacts(error, io).message}`);
    });
  }
}
