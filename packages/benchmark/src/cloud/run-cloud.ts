import { setMaxListeners } from 'node:events';
import { BenchError, EXIT, type Io, messageOf } from '@bench/core';
import { type Plan, planTasks } from '@bench/planner';
import { isOver } from '@bench/provisioning';
import { deploymentKey, type Task } from '@bench/recipe';
import { type AskedCloud, readJournal, rentedMachines, runCost, runPaths, type RunWriter } from '@bench/results';
import { aggregate, warnOfAggregates } from '../aggregate-recipes.ts';
import { onlyDeployment } from '../choose-tasks.ts';
import { errorFacts } from '../error-facts.ts';
import type { RunEvent } from '../events.ts';
import { missingFiles } from '../missing-files.ts';
import { missingSecrets } from '../missing-secrets.ts';
import { openWriter } from '../open-writer.ts';
import { verdict } from '../run-groups.ts';
import type { CloudAccess, RunOptions, RunOutcome } from '../run-options.ts';
import { stateOf } from '../run-state.ts';
import { siteOf } from '../site-name.ts';
import { nothingRented } from '../tally.ts';
import { DEFAULT_TELEMETRY } from '../telemetry/index.ts';
import { countPoints } from '../work-list.ts';
import { adoptLanes } from './adopt-lanes.ts';
import { type Budget, makeBudget } from './budget.ts';
import { costingEntries } from './end-entry.ts';
import { makeMeter } from './meter.ts';
import { leftToRent, permission, type Permission } from './permission.ts';
import type { RentalContext } from './rental.ts';
import { rentalNumbers } from './rental-log.ts';
import { type Renter, renterOf, type RenterContext } from './renter.ts';
import { runRented } from './run-rented.ts';
import { spentBefore } from './spent-before.ts';
import { writeGone } from './teardown-cloud.ts';
import { sweep } from './sweep.ts';

/** Runs tasks on machines that are rented for them. @throws BenchError before anything costs: see `refuseUnrentable`. */
export async function runCloud(
  options: RunOptions,
  on: (event: RunEvent) => void,
  renter: (context: RenterContext) => Renter = renterOf,
): Promise<RunOutcome> {
  const { io, asked } = options;
  const { cloud, access } = needed(options);
  const deployOnly = asked.mode === 'deploy';
  const tasks = deployOnly ? onlyDeployment(options.tasks, (task) => deploymentKey(task.resolved)) : [...options.tasks];
  const plan = planTasks(tasks);
  const known = [...missingSecrets(tasks, options), ...(await missingFiles(tasks, 'cloud'))];
  const rents = permission({ tasks, cloud, access, options, known });
  const writer = await openWriter(options, plan, async (earlier) =>
    rents.ask(earlier ? await leftToRent({ writer: earlier, plan, cloud, access, options }) : plan),
  );
  warnOfAggregates(tasks, io);
  try {
    return await runOn({ options, on, plan, tasks, writer, cloud, access, renter, rents });
  } finally {
    await writer.close();
  }
}

function needed({ asked, cloud: access }: RunOptions): { cloud: AskedCloud; access: CloudAccess } {
  if (asked.cloud && access) return { cloud: asked.cloud, access };
  throw new BenchError({
    code: 'BENCH_USAGE',
    message: `site "${asked.site}" rents machines, and nothing was said of ${asked.cloud ? 'the ledger and the providers' : 'what may be rented'}`,
    exitCode: EXIT.usage,
  });
}

