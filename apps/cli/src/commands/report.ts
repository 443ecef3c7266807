import { BenchError, EXIT } from '@bench/core';
import { askSlo, buildReport, parseSlo, withLostRequests } from '@bench/report';
import { readSources } from '@bench/results';
import { withContext } from '../context.ts';
import { checkFiles, type FileFlags, jsonText, namesFiles, printedText, writeFiles } from '../report-files.ts';
import { type PriceFlags, reportPrices, tellUnusedPrices } from '../report-prices.ts';
import { reportAdvice, reportTable, writeReports } from '../reports.ts';

/**
 * `bench report`: of one run its files are written into its folder; of anything else, where a flag says. What was asked hypothetically is shown alone: who
 * opens the run's own report later has not seen the flag.
 */
export function report(
  paths: readonly string[],
  flags: { out: string; json?: true | undefined; slo?: readonly string[] | undefined } & FileFlags & PriceFlags,
): Promise<number> {
  return withContext(async (context) => {
    await checkFiles(flags);
    const limits = flags.slo && parseSlo(flags.slo);
    const prices = await reportPrices(flags, context.io.now());
    const sources = await readSources(paths, { out: flags.out, signal: context.signal });
    const slo = limits && (await askSlo(sources.runs, limits, { signal: context.signal }));
    const built = await withLostRequests(buildReport(sources, { prices, slo }), context.signal);
    for (const problem of built.problems) process.stderr.write(`left out: ${problem.path}: ${problem.message}\n`);
    tellUnusedPrices(built);
    if (!built.rows.some((row) => row.counts !== null)) {
      throw new BenchError({
        code: 'BENCH_NOTHING_MEASURED',
        message: 'nothing was measured in these runs',
        hint: 'bench status RUN says why',
        exitCode: EXIT.nothingMeasured,
      });
    }
    const [only, ...more] = built.runs;
    const hypothetical = [...(flags.price?.length ? ['--price'] : []), ...(slo ? ['--slo'] : [])];
    const files: string[] = [];
    if (namesFiles(flags)) files.push(...(await writeFiles(built, flags, context)));
    else if (hypothetical.length > 0)
      process.stderr.write(
        `no file was written: a run’s own report keeps its prices and its SLO; name one with --html or --xlsx for those of ${hypothetical.join(' and ')}
`,
      );
    else if (only && more.length === 0 && built.foreign.length === 0) files.push(...(await writeReports(built, only.dir, context)));
    else process.stderr.write('no file was written: name one with --html or --xlsx\n');
    const printed = flags.json ? jsonText(built, files) : printedText(built, flags);
    process.stdout.write(printed ?? [reportTable(built), ...reportAdvice(built), ...files, ''].join('\n'));
    return EXIT.ok;
  });
}
