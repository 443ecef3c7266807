import { BenchError, EXIT } from '@bench/core';
import { buildReport } from '@bench/report';
import { readRun, resolveRun } from '@bench/results';
import { withContext } from '../context.ts';
import { checkFiles, type FileFlags, namesFiles, writeFiles } from '../report-files.ts';
import { type PriceFlags, reportPrices } from '../report-prices.ts';
import { reportTable, writeReports } from '../reports.ts';

/** `bench report`. */
export function report(runs: readonly string[], flags: { out: string; json?: true | undefined } & FileFlags & PriceFlags): Promise<number> {
  return withContext(async (context) => {
    await checkFiles(flags);
    const prices = await reportPrices(flags, context.io.now());
    const dirs = await Promise.all(runs.map((run) => resolveRun(run, flags.out)));
    const views = await Promise.all([...new Set(dirs)].map((dir) => readRun(dir)));
    const built = buildReport({ runs: views }, { prices });
    for (const problem of built.problems) process.stderr.write(`left out: ${problem.path}: ${problem.message}\n`);
    if (!views.some((view) => view.tasks.some((task) => task.points.some((point) => point.result !== null)))) {
      throw new BenchError({
        code: 'BENCH_NOTHING_MEASURED',
        message: 'nothing was measured in these runs',
        hint: 'bench status RUN says why',
        exitCode: EXIT.nothingMeasured,
      });
    }
    const files: string[] = [];
    if (namesFiles(flags)) files.push(...(await writeFiles(built, flags, context)));
    else if (views.length === 1) files.push(...(await writeReports(built, (views[0] as (typeof views)[0]).dir, context)));
    if (files.length === 0) process.stderr.write('no file was written: name one with --html or --xlsx for a report of several runs\n');
    if (flags.json) process.stdout.write(`${JSON.stringify({ reports: files, rows: built.rows }, null, 1)}\n`);
    else process.stdout.write([reportTable(built), ...files, ''].join('\n'));
    return EXIT.ok;
  });
}