async function runOn(o: {
  options: RunOptions;
  on: (event: RunEvent) => void;
  plan: Plan;
  tasks: readonly Task[];
  writer: RunWriter;
  cloud: AskedCloud;
  access: CloudAccess;
  renter: (context: RenterContext) => Renter;
  rents: Permission;
}): Promise<RunOutcome> {
  const { options, on, plan, tasks, writer, cloud, access } = o;
  const { asked } = options;
  const events = async () => (await readJournal(runPaths.journal(writer.dir), { missing: 'empty' })).events;
  const before = await events();
  const state = stateOf(before);
  const resumed = options.resume !== undefined;
  const deployOnly = asked.mode === 'deploy';
  await writer.event({ type: 'run_started', pid: process.pid, resumed });
  const counts = countPoints(tasks, state);
  on({ type: 'run_started', id: writer.run.id, dir: writer.dir, resumed, tasks: tasks.length, ...counts });
  const meter = makeMeter(options.io.monotonic);
  await writeGone({ writer, views: rentedMachines(before), access });
  const known = await events();
  const spentBeforeUsd = spentBefore({ events: known, entries: await costingEntries(access.ledger, writer.run.id), io: options.io, meter });
  let reachedTold: Promise<void> = Promise.resolve();
  const budget = makeBudget({
    maxUsd: cloud.maxCostUsd,
    spentBeforeUsd,
    meter,
    io: options.io,
    onReached: (reached) => {
      reachedTold = writer.event({ type: 'budget_reached', ...reached }).catch(() => undefined);
    },
  });
  if (cloud.maxCostUsd !== null && cloud.allowUnknownPrice)
    options.io.logger.log(
      'warn',
      'a machine whose price is not known may be rented: what it costs is not counted, so --max-cost does not limit it',
    );
  const signal = AbortSignal.any([options.io.signal, budget.signal]);
  // Every machine of the run listens to it.
  setMaxListeners(0, signal);
  const io: Io = { ...options.io, signal };
  const rentals: RentalContext = {
    renter: o.renter({ ...access, io: options.io, run: writer.run.id, runDir: writer.dir }),
    writer,
    io,
    cloud,
    deployOnly,
    numbers: rentalNumbers(rentedMachines(before)),
    meter,
    look: {
      site: siteOf(asked),
      engines: options.engines,
      programFolders: options.folders,
      cwd: options.cwd ?? process.cwd(),
      modelDir: asked.modelDir,
      runId: writer.run.id,
      expose: asked.expose,
    },
  };
  const context = {
    writer,
    io,
    on,
    several: true,
    state,
    deployOnly,
    keep: deployOnly || (asked.keep ?? false),
    seed: writer.run.asked.seed,
    telemetry: options.telemetry === undefined ? DEFAULT_TELEMETRY : options.telemetry,
    selfcheck: options.selfcheck,
    totalPoints: counts.points,
    atMost: counts.atMost,
  };
  const sweepUp = (told: readonly string[]) => sweep({ run: writer.run.id, access, io: options.io, reason: 'the run is over', told });
  try {
    const tally = await (async () => {
      try {
        const adopted = await adoptLanes({ access, budget, events: known, plan, context, rentals, nodeImage: asked.nodeImage });
        for (const { name } of rentedMachines(known)) {
          const entry = await access.ledger.entry(name);
          if (entry && isOver(entry)) meter.ended(name);
        }
        return await runRented({
          ...context,
          plan,
          rentals,
          providers: access.providers,
          budget,
          adopted,
          rents: o.rents,
          nodeImage: asked.nodeImage,
        });
      } catch (error) {
        throw withLeft(error, await sweepUp([]));
      }
    })();
    tally.leftBehind.push(...(await sweepUp(tally.leftBehind)));
    if (!deployOnly) await aggregate({ tasks, writer, io, on, tally, cwd: options.cwd ?? process.cwd() });
    const ended = cloudVerdict(verdict(tally, { interrupted: io.signal.aborted, deployOnly }), budget);
    await reachedTold;
    await writer.finish(ended.status, ended.exitCode, io.now());
    const cost = runCost(await events());
    on({ type: 'run_finished', status: ended.status, exitCode: ended.exitCode, cost });
    const stoppedBy = budget.reached() ?? (ended.status === 'failed' ? nothingRented(tally) : null);
    return {
      id: writer.run.id,
      dir: writer.dir,
      ...ended,
      leftBehind: tally.leftBehind,
      kept: tally.kept,
      cost,
      ...(stoppedBy === null ? {} : { stoppedBy: { hint: undefined, ...errorFacts(stoppedBy, io) } }),
    };
  } finally {
    budget.close();
  }
}

/** The error that ended a run; where machines are left, they are what matters. */
function withLeft(error: unknown, left: readonly string[]): unknown {
  if (left.length === 0) return error;
  return new BenchError({
    code: 'BENCH_PROVIDER_CLEANUP',
    message: [messageOf(error), ...left.map((text) => `left behind: ${text}`)].join('\n'),
    hint: 'bench gc ends what is left',
    exitCode: EXIT.cleanupIncomplete,
    cause: error,
    details: { kind: 'cleanup' },
  });
}

/** A run that reached what it may cost ends with a code of its own, unless money may still run. */
function cloudVerdict(ended: ReturnType<typeof verdict>, budget: Budget): ReturnType<typeof verdict> {
  if (budget.reached() === null || ended.exitCode === EXIT.cleanupIncomplete) return ended;
  return { status: 'interrupted', exitCode: EXIT.provider };
}
