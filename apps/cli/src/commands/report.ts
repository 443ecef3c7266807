import { resolve } from 'node:path';
import { BenchError, EXIT } from '@bench/core';
import { buildReport, writeHtml, writeXlsx } from '@bench/report';
import { readRun, resolveRun } from '@bench/results';
import { withContext } from '../context.ts';
import { reportTable, writeReports } from '../reports.ts';

/** `bench report`. */
export function report(
  runs: readonly string[],
  flags: { out: string; html?: string | undefined; xlsx?: string | undefined; json?: true | undefined },
): Promise<number> {
  return withContext(async (context) => {
    const dirs = await Promise.all(runs.map((run) => resolveRun(run, flags.out)));
    const views = await Promise.all([...new Set(dirs)].map((dir) => readRun(dir)));
    const built = buildReport({ runs: views });
    for (const problem of built.problems) process.stderr.write(`left out: ${problem.path}: ${problem.message}\n`);
    if (!views.some((view) => view.tasks.some((task) => task.points.some((point) => point.result !== null)))) {
      throw new BenchError({
        code: 'BENCH_NOTHING_MEASURED',
        message: 'nothing was measured in these runs',
        hint: 'bench status RUN says why',
        exitCode: EXIT.nothingMeasured,
      });
    }
    const options = { now: context.io.now(), signal: context.signal };
    const files: string[] = [];
    if (flags.html !== undefined || flags.xlsx !== undefined) {
      if (flags.html !== undefined) await writeHtml(built, resolve(flags.html), options);
      if (flags.xlsx !== undefined) await writeXlsx(built, resolve(flags.xlsx), options);
      files.push(...[flags.html, flags.xlsx].filter((f) => f !== undefined).map((f) => resolve(f)));
    } else if (views.length === 1) files.push(...(await writeReports(built, (views[0] as (typeof views)[0]).dir, context)));
    if (files.length === 0) process.stderr.write('no file was written: name one with --html or --xlsx for a report of several runs\n');
    if (flags.json) process.stdout.write(`${JSON.stringify({ reports: files, rows: built.rows }, null, 1)}\n`);
    else process.stdout.write([reportTable(built), ...files, ''].join('\n'));
    return EXIT.ok;
  });
}
