import type { MachineProfile } from './machines/profile.ts';

/** What an external program answered. `code` 127 when the program is not there, 124 when it was ended for its time. */
export interface ProgramAnswer {
  code: number;
  stdout: string;
  stderr: string;
}

/**
 * All that detection sees of the world. Every function of detection is pure over it, so that each case is a row in a test.
 * {@link realSystem} makes one of this machine.
 */
export interface System {
  env: Readonly<Record<string, string | undefined>>;
  /** As the machine calls itself, with or without a domain. */
  hostname: string;
  /** The user's name, for queries to the queue. */
  user: string;
  /** Numeric user id; null where there is none. */
  uid: number | null;
  /** Text of a file, or null when it cannot be read. */
  files(path: string): string | null;
  /** Runs a short query. Never throws. */
  exec(argv: readonly [string, ...string[]]): ProgramAnswer;
  /** Waits between tries of a query. Absent: no waiting. */
  pause?(ms: number): void;
}

/** `none`: no queue; ranks are started by MPI or by this package itself. Other names are plugins'. */
export type SchedulerName = 'slurm' | 'pbs' | 'none' | (string & {});

/** Which dialect of launch line is spoken. `local`: this package's own starter, for one machine without MPI. Other names are plugins'. */
export type Flavour = 'srun' | 'pals' | 'openmpi' | 'mpich' | 'intelmpi' | 'local' | (string & {});

/** What a scheduler says about the job one is in. */
export interface JobFacts {
  /** Without the server's name: `1234`, `1234[7]` for a member of a PBS array. */
  jobId: string;
  /** Where the id was found: a variable's name, or the query. */
  source: string;
}

/** A scheduler of somebody else, asked before the built-in ones. */
export interface SchedulerPlugin {
  name: string;
  /** Is this its machine? */
  detect(system: System): boolean;
  /** The job one is in, or null. */
  job(system: System): JobFacts | null;
  /** Node names of the job, in the order in which ranks are laid out. */
  nodes(system: System, job: JobFacts): string[];
  /** The launcher with all its flags; `draft.command` (the command wrapped for its ranks) comes last. */
  launchLine(draft: LaunchDraft): [string, ...string[]];
  /**
   * POSIX `sh` that sets `RANK` and `LOCAL_RANK` (and may set `NODE_RANK`) from what the launcher gives to each rank. A constant:
   * never made of data. Default: from the names that every MPI uses.
   */
  rankScript?: string;
  /** A job script for `bench submit`. */
  submitScript?(job: SubmitJob): string;
  /** What submits the script at `path`. */
  submitArgv?(path: string): [string, ...string[]];
}

/** A job to be written and submitted. */
export interface SubmitJob {
  command: readonly string[];
  nodes: number;
  /** Wall time, `HH:MM:SS`. */
  time: string;
  /** PBS queue, or Slurm partition. */
  queue: string | null;
  account: string | null;
  jobName: string | null;
  /** Working folder of the job; null: where it is submitted. */
  cwd: string | null;
}

/** The nodes one may use now, and what is known of them. */
export interface Allocation {
  scheduler: SchedulerName;
  /** Null: not inside a job. */
  jobId: string | null;
  /** Names as the scheduler or the hostfile gives them, and in its order. At least one. */
  nodes: string[];
  /** Addresses of nodes that are reached by another name than their own. */
  addresses: Record<string, string>;
  /** The hostfile that the nodes were read from; null when they come from elsewhere. */
  hostfile: string | null;
  /** 0: none found. */
  gpusPerNode: number;
  /** Ranks per node that the job was asked for, or that the hostfile has slots for; null: not said. */
  slotsPerNode: number | null;
  /** CPUs of the job on each node, at least; null: not said. */
  cpusPerNode: number | null;
  /** CPUs for each rank that the job was asked for; null: not said. */
  cpusPerRank: number | null;
  /** Is this itself within a step of Slurm, whose CPUs and GPUs further steps must share? */
  insideStep: boolean;
  /** World size that an environment from outside asks for; null: none. */
  worldSize: number | null;
  /** The machine's profile; null: an unknown machine. */
  machine: MachineProfile | null;
  /** Where each fact comes from: `{ jobId: 'SLURM_JOB_ID', nodes: 'SLURM_JOB_NODELIST', ... }`. */
  source: Record<string, string>;
  /** What a person should know: a variable that was not believed, a profile that was guessed. */
  notes: string[];
}

