import type { Command } from '@commander-js/extra-typings';
import { settingsFlag, sshFlags } from './flags.ts';

const RUN = 'run id, folder, or "latest"';

/** Commands for runs that are in the queue of a cluster. */
export function addQueueCommands(program: Command, result: { code: number }): void {
  settingsFlag(
    program
      .command('watch')
      .description('watch a run that was left to a cluster’s queue; Ctrl-C ends only the watching')
      .argument('<run>', RUN)
      .option('--out <folder>', 'folder of runs', 'runs')
      .option('--no-report', 'write no report.html and report.xlsx')
      .option('--json', 'print the result as JSON'),
  ).action(async (run, options) => {
    result.code = await (await import('./commands/watch.ts')).watch(run, options);
  });

  settingsFlag(
    program
      .command('collect')
      .description('take what a run in a cluster’s queue has measured by now; may be repeated')
      .argument('<run>', RUN)
      .option('--out <folder>', 'folder of runs', 'runs')
      .option('--no-report', 'write no report.html and report.xlsx')
      .option('--json', 'print the result as JSON'),
  ).action(async (run, options) => {
    result.code = await (await import('./commands/watch.ts')).collect(run, options);
  });

  sshFlags(
    settingsFlag(
      program
        .command('attach')
        .description('make the directory of a run out of what lies on its cluster, on a machine that did not begin it')
        .argument('<id>', 'run id')
        .requiredOption('--on <site>', 'slurm:LOGIN, or slurm on the login host itself')
        .option('--out <folder>', 'folder of runs', 'runs'),
    ),
  ).action(async (id, options) => {
    result.code = await (await import('./commands/attach.ts')).attach(id, options);
  });
}
