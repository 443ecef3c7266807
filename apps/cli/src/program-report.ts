import { type Command, Option } from '@commander-js/extra-typings';
import { collect, percent, priceFlags, settingsFlag } from './flags.ts';

/** Commands for what was measured: reports of runs, and which runs there are. */
export function addReportCommands(program: Command, result: { code: number }): void {
  priceFlags(
    program
      .command('report')
      .description('print and write the report of runs and of what other tools measured')
      .argument(
        '<path...>',
        'run ids, "latest", run directories or folders of them, recipes (their runs), and results of vLLM, SGLang, deplodock, GuideLLM, AIPerf and genai-perf',
      )
      .option('--out <folder>', 'folder of runs', 'runs')
      .option(
        '--slo <limit=ms>',
        'judge requests by this instead of what recipes name: ttft_ms=500, tpot_ms=50, e2el_ms=5000; repeatable, all must be met',
        collect,
      )
      .option('--html <file>', 'write an HTML report here')
      .option('--xlsx <file>', 'write an Excel workbook here')
      .addOption(new Option('--split <by>', 'with --xlsx: one workbook a model beside it, NAME-MODEL.xlsx').choices(['model'] as const))
      .option('--csv <file>', 'write a line a point, comma-separated (- for the standard output)')
      .option('--markdown <file>', 'write a table for READMEs and pull requests (- for the standard output)')
      .option('--junit <file>', 'write JUnit XML, a case a point (- for the standard output)')
      .option('--json-file <file>', 'write what --json prints here')
      .option('--charts <folder>', 'write each chart as SVG and PNG here')
      .addOption(new Option('--chart-format <kind>', 'with --charts: only this').choices(['svg', 'png'] as const))
      .option('--dark', 'with --charts: light on dark'),
    '; a run’s own report stays as it is: name a file',
  )
    .option('--json', 'print every figure with its unit and source as JSON')
    .action(async (paths, options) => {
      result.code = await (await import('./commands/report.ts')).report(paths, options);
    });

  settingsFlag(
    program
      .command('compare')
      .description('compare what two runs measured: what changed, how sure that is, and whether it keeps its limits')
      .argument(
        '<base>',
        'run id, folder, "latest", or what another tool measured; several with commas between them are repeats of each other',
      )
      .argument('<candidate>', 'the same')
      .option('--out <folder>', 'folder of runs', 'runs')
      .addOption(
        new Option(
          '--gate [limit]',
          'exit with 7 when this is surely broken: "ttft_p99_ms<+5%"; repeatable; alone: the settings file’s gates',
        )
          .preset('')
          .argParser(collect),
      )
      .option('--figure <name>', 'compare this too: ttft_p95_ms; repeatable', collect)
      .option('--tolerance <percent>', 'a change smaller than this does not matter (default: 5%)', percent)
      .option('--between-runs <percent>', 'how much one measurement alone is taken to vary, one standard deviation (default: 3%)', percent)
      .option('--all', 'show every figure of every point')
      .option('--strict', 'exit with 8 when a gate is undecided, or a point is missing or partly failed')
      .option('--markdown <file>', 'write a comment for a pull request here (- for the standard output)')
      .option('--json', 'print the comparison as JSON'),
  ).action(async (base, candidate, options) => {
    const flags = { ...options, gate: options.gate ?? [], figure: options.figure ?? [] };
    result.code = await (await import('./commands/compare.ts')).compare(base, candidate, flags);
  });
}
