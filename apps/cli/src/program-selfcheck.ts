import type { Command } from '@commander-js/extra-typings';

/** `bench selfcheck`. */
export function addSelfcheckCommand(program: Command, result: { code: number }): void {
  program
    .command('selfcheck')
    .description(
      'measure the load client’s own error on this machine, at rising load, against a server of known timing; takes less than a minute, is kept, and is quoted in reports',
    )
    .option(
      '--levels <list>',
      'only these loads, and keep nothing: 200 is 200 streams at once, 50/s is 50 short requests a second; as 1,200,50/s',
    )
    .option('--json', 'print the result as JSON')
    .action(async (options) => {
      result.code = await (await import('./commands/selfcheck.ts')).selfcheck(options);
    });
}
