import { type Command, Option } from '@commander-js/extra-typings';
import { collect, CONFIG } from './flags.ts';

/** Commands for what was measured: reports of runs, and which runs there are. */
export function addReportCommands(program: Command, result: { code: number }): void {
  program
    .command('report')
    .description('print and write the report of runs and of what other tools measured')
    .argument(
      '<path...>',
      'run ids, "latest", run directories or folders of them, recipes (their runs), and results of vLLM, SGLang, deplodock, GuideLLM, AIPerf and genai-perf',
    )
    .option('--out <folder>', 'folder of runs', 'runs')
    .option('--html <file>', 'write an HTML report here')
    .option('--xlsx <file>', 'write an Excel workbook here')
    .option('--csv <file>', 'write a line a point, comma-separated (- for the standard output)')
    .option('--markdown <file>', 'write a table for READMEs and pull requests (- for the standard output)')
    .option('--junit <file>', 'write JUnit XML, a case a point (- for the standard output)')
    .option('--json-file <file>', 'write what --json prints here')
    .option('--charts <folder>', 'write each chart as SVG and PNG here')
    .addOption(new Option('--chart-format <kind>', 'with --charts: only this').choices(['svg', 'png'] as const))
    .option('--dark', 'with --charts: light on dark')
    .option(
      '--price <what=usd>',
      'what an hour would cost: h200=2.10 (a GPU), 8xh200=16 or machine:NAME=70 (a machine), partition:NAME=1.50; 1.95EUR; repeatable',
      collect,
    )
    .option('--config <file>', CONFIG)
    .option('--json', 'print every figure with its unit and source as JSON')
    .action(async (paths, options) => {
      result.code = await (await import('./commands/report.ts')).report(paths, options);
    });
}
