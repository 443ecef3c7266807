import type { Command } from '@commander-js/extra-typings';

/** Commands for what was measured: reports of runs, and which runs there are. */
export function addReportCommands(program: Command, result: { code: number }): void {
  program
    .command('report')
    .description('print and write the report of runs')
    .argument('<run...>', 'run ids, folders, or "latest"')
    .option('--out <folder>', 'folder of runs', 'runs')
    .option('--html <file>', 'write an HTML report here')
    .option('--xlsx <file>', 'write an Excel workbook here')
    .option('--json', 'print the rows as JSON')
    .action(async (runs, options) => {
      result.code = await (await import('./commands/report.ts')).report(runs, options);
    });
}