/** `ranks = nodes * ranksPerNode`, always. */
export interface Topology {
  nodes: number;
  ranksPerNode: number;
  ranks: number;
}

/** What the user asked for. All counts are positive integers. */
export interface LaunchRequest {
  command: readonly string[];
  ranks?: number | undefined;
  ranksPerNode?: number | undefined;
  nodes?: number | undefined;
  /** Use these nodes of the allocation, in this order. Default: its first ones. What failover gives. */
  nodeNames?: readonly string[] | undefined;
  /** Path of a hostfile; wins over what the scheduler says. */
  hostfile?: string | undefined;
  /** In the launcher's own words. Default: the machine profile's; `none` for none. */
  cpuBind?: string | undefined;
  /** Program that starts the ranks: `srun`, `mpiexec`, `mpirun`, `mpiexec.hydra`, a path, or `local`. Default: by scheduler and machine. */
  launcher?: string | undefined;
  /** Dialect of the program. Default: asked from the program. */
  mpi?: Flavour | undefined;
  /** Set for every rank. Values never appear in arguments. */
  env?: Readonly<Record<string, string>> | undefined;
  /** Ask the launcher to begin each line of output with its rank; read back with {@link readLabel}. */
  label?: boolean | undefined;
  /** Port of `MASTER_PORT`. Default: made of the job's or the launch's id, in 20000-29999. */
  masterPort?: number | undefined;
  /** Flags for the launcher itself, before the command. */
  passThrough?: readonly string[] | undefined;
}

/** A program that can start ranks. */
export interface LauncherProgram {
  /** What to run: `mpiexec`, `srun`. */
  program: string;
  flavour: Flavour;
  /** As it calls it; null: not said. */
  version: string | null;
}

/** What a plan is made with, besides the request and the allocation. Gathered once by {@link launchContext}. */
export interface LaunchContext {
  /** Id of this launch: value of `BENCH_LAUNCH_ID`, by which its processes are found again. */
  id: string;
  /** Folder for the files of the plan, absolute; it need not exist yet. */
  folder: string;
  /** The chosen launcher. */
  launcher: LauncherProgram;
  /** Names of the variables that are set here; what must be named to reach other nodes is picked from them. */
  variables: readonly string[];
  /** `CPU_BIND` of the environment, for when `--cpu-bind` is not given; null: not set. */
  cpuBind: string | null;
  /** Is this user root? */
  root: boolean;
  /** This machine, as it calls itself. */
  hostname: string;
  /** Path of this package's own starter of local ranks. */
  starter: string;
  plugins: readonly SchedulerPlugin[];
}

/** A file that must be there before the launch. */
export interface PlanFile {
  path: string;
  content: string;
  mode: number;
}

/** A plan before its launch line is written; what a launch line is a function of. */
export interface LaunchDraft {
  allocation: Allocation;
  topology: Topology;
  launcher: LauncherProgram;
  /** Nodes of this launch, rank 0 on the first. */
  nodes: readonly string[];
  /** File with these nodes in the flavour's format; null when the flavour needs none. */
  hostfile: string | null;
  /** Do the nodes differ from the allocation's own list in content or order? */
  chosen: boolean;
  cpuBind: string | null;
  label: boolean;
  /** Names of variables that must reach every rank, their values being in the launcher's environment. */
  exports: readonly string[];
  passThrough: readonly string[];
  root: boolean;
  /** Path of this package's own starter of local ranks. */
  starter: string;
  /** The user's command behind the wrapper that sets the distributed environment. */
  command: readonly string[];
}

/** Everything that a launch will do. Pure data: `--print-command` and `--dry-run` print it. */
export interface LaunchPlan {
  id: string;
  allocation: Allocation;
  topology: Topology;
  launcher: LauncherProgram;
  /** Nodes that are used, rank 0 on the first. */
  nodes: readonly string[];
  /** The whole command line. */
  argv: [string, ...string[]];
  /** Added to the environment of `argv[0]`. */
  env: Record<string, string>;
  /** Written before the start, removed after the end. */
  files: PlanFile[];
  notes: string[];
  master: { address: string; port: number };
  /** Does the launcher put ranks before lines? */
  labelled: boolean;
}
