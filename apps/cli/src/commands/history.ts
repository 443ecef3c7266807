import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BenchError, didYouMean, EXIT, globMatches, plainTarget, writeAtomic } from '@bench/core';
import { buildHistory, buildReport, type History, historyMarkdown, renderHistory } from '@bench/report';
import { listRuns, readRun, type RunView } from '@bench/results';
import { type CliContext, withContext } from '../context.ts';
import { type PriceFlags, reportPrices, tellUnusedPrices } from '../report-prices.ts';
import { styles } from '../ui/style.ts';
import { filterOf, type ListFlags } from './list.ts';

export interface HistoryFlags extends Omit<ListFlags, 'recipe' | 'status'>, PriceFlags {
  /** Names of figures; empty: the throughput. */
  figure: readonly string[];
  variant?: string | undefined;
  load?: string | undefined;
  exact?: true | undefined;
  all?: true | undefined;
  /** True: print it instead of the table; a text: the file. */
  markdown?: string | true | undefined;
}

/** `bench history`. */
export function history(recipe: string, flags: HistoryFlags): Promise<number> {
  return withContext((context) => show(recipe, flags, context), { stopText: null });
}

async function show(recipe: string, flags: HistoryFlags, context: CliContext): Promise<number> {
  const { signal } = context;
  const prices = await reportPrices(flags, context.io.now());
  const { name, views } = await runsOf(recipe, flags, context);
  const { load, variant } = flags;
  const report = buildReport({ runs: views }, { prices });
  for (const { path, message } of report.problems) process.stderr.write(`left out: ${path}: ${message}\n`);
  tellUnusedPrices(report);
  const found = buildHistory(report, {
    recipe: (text) => globMatches(name, text),
    ...(variant === undefined ? {} : { variant: (text) => globMatches(variant, text) }),
    ...(load === undefined ? {} : { load: (text, value) => globMatches(load, text ?? '') || Number(load) === value }),
    figures: flags.figure,
    exact: flags.exact === true,
  });
  if (found.series.length === 0) throw nothing(recipe, found, flags);
  signal.throwIfAborted();
  if (typeof flags.markdown === 'string') await writeAtomic(await plainTarget(resolve(flags.markdown)), historyMarkdown(found));
  if (flags.json) process.stdout.write(`${JSON.stringify({ schemaVersion: 1, ...found }, null, 1)}\n`);
  else if (flags.markdown === true) process.stdout.write(historyMarkdown(found));
  else {
    const style = styles(process.stdout);
    const options = { width: process.stdout.columns || 120, color: style.color, unicode: style.unicode, all: flags.all === true };
    process.stdout.write(`${renderHistory(found, options)}\n`);
  }
  return EXIT.ok;
}

/** Runs of a recipe, by its name, a glob of names, or its folder or file. */
async function runsOf(recipe: string, flags: HistoryFlags, { io, signal }: CliContext): Promise<{ name: string; views: RunView[] }> {
  const filter = filterOf(flags, io);
  const there = await stat(recipe).catch(() => null);
  // A folder beside the runs may be called like the recipe: a name is a name first.
  for (const name of [recipe, ...(there ? [await recipeName(recipe, there.isDirectory())] : [])]) {
    const runs = await listRuns(flags.out, { filter: { ...filter, recipe: name }, limit: flags.limit, signal });
    const dirs = runs.map(({ dir }) => dir);
    if (dirs.length === 0) continue;
    const views: RunView[] = [];
    for (const dir of dirs) {
      signal.throwIfAborted();
      views.push(await readRun(dir));
    }
    return { name, views };
  }
  const all = await listRuns(flags.out, { filter, signal });
  const names = [...new Set(all.flatMap((run) => ('outline' in run ? run.outline.tasks.map(({ file }) => file.recipe) : [])))].sort();
  const few = names.slice(0, 10).join(', ');
  throw new BenchError({
    code: 'BENCH_RECIPE_UNKNOWN',
    message: `no run in ${flags.out} is of recipe "${recipe}"`,
    hint:
      didYouMean(recipe, names) ?? (names.length === 0 ? 'bench list shows runs; --out names another folder' : `there are runs of ${few}`),
    exitCode: EXIT.usage,
  });
}

/** The name under which runs keep a recipe that lies there. */
async function recipeName(path: string, folder: boolean): Promise<string> {
  const { recipeNameOf } = await import('@bench/recipe');
  return recipeNameOf(folder ? join(path, 'recipe.yaml') : path);
}

function nothing(recipe: string, { without }: History, { variant, load, figure }: HistoryFlags): BenchError {
  const asked = [variant === undefined ? '' : `--variant ${variant}`, load === undefined ? '' : `--load ${load}`, ...figure].filter(
    Boolean,
  );
  const [first] = without;
  return new BenchError({
    code: 'BENCH_NOTHING_MEASURED',
    message: `no run of ${recipe} has figures${asked.length > 0 ? ` of ${asked.join(', ')}` : ''}`,
    hint: first ? `${first.runId}: ${first.why}` : 'without --variant and --load, bench history shows what there is',
    exitCode: EXIT.nothingMeasured,
  });
}
