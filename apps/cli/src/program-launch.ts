import { type Command, Option } from '@commander-js/extra-typings';
import { LAUNCH_FLAGS, type LaunchFlag } from '@bench/launch/flags';
import { collect, CONFIG, integer } from './flags.ts';

const VIA = ['ssh', 'srun', 'pals', 'mpich', 'openmpi'] as const;

/** Commands that start programs on the nodes of a job. */
export function addLaunchCommands(program: Command, result: { code: number }): void {
  program.enablePositionalOptions();
  const launch = program
    .command('launch')
    .description('start a program on all ranks of the job one is in: Slurm, PBS, or this machine; the exit code is the program’s')
    .usage('[flags] -- <program> [argument...]')
    // What stands after stage and kill is theirs: they have flags of the same names. It takes the program and this command to see to that.
    .enablePositionalOptions()
    .helpOption(false);
  // Listed for help and completion; what stands there is read by parseLaunchArguments, as flags of programs must not be taken for its own.
  for (const flag of LAUNCH_FLAGS as readonly LaunchFlag[])
    launch.addOption(new Option(`${flag.name}${flag.value === undefined ? '' : ` <${flag.value}>`}`, described(flag)));

  nodeFlags(
    launch
      .command('stage')
      .helpOption('-h, --help', 'display help for command')
      .description('copy a file or folder to the node-local storage of all nodes; there it is whole or not at all')
      .argument('<source>', 'file or folder here')
      .argument('<destination>', 'absolute path of the copy on the nodes'),
  )
    .option('--unpack', 'the source is a tar archive, and the destination the folder for what is in it')
    .option('--replace', 'remove what is at the destination (default: a node where something is there has failed)')
    .option('--min-success <nodes>', 'how many nodes must have it: 7, or 90% (default: all)')
    .option('--at-once <n>', 'nodes that are copied to at once (default: 8)', integer(1))
    .option('--timeout <time>', 'for one node and one try (default: 1h)')
    .option('--retries <n>', 'tries after the first (default: 2)', integer(0))
    .option('--dry-run', 'only say what would be copied where')
    .option('--json', 'print as JSON')
    .action(async (source, destination, options) => {
      result.code = await (await import('./commands/launch-nodes.ts')).stageFiles(source, destination, options);
    });

  nodeFlags(
    launch
      .command('kill')
      .helpOption('-h, --help', 'display help for command')
      .description('end what a launch has left on its nodes: processes that carry its id in their environment, and no others')
      .argument('[id]', 'id that bench launch printed'),
  )
    .option('--any', 'what any launch of yours has left')
    .option('--match <text>', 'only processes with this in their command line; repeatable, all must be there', collect)
    .addOption(
      new Option('--signal <name>', 'send only this (default: TERM, then KILL)').choices([
        'TERM',
        'INT',
        'KILL',
        'HUP',
        'USR1',
        'USR2',
        'STOP',
        'CONT',
      ] as const),
    )
    .option('--dry-run', 'only list them')
    .option('--json', 'print as JSON')
    .action(async (id, options) => {
      result.code = await (await import('./commands/launch-nodes.ts')).killProcesses(id, options);
    });

  program
    .command('submit')
    .description('submit a job to Slurm or PBS: bench submit --nodes 2 -- python3 train.py')
    .argument('[command...]', 'program and its arguments, after --; started on all ranks by bench launch')
    .option('--script <file>', 'submit this script instead; flags here win over directives in it')
    .option('-N, --nodes <n>', 'nodes (default: 1)', integer(1))
    .option('-t, --time <time>', 'wall time: 30m, 2h, 01:30:00 (default: 1h)')
    .option('-q, --queue <name>', 'queue of PBS, partition of Slurm (default: the site’s)')
    .option('-A, --account <name>', 'who pays (default: SLURM_ACCOUNT or PBS_ACCOUNT, then PROJECT)')
    .option('--qos <name>', 'quality of service (Slurm)')
    .option('--job-name <name>', 'name of the job (default: bench)')
    .option('--output <file>', 'file of its output (default: the site’s)')
    .option('--error <file>', 'file of its errors (default: with the output)')
    .option('--gpus-per-node <n>', 'GPUs of each node', integer(0))
    .option('--gpu-type <name>', 'type of GPU (Slurm)')
    .option('--ranks-per-node <n>', 'ranks on each node, for the queue and for bench launch', integer(1))
    .option('--cpus-per-rank <n>', 'CPU cores of each rank', integer(1))
    .option('--memory <size>', 'memory of each node: 64G')
    .option('--filesystems <names>', 'file systems that the job uses: home:eagle (PBS)')
    .option('--after <job>', 'begin when this job has ended well')
    .option('--directive <flag>', 'one more flag of sbatch or qsub: --constraint=a100; repeatable', collect)
    .option('--scheduler <name>', 'slurm, pbs or a plugin’s (default: looked for)')
    .option('--env <name=value>', 'set in the job; it stands in the script, so no secrets; repeatable', collect)
    .option('--setup <file>', 'script that sets the environment up, read by the job’s shell')
    .option('--no-launch', 'run the program on the first node alone, not by bench launch')
    .option('--dry-run', 'print the script and the command; submit nothing')
    .option('--json', 'print as JSON')
    .option('--config <file>', CONFIG)
    .action(async (command, options) => {
      result.code = await (await import('./commands/submit.ts')).submitJob(command, options);
    });
}

function described({ text, aliases = [], repeatable }: LaunchFlag): string {
  return `${text}${repeatable ? '; repeatable' : ''}${aliases.length === 0 ? '' : `; also ${aliases.join(' ')}`}`;
}

/** Flags of whatever works on all nodes. */
function nodeFlags<A extends unknown[], O extends Record<string, unknown>, G extends Record<string, unknown>>(command: Command<A, O, G>) {
  return command
    .option('--nodes <list>', 'these nodes: gpu[0-3],n7 (default: those of the job, else this machine)')
    .option('--hostfile <file>', 'nodes of this file')
    .addOption(new Option('--via <how>', 'how to get to them (default: srun in a Slurm job, else ssh)').choices(VIA))
    .option('--config <file>', CONFIG);
}
