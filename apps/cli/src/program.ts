import { Argument, Command, Option } from '@commander-js/extra-typings';
import { askingFlags, collect, CONFIG, integer, positive, rentFlags, settingsFlag, sshFlags, withLists, yesFlag } from './flags.ts';
import { addCloudCommands } from './program-cloud.ts';
import { addLaunchCommands } from './program-launch.ts';
import { addMockCommand } from './program-mock.ts';
import { addQueueCommands } from './program-queue.ts';
import { addHistoryCommands } from './program-history.ts';
import { addReportCommands } from './program-report.ts';
import { addSelfcheckCommand } from './program-selfcheck.ts';
import { CLI_VERSION } from './version.ts';

const EPILOGUE = `
Exit codes: 0 ok · 1 some task failed · 2 usage, recipe or settings · 3 missing part or unfit host · 4 credentials, quota, capacity, price limit
5 nothing could be measured · 6 clean-up incomplete · 7 gate · 8 --strict · 124 watchdog · 130 interrupted, clean`;

const SITES = 'local · docker · ssh:user@host[,…] · slurm[:LOGIN] · cloud · cloudrift · gcp · vast';
/** `apiKindSchema` of `@bench/core`, which help is not to load. */
const LOAD_APIS = ['chat', 'completions', 'embeddings', 'responses', 'messages', 'ollama', 'tgi', 'llamacpp', 'rerank'];
const RECIPES = 'recipe folders or files';
const RUN = 'run id, folder, or "latest"';

