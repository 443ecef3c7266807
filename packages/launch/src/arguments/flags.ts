/** A flag of `bench launch`. */
export interface LaunchFlag {
  /** Its name, with dashes. */
  name: `--${string}`;
  /** Other names, as `mpirun`, `mpiexec`, `srun` and `torchrun` have them. */
  aliases?: readonly string[];
  /** What its value is called; absent: it has none. */
  value?: string;
  /** May be given several times. */
  repeatable?: true;
  /** For people. */
  text: string;
}

/** All flags of `bench launch`, in the order in which help lists them. `_` may be written for `-` inside a name. */
export const LAUNCH_FLAGS = [
  {
    name: '--ranks',
    aliases: ['-n', '-np', '--np', '--nproc', '--ntasks', '--world-size'],
    value: 'n',
    text: 'ranks in all (default: those that fit the job)',
  },
  {
    name: '--ranks-per-node',
    aliases: ['-ppn', '--ppn', '--nproc-per-node', '--ntasks-per-node'],
    value: 'n',
    text: 'ranks on each node (default: a rank for each GPU)',
  },
  { name: '--nodes', aliases: ['-nh', '-N', '--nnodes', '--nhosts'], value: 'n', text: 'nodes (default: all of the job)' },
  { name: '--hostfile', aliases: ['-f', '--machinefile'], value: 'file', text: 'use these nodes; wins over what the scheduler says' },
  { name: '--scheduler', value: 'name', text: 'slurm, pbs, none or a plugin’s (default: looked for)' },
  { name: '--machine', value: 'name', text: 'machine profile, or none (default: looked for)' },
  {
    name: '--launcher',
    value: 'program',
    text: 'what starts the ranks: srun, mpiexec, mpirun, a path, local (default: by scheduler and machine)',
  },
  { name: '--mpi', value: 'kind', text: 'dialect of the launcher: openmpi, mpich, intelmpi, pals, srun (default: asked from it)' },
  { name: '--cpu-bind', value: 'how', text: 'CPU binding in the launcher’s words, or none (default: the machine’s)' },
  { name: '--env', aliases: ['-x'], value: 'name[=value]', repeatable: true, text: 'set for every rank; without a value, as it is here' },
  { name: '--master-port', value: 'port', text: 'MASTER_PORT of the ranks (default: made of the job’s id)' },
  { name: '--launcher-arg', value: 'word', repeatable: true, text: 'one more word for the launcher' },
  { name: '--launcher-args', text: 'all words from here to -- are for the launcher' },
  { name: '--timeout', value: 'time', text: 'end the program when it is silent for so long: 900, 15m; the exit code is 124' },
  { name: '--retries', value: 'n', text: 'start again after a failure, up to n times, after 5, 10, 20, 40, then 60 seconds' },
  {
    name: '--failover',
    aliases: ['--auto-retry'],
    text: 'start again after a failure, with spare nodes in place of bad ones; with --nodes or --ranks',
  },
  { name: '--spare-nodes', value: 'n', text: 'nodes kept for --failover: a number, or auto for all that are left (default: auto)' },
  { name: '--max-failover-retries', value: 'n', text: 'how often --failover starts again (default: 5)' },
  { name: '--progress', value: 'regex', text: 'what a line of progress looks like for --failover, or none (default: step=N)' },
  { name: '--prefix', aliases: ['--label'], text: 'begin each line with its rank' },
  {
    name: '--filter',
    value: 'regex',
    repeatable: true,
    text: 'leave lines out that match as a whole, or a named filter; counted, never errors, all is in the log',
  },
  { name: '--log', value: 'file', text: 'write all output here, too' },
  { name: '--log-dir', value: 'folder', text: 'folder for logs of --failover and --filter (default: logs)' },
  { name: '--test', text: 'run a reference program instead that checks ranks, GPUs and connections' },
  { name: '--print-command', text: 'print the launch line and do nothing' },
  { name: '--dry-run', text: 'print all that would be done; do nothing' },
  { name: '--json', text: 'print what --test, --print-command or --dry-run say as JSON' },
  { name: '--help', aliases: ['-h'], text: 'display help for command' },
] as const satisfies readonly LaunchFlag[];

/** Name of a flag of `bench launch`. */
export type LaunchFlagName = (typeof LAUNCH_FLAGS)[number]['name'];
