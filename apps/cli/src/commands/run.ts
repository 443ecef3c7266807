import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runTasks } from '@bench/benchmark';
import { BenchError, EXIT } from '@bench/core';
import { readRun, readRunFile, resolveRun } from '@bench/results';
import { type CliContext, withContext } from '../context.ts';
import { dryRun } from '../dry-run.ts';
import { absolute, loadTasks } from '../load-tasks.ts';
import { renderRows, writeReports } from '../reports.ts';
import { Progress, showRun } from '../ui/progress.ts';
import { styles } from '../ui/style.ts';
import { CLI_VERSION } from '../version.ts';

export interface RunFlags {
  on?: string | undefined;
  filter: string[];
  out: string;
  seed?: number | undefined;
  resume?: string | undefined;
  dryRun?: true | undefined;
  strict?: true | undefined;
  report: boolean;
  json?: true | undefined;
}

/** `bench run`. */
export function run(recipes: readonly string[], flags: RunFlags): Promise<number> {
  return withContext(async (context) => {
    const resume = flags.resume === undefined ? undefined : await resolveRun(flags.resume, flags.out);
    const asked = resume === undefined ? fresh(recipes, flags) : await askedBefore(resume, recipes, flags);
    const tasks = await loadTasks(asked.recipes, { filter: asked.filter, signal: context.signal });
    if (flags.dryRun) {
      process.stdout.write(dryRun(tasks, { site: asked.site, json: flags.json === true }));
      return EXIT.ok;
    }
    return measure({ context, tasks, asked, resume, flags });
  });
}

function fresh(recipes: readonly string[], flags: RunFlags) {
  if (recipes.length === 0) {
    throw new BenchError({
      code: 'BENCH_USAGE',
      message: 'no recipe was named',
      hint: 'bench run recipes/tiny-cpu, or bench init to write one',
      exitCode: EXIT.usage,
    });
  }
  return { recipes: absolute(recipes), site: flags.on ?? 'local', filter: flags.filter, seed: flags.seed ?? 0 };
}

async function askedBefore(dir: string, recipes: readonly string[], flags: RunFlags) {
  if (recipes.length > 0 || flags.filter.length > 0 || flags.seed !== undefined || flags.on !== undefined) {
    throw new BenchError({
      code: 'BENCH_USAGE',
      message: '--resume goes on with the recipes, filters, site and seed that the run began with',
      hint: 'name none',
      exitCode: EXIT.usage,
    });
  }
  return (await readRunFile(dir)).asked;
}

async function measure(o: {
  context: CliContext;
  tasks: Awaited<ReturnType<typeof loadTasks>>;
  asked: { recipes: string[]; site: string; filter: string[]; seed: number };
  resume: string | undefined;
  flags: RunFlags;
}): Promise<number> {
  const { context, flags } = o;
  const options = { stream: process.stderr, style: styles(process.stderr), clock: context.io.monotonic };
  const progress = new Progress(options);
  progress.status(() => 'looking at this machine and its engines');
  const outcome = await runTasks({
    io: context.io,
    tasks: o.tasks,
    asked: o.asked,
    root: resolve(flags.out),
    tools: { '@bench/cli': CLI_VERSION, node: process.versions.node },
    folders: engineFolders(o.asked.recipes),
    ...(o.resume === undefined ? {} : { resume: o.resume }),
    on: showRun(progress, options),
  }).finally(() => progress.close());

  const view = await readRun(outcome.dir);
  const measured = view.tasks.some((task) => task.points.some((point) => point.result !== null));
  const files = flags.report && measured ? await writeReports([view], outcome.dir, context).catch(orNothing(context)) : [];
  const doubts = flags.strict ? doubtful(view) : [];
  const exitCode = outcome.exitCode === EXIT.ok && doubts.length > 0 ? EXIT.strict : outcome.exitCode;
  if (flags.json) {
    process.stdout.write(
      `${JSON.stringify({ id: outcome.id, dir: outcome.dir, status: outcome.status, exitCode, doubts, reports: files, rows: await renderRows([view], 'json') }, null, 1)}\n`,
    );
    return exitCode;
  }
  if (measured) process.stdout.write(`\n${await renderRows([view], 'text')}\n`);
  for (const doubt of doubts) process.stderr.write(`${options.style.yellow('in doubt:')} ${doubt}\n`);
  for (const file of files) process.stdout.write(`${file}\n`);
  if (outcome.status === 'interrupted')
    process.stderr.write(`interrupted; go on with: bench run --resume ${outcome.id}${flags.out === 'runs' ? '' : ` --out ${flags.out}`}\n`);
  else if (outcome.status === 'failed')
    process.stderr.write(
      `some tasks failed; try what is missing again with: bench run --resume ${outcome.id}${flags.out === 'runs' ? '' : ` --out ${flags.out}`}\n`,
    );
  return exitCode;
}

/** A report that Ctrl-C cut short can be written again; the run itself is kept. */
function orNothing({ signal }: CliContext) {
  return (error: unknown): string[] => {
    if (!signal.aborted) throw error;
    return [];
  };
}

/** Where the user's engines and plugins are: beside the recipes, in the working folder, beside the CLI. */
function engineFolders(recipes: readonly string[]): string[] {
  return [
    ...new Set([
      ...recipes.map((r) => (r.endsWith('.yaml') || r.endsWith('.yml') ? dirname(r) : r)),
      process.cwd(),
      join(dirname(fileURLToPath(import.meta.url)), '..'),
    ]),
  ];
}

/** Flags that make a figure doubtful; generated weights and few samples are known beforehand. */
const BENIGN = new Set(['random_weights', 'few_samples']);

function doubtful(view: Awaited<ReturnType<typeof readRun>>): string[] {
  return view.tasks.flatMap((task) =>
    task.points.flatMap((point) =>
      (point.result?.flags ?? [])
        .filter((flag) => !BENIGN.has(flag.code))
        .map((flag) => `${task.file.recipe}/${task.file.variant} point ${point.entry.point}: ${flag.message}`),
    ),
  );
}