/** The command line: flags and texts. Actions are loaded when they are called, so that help is quick. */
export function buildProgram(result: { code: number }): Command {
  const program = new Command('bench')
    .description('From a recipe (model, engine, GPUs, load) to a report of throughput, latency and cost.')
    .version(CLI_VERSION, '-V, --version')
    .exitOverride()
    .showHelpAfterError('(bench --help lists commands and flags)')
    .showSuggestionAfterError()
    .addHelpText('after', EPILOGUE);

  rentFlags(
    yesFlag(
      askingFlags(
        program
          .command('run')
          .description('deploy what recipes describe, measure it, take it down, write a report')
          .argument('[recipe...]', RECIPES),
      )
        .option('--on <site>', `where the run happens: ${SITES} (default: local)`)
        .option('--no-teardown', 'leave the last deployment of each machine up; bench teardown ends it')
        .option('--detach', 'on a cluster: leave the jobs to the queue; bench watch and bench collect go on')
        .option('--seed <n>', 'seed of everything random in the load (default: 0)', integer(0))
        .option('--resume <run>', 'go on with a run: measure only what is missing')
        .option('--out <folder>', 'folder of runs', 'runs')
        .option('--dry-run', 'print every file and command; connect to nothing and do nothing')
        .option('--strict', 'exit with 8 when a measurement is in doubt')
        .option('--no-report', 'write no report.html and report.xlsx')
        .option('--json', 'print the result as JSON'),
    ),
  ).action(async (recipes, options) => {
    result.code = await (await import('./commands/run.ts')).run(recipes, withLists(options));
  });

  rentFlags(
    yesFlag(
      askingFlags(
        program
          .command('deploy')
          .description('bring up what a recipe describes, and leave it up; bench teardown ends it')
          .argument('<site>', 'docker (local means that too) · ssh:user@host · cloud · cloudrift · gcp · vast')
          .argument('<recipe...>', RECIPES),
      )
        .option('--out <folder>', 'folder of runs', 'runs')
        .option('--dry-run', 'print every file and command; connect to nothing and do nothing')
        .option('--json', 'print the result as JSON'),
    ),
  ).action(async (site, recipes, options) => {
    result.code = await (await import('./commands/deploy.ts')).deploy(site, recipes, withLists(options));
  });

  program
    .command('load')
    .description('send load to a server that is already up, and print what was measured')
    .argument('<url...>', 'base URL of the server, http://127.0.0.1:8000; of several, each gets its turns of the requests')
    .option('--model <name>', 'model to ask for (default: the only one the server lists)')
    .addOption(new Option('--api <kind>', 'HTTP API').choices(LOAD_APIS).default('chat'))
    .option('--concurrency <n>', 'requests in flight; in an open loop a cap (default: 1, in an open loop none)', integer(1))
    .option('--rate <n>', 'requests per second, open loop', positive)
    .addOption(new Option('--arrival <kind>', 'intervals of an open loop').choices(['poisson', 'constant', 'gamma']).default('poisson'))
    .option('--burstiness <n>', 'shape of gamma intervals', positive, 1)
    .option('--stages <list>', 'open loop with a rate that changes in time: 30s:5,60s:5-50 is 5 a second, then a ramp to 50')
    .option('--bursts <n:time>', 'open loop of bursts: 20:5s is 20 requests at once every 5 seconds')
    .option('--ramp <list>', 'closed loop whose concurrency changes in time: 60s:0-32,5m:32 is a ramp from 0 to 32, then 32')
    .option('--requests <n>', 'measured requests (default: 10 a concurrency, 100 in an open loop)', integer(1))
    .option('--duration <time>', 'send for this long instead: 30s, 2m')
    .option('--input-len <n>', 'prompt tokens: 256, 100-400, or as --random-range-ratio means it: vllm:256:0.5, sglang:256:0.5', '256')
    .option('--output-len <n>', 'output tokens: 128, or 64-256, or as above', '128')
    .option(
      '--dataset <type:path>',
      'sonnet: lines of English instead of words in a row; prompts from a file: jsonl:PATH, sharegpt:PATH; from a data set: hf:PATH; times and lengths of a trace: mooncake:PATH, azure:PATH, burstgpt:PATH',
    )
    .option('--column <name>', 'with hf: column of the prompts (default: the first that is known to hold some)')
    .option('--split <name>', 'with hf: which files of a folder (default: train, where there is one)')
    .option('--rows <n>', 'with hf: rows to read (default: all)', integer(1))
    .option('--speed <n>', 'how many times as fast a trace is replayed (default: 1)', positive)
    .option('--documents <n>', 'with --api rerank: documents of a request (default: 8)', integer(1))
    .option('--shared-prefix <n>', 'tokens that all prompts begin with', integer(0), 0)
    .option('--prefix-groups <n>', 'groups, each with a shared prefix of its own, drawn by Zipf: 50, or 50:1.1 with its exponent (1)')
    .option('--models <list>', 'model or LoRA names that requests name, drawn by weight: base=3,adapter-a,adapter-b')
    .option('--turns <n>', 'conversations of so many requests: 4, or 2-6; --concurrency, --rate and --bursts then count conversations')
    .option('--turn-input-len <n>', 'with --turns: tokens of what the user says from the second turn on (default: --input-len)')
    .option('--think-time <time>', 'with --turns: from the end of an answer to the next turn: 5s, or drawn, of this mean: 5s:exponential')
    .addOption(new Option('--history <kind>', 'with --turns: earlier answers as they were, or made ones').choices(['answers', 'synthetic']))
    .option('--cancel <part>', 'part of the requests that is given up: 0.1 (while it is answered), 0.1:2s, 0.1:500ms-5s after sending')
    .option(
      '--tokenizer <file>',
      'a tokenizer.json, which counts the tokens of answers where the server tells none, and checks what it tells',
    )
    .option('--images <size>', 'pictures of noise with each request: 512x512, 2:512x512, or 1-3:256-1024x256-1024 (--api chat, messages)')
    .option('--warmup <n>', 'requests sent first and not counted, or for how long they are: 30s', '0')
    .option('--timeout <time>', 'a request that takes longer has failed', '600s')
    .option('--no-ignore-eos', 'let the model end where it wants')
    .option('--extra-body <json>', 'fields that every request body gets, such as \'{"top_k": 20}\'')
    .option('--no-stream', 'ask for whole answers')
    .option('--api-key-env <name>', 'environment variable that holds the API key')
    .option('--source-address <ip>', 'address of this machine to send from; may be given again: requests leave from each in turn', collect)
    .option('--seed <n>', 'seed of everything random (default: a new one each time)', integer(0))
    .option('--strict', 'exit with 8 when the measurement is in doubt')
    .option('--json', 'print the result as JSON')
    .action(async (url, options) => {
      result.code = await (await import('./commands/load.ts')).load(url, options);
    });

  addMockCommand(program, result);
  addSelfcheckCommand(program, result);

  program
    .command('init')
    .description('write a recipe to start from')
    .argument('[folder]', 'folder to make')
    .option('--template <name>', 'which one (--list shows them)')
    .option('--list', 'list the templates')
    .option('--settings', 'write bench.config.yaml instead, with everything commented out')
    .action(async (folder, options) => {
      result.code = await (await import('./commands/init.ts')).init(folder, options);
    });

  const recipe = program.command('recipe').description('check and show recipes');
  recipe
    .command('validate')
    .description('check recipes; every problem is printed with file, line and column')
    .argument('<path...>', 'recipe folders or files')
    .option('--json', 'print the result as JSON')
    .option('--config <file>', CONFIG)
    .action(async (paths, options) => {
      result.code = await (await import('./commands/recipe.ts')).validate(paths, options);
    });
  recipe
    .command('show')
    .description('print a resolved recipe, with where each value comes from')
    .argument('<path>', 'recipe folder or file')
    .option('--variant <name>', 'which variant (default: the first)')
    .option('--filter <key=glob>', 'keep variants whose parameter matches', collect)
    .option('--json', 'print the result as JSON')
    .option('--config <file>', CONFIG)
    .action(async (path, options) => {
      result.code = await (await import('./commands/recipe.ts')).show(path, { ...options, filter: options.filter ?? [] });
    });
  recipe
    .command('variants')
    .description('list the variants of recipes')
    .argument('<path...>', 'recipe folders or files')
    .option('--filter <key=glob>', 'keep variants whose parameter matches', collect)
    .option('--json', 'print the result as JSON')
    .option('--config <file>', CONFIG)
    .action(async (paths, options) => {
      result.code = await (await import('./commands/recipe.ts')).variants(paths, { ...options, filter: options.filter ?? [] });
    });
  recipe
    .command('schema')
    .description('print the JSON Schema of recipe.yaml, for editors; with the engines of plugins')
    .option('--config <file>', CONFIG)
    .action(async (options) => {
      result.code = await (await import('./commands/recipe.ts')).schema(options);
    });

  addReportCommands(program, result);
  addHistoryCommands(program, result);

  settingsFlag(
    program
      .command('status')
      .description('show how a run stands, and what is still up; of jobs of a queue that run, also their GPUs and CPUs')
      .argument('<run>', RUN)
      .option('--out <folder>', 'folder of runs', 'runs')
      .option('--json', 'print as JSON'),
  ).action(async (run, options) => {
    result.code = await (await import('./commands/status.ts')).status(run, options);
  });

  settingsFlag(
    program
      .command('logs')
      .description('print what the engines, services and commands of a run wrote')
      .argument('<run>', RUN)
      .argument('[variant]', 'only what this variant ran on: its name, or recipe/name')
      .option('-f, --follow', 'go on as it grows: until the run ends, or of what was left up until Ctrl-C')
      .option('--out <folder>', 'folder of runs', 'runs'),
  ).action(async (run, variant, options) => {
    result.code = await (await import('./commands/logs.ts')).logs(run, variant, options);
  });

  settingsFlag(
    program
      .command('teardown')
      .alias('cancel')
      .description('end all that a run left up, on all its machines; may be repeated')
      .argument('<run>', RUN)
      .option('--out <folder>', 'folder of runs', 'runs')
      .option('--dry-run', 'only say what would be ended, as far as the run knows; connect to nothing')
      .option('--json', 'print as JSON'),
  ).action(async (run, options) => {
    result.code = await (await import('./commands/teardown.ts')).teardown(run, options);
  });

  settingsFlag(
    yesFlag(
      program
        .command('rerun')
        .description('a new run of what a run was asked: its recipes as they are now, filters, site, seed')
        .argument('<run>', RUN)
        .option('--out <folder>', 'folder of runs', 'runs')
        .option('--dry-run', 'print every file and command; connect to nothing and do nothing')
        .option('--strict', 'exit with 8 when a measurement is in doubt')
        .option('--no-report', 'write no report.html and report.xlsx')
        .option('--json', 'print the result as JSON'),
    ),
  ).action(async (run, options) => {
    result.code = await (await import('./commands/rerun.ts')).rerun(run, options);
  });

  sshFlags(program.command('doctor').description('check this machine, or the hosts of a site, and say how to mend what is missing'))
    .option('--on <site>', `what to check: ${SITES} (default: this machine)`)
    .option('--config <file>', CONFIG)
    .option('--json', 'print as JSON')
    .action(async (options) => {
      result.code = await (await import('./commands/doctor.ts')).doctor(options);
    });

  addCloudCommands(program, result);
  addQueueCommands(program, result);
  addLaunchCommands(program, result);

  const image = program.command('image').description('make container images');
  sshFlags(
    image
      .command('build')
      .description('build the image of an engine on a host, out of what is installed here')
      .addArgument(new Argument('<engine>', 'which engine').choices(['embedded'])),
  )
    .option('--on <site>', 'where: docker (this machine) · ssh:user@host[,…]', 'docker')
    .option('--base <image>', 'Node image to build on (default: node:22-slim)')
    .option('--offline', 'build from the host’s own Node; pulls nothing')
    .option('--dry-run', 'print every file and command; connect to nothing and do nothing')
    .option('--json', 'print as JSON')
    .action(async (_engine, options) => {
      result.code = await (await import('./commands/image.ts')).buildImage(options);
    });

  program
    .command('completion')
    .description('print a completion script for a shell: source <(bench completion bash)')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .action(async (shell) => {
      result.code = await (await import('./commands/completion.ts')).completion(shell, program);
    });

  return program;
}
