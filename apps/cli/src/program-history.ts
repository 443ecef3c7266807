import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { collect, integer, priceFlags } from './flags.ts';
import { since } from './since-flag.ts';

const RUN = 'run id, folder, or "latest"';
/** `runStatusSchema` of `@bench/results`, which help is not to load. */
const STATUSES = ['running', 'done', 'failed', 'interrupted'] as const;

/** Commands that keep runs apart and follow them over time. */
export function addHistoryCommands(program: Command, result: { code: number }): void {
  runFilters(
    program
      .command('list')
      .description('list runs, oldest first')
      .option('--recipe <glob>', 'only runs of this recipe: name, or with * and ?')
      .addOption(new Option('--status <status>', 'only runs that stand so').choices(STATUSES)),
  )
    .option('--out <folder>', 'folder of runs', 'runs')
    .option('--json', 'print as JSON')
    .action(async (options) => {
      result.code = await (await import('./commands/list.ts')).list(options);
    });

  priceFlags(
    runFilters(
      program
        .command('history')
        .description('a recipe’s figures from run to run, and where they changed')
        .argument('<recipe>', 'name (also with * and ?), folder or file')
        .option(
          '--figure <name>',
          'which figure: ttft_p99_ms, output_throughput, or a recipe’s own; repeatable (default: throughput)',
          collect,
        )
        .option('--variant <name>', 'only this variant; also with * and ?')
        .option('--load <load>', 'only this load: 8, "8 concurrent", "*req/s"'),
    ),
  )
    .option('--exact', 'keep runs apart whose resolved recipe differs at all (default: say what differs)')
    .option('--all', 'every run of every point; by default of more than four points a line each')
    .option('--markdown [file]', 'write it as Markdown here; without a file print it')
    .option('--out <folder>', 'folder of runs', 'runs')
    .option('--json', 'print as JSON')
    .action(async (recipe, options) => {
      result.code = await (await import('./commands/history.ts')).history(recipe, { ...options, figure: options.figure ?? [] });
    });

  program
    .command('tag')
    .description('tag a run, also one that goes on; without a tag, show its tags and remarks')
    .argument('<run>', RUN)
    .argument('[tag...]', 'words without spaces: nightly release/1.2 driver=570')
    .option('--remove <tag>', 'take this tag away; repeatable', collect)
    .option('--out <folder>', 'folder of runs', 'runs')
    .option('--json', 'print tags and remarks as JSON')
    .action(async (run, tags, options) => {
      result.code = await (await import('./commands/note.ts')).tag(run, tags, options);
    });

  program
    .command('note')
    .description('note a remark on a run, also on one that goes on; without a text, show its tags and remarks')
    .argument('<run>', RUN)
    .argument('[text...]', 'the remark')
    .option('--remove <n>', 'take away the remark of this number', integer(1))
    .option('--out <folder>', 'folder of runs', 'runs')
    .option('--json', 'print tags and remarks as JSON')
    .action(async (run, text, options) => {
      result.code = await (await import('./commands/note.ts')).note(run, text, options);
    });
}

/** Which runs are meant. */
function runFilters<A extends unknown[], O extends OptionValues, G extends OptionValues>(command: Command<A, O, G>) {
  return command
    .option('--site <glob>', 'only runs on this site: slurm*')
    .option('--model <glob>', 'only runs that served this model')
    .option('--gpu <name>', 'only runs on this GPU; also with * and ?')
    .option('--engine <name>', 'only runs of this engine; also with * and ?')
    .option('--tag <tag>', 'only runs with this tag')
    .option('--since <when>', 'only runs that began then or later: 2026-05-04, 2026-05-04T13:20Z, or 7d, 12h ago', since)
    .option('--limit <n>', 'only the newest so many', integer(1));
}
