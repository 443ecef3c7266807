import { BenchError, EXIT, type Io } from '@bench/core';
import { planTasks } from '@bench/planner';
import type { Engine, Task } from '@bench/recipe';
import { readJournal, runPaths, RunWriter } from '@bench/results';
import type { RunEvent } from './events.ts';
import { missingFiles } from './missing-files.ts';
import { openLocalSite, type RunSite } from './run-site.ts';
import { runGroups } from './run-groups.ts';
import { stateOf } from './run-state.ts';
import { missingPoints, refuseChangedRecipes, taskList } from './work-list.ts';

export interface RunOptions {
  io: Io;
  tasks: readonly Task[];
  /** What was asked, kept in `run.json`. */
  asked: { recipes: string[]; site: string; filter: string[]; seed: number };
  /** Folder of runs. */
  root: string;
  /** Versions of what runs, by name. */
  tools: Record<string, string>;
  /** Where programs of engines are looked for, nearest first. */
  folders: readonly string[];
  engines?: readonly Engine[];
  /** Folder of a run to go on with, instead of a new one. */
  resume?: string;
  on?: (event: RunEvent) => void;
}

export interface RunOutcome {
  id: string;
  dir: string;
  status: 'done' | 'failed' | 'interrupted';
  exitCode: number;
}

/**
 * Runs tasks to the end: deploys each engine once, measures every missing point on it, takes it down. A failed task does
 * not stop the others. When `io.signal` is aborted, what is done is kept and everything is taken down.
 * @throws BenchError before anything is started: unfit site (exit code 3), changed recipe on resume, busy run.
 */
export async function runTasks(options: RunOptions): Promise<RunOutcome> {
  const { io, tasks } = options;
  const on = options.on ?? (() => undefined);
  if (tasks.length === 0)
    throw new BenchError({
      code: 'BENCH_NO_TASKS',
      message: 'no task to run',
      hint: 'bench recipe variants lists them',
      exitCode: EXIT.usage,
    });
  const plan = planTasks(tasks);
  const site = await openLocalSite(options);
  try {
    await refuseUnfit(tasks, site);
    const aggregating = [...new Set(tasks.filter((task) => task.resolved.aggregate !== undefined).map((task) => task.recipe))];
    if (aggregating.length > 0) io.logger.log('warn', `"aggregate" is not run on site "${site.name}": ${aggregating.join(', ')}`);
    const writer = await openWriter(options, plan);
    try {
      const journal = await readJournal(runPaths.journal(writer.dir), { missing: 'empty' });
      const state = stateOf(journal.events);
      await writer.event({ type: 'run_started', pid: process.pid, resumed: options.resume !== undefined });
      await endLeftovers({ state, site, writer, io });
      await writer.machine(0, { name: site.host.name, kind: 'local', system: site.system, priceUsdPerHour: null, priceSource: null });
      await writer.event({ type: 'machine_ready', machine: 0, name: site.host.name });
      const all = taskList(plan).reduce((sum, t) => sum + t.points * t.repeats, 0);
      const missing = tasks.reduce((sum, task) => sum + missingPoints(task, state).length, 0);
      on({
        type: 'run_started',
        id: writer.run.id,
        dir: writer.dir,
        resumed: options.resume !== undefined,
        tasks: tasks.length,
        points: missing,
        alreadyDone: all - missing,
      });
      const tally = await runGroups({ plan, site, writer, state, io, seed: writer.run.asked.seed, totalPoints: missing, on });
      const outcome = verdict(tally, io.signal.aborted);
      await writer.finish(outcome.status, outcome.exitCode, io.now());
      on({ type: 'run_finished', ...outcome });
      return { id: writer.run.id, dir: writer.dir, ...outcome };
    } finally {
      await writer.close();
    }
  } finally {
    await site.close();
  }
}

async function refuseUnfit(tasks: readonly Task[], site: RunSite): Promise<void> {
  const facts = await site.facts({ id: 'check', dir: '.' });
  const files = (await missingFiles(tasks)).map((path) => ({
    code: 'BENCH_FILE_MISSING' as const,
    message: `${path} does not exist`,
    hint: undefined,
  }));
  const problems = [...tasks.flatMap((task) => site.target.check(task, facts)), ...files];
  if (problems.length === 0) return;
  const unique = [...new Map(problems.map((p) => [p.message, p])).values()];
  throw new BenchError({
    code: (unique[0] as (typeof unique)[0]).code,
    message: unique.map((p) => p.message).join('\n'),
    hint: [...new Set(unique.map((p) => p.hint).filter((h) => h !== undefined))].join('\n'),
    exitCode: EXIT.missingPart,
  });
}

async function openWriter(options: RunOptions, plan: ReturnType<typeof planTasks>): Promise<RunWriter> {
  const list = taskList(plan);
  if (options.resume === undefined) {
    return RunWriter.create({ root: options.root, asked: options.asked, tasks: list, tools: options.tools }, options.io);
  }
  const writer = await RunWriter.open(options.resume, options.io);
  try {
    refuseChangedRecipes(writer.run.tasks, list);
    await writer.reopen();
    return writer;
  } catch (error) {
    await writer.close();
    throw error;
  }
}

/** Whatever an earlier invocation left running is taken over or ended before anything new is started. */
async function endLeftovers(o: { state: ReturnType<typeof stateOf>; site: RunSite; writer: RunWriter; io: Io }): Promise<void> {
  for (const [id, record] of o.state.live) {
    const adopted = await o.site.target.adopt(record, { io: o.io, host: o.site.host, on: () => undefined });
    await adopted?.stop();
    await o.writer.event({ type: 'deployment_stopped', deployment: id });
  }
}

function verdict(
  tally: { measured: number; alreadyDone: number; failedTasks: number },
  interrupted: boolean,
): Pick<RunOutcome, 'status' | 'exitCode'> {
  if (interrupted) return { status: 'interrupted', exitCode: EXIT.interrupted };
  if (tally.failedTasks === 0) return { status: 'done', exitCode: EXIT.ok };
  return { status: 'failed', exitCode: tally.measured + tally.alreadyDone === 0 ? EXIT.nothingMeasured : EXIT.taskFailed };
}
