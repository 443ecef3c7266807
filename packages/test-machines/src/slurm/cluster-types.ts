import type { LoginShell, Machine } from '../machine-types.ts';
import type { RunOptions, RunResult } from '../run.ts';

export interface SlurmOptions {
  /** Nodes with GPUs: `gpu0`, `gpu1`, … Default 4. */
  nodes?: number;
  /** Default 2; 0: none of Slurm's GPUs. */
  gpusPerNode?: number;
  /** Type in Slurm's `gres/gpu:TYPE`. Default `a100`. */
  gpuType?: string;
  /** Nodes without GPUs: `cpu0`, … Default 1; 0: and no partition `cpu`. */
  cpuNodes?: number;
  /** CPUs that every node says it has. Default 8. */
  cpusPerNode?: number;
  /** Memory that every node says it has. Default 16 000. */
  memoryMiB?: number;
  /** Is there slurmdbd on a MariaDB? Default false: `sacct` says that accounting is disabled. */
  accounting?: boolean;
  /** With accounting: jobs need an association, and limits of qos hold. Default false. See {@link SlurmCluster.login} for `sacctmgr`. */
  enforceLimits?: boolean;
  /** Partitions instead of the usual ones: `gpu` (default; all GPU nodes), `cpu`, and `short` (GPU nodes, at most one minute). */
  partitions?: readonly SlurmPartition[];
  /** Lines of slurm.conf that come last: `['MaxJobCount=3']`. */
  conf?: readonly string[];
  /** Seconds that a job's processes have between SIGTERM and SIGKILL. Default 3. */
  killWaitS?: number;
  /** Login shell of `bench`. Default `bash`. */
  shell?: LoginShell;
  /** Size of the HOME that all its machines share, for tests of full quotas; it is then seen by `login.path('/home/bench')` only. Default: the disk's. */
  homeSizeMiB?: number;
  /** What a login shell and ssh say to everybody who comes. Default: two lines. */
  banner?: string;
  /** More folders of this computer that login host and nodes can read at the same path, such as this repository. Default none. */
  share?: readonly string[];
  /** Default true: the process's Node is on all of them. */
  node?: boolean;
  signal?: AbortSignal;
}

export interface SlurmPartition {
  name: string;
  /** In Slurm's notation: `gpu[0-1]`. */
  nodes: string;
  /** Default: the first. */
  default?: boolean;
  /** In Slurm's notation: `1` is a minute. Default INFINITE. */
  maxTime?: string;
  /** More of the line: `['MaxNodes=1', 'State=DOWN']`. */
  options?: readonly string[];
}

/** A Slurm that is up, all nodes idle. */
export interface SlurmCluster {
  /** What `sbatch`, `srun`, `squeue` of this computer need to talk to it, as root. */
  readonly env: { SLURM_CONF: string };
  /** Path of slurm.conf here. */
  readonly conf: string;
  /**
   * The login host, on which slurmctld runs too: reached over SSH as `bench` by its `target`, `identityFile`, `knownHostsFile` or `sshConfigFile`.
   * Slurm's programs work there in login shells only: SLURM_CONF is set by the profile, which prints the banner.
   */
  readonly login: Machine;
  /** Those with GPUs first. */
  readonly nodeNames: readonly string[];
  /** The machine of a node. Its name is known on the login host and all nodes; here, only its address works. */
  node(name: string): Machine;
  /** A folder at the same path here, on the login host and on all nodes; everybody may write there. HOME of `bench` is shared by those machines too. */
  readonly shared: string;
  /** Runs one of Slurm's programs here as root, in the shared folder. @throws when it fails, unless `check` is false */
  run(argv: readonly [string, ...string[]], options?: RunOptions): Promise<RunResult>;
  /** Runs it on the login host as `bench`, in HOME, with SLURM_CONF. @throws when it fails, unless `check` is false */
  runAsUser(argv: readonly [string, ...string[]], options?: RunOptions): Promise<RunResult>;
  /** What its daemons wrote, each under its name. */
  logs(): string;
  /** No new jobs there. */
  drain(node: string, reason?: string): Promise<void>;
  /** Takes a node that was drained or killed back, and waits until it can be used. */
  resume(node: string): Promise<void>;
  /** Ends everything on the node, unplugs it, and tells slurmctld, as a site's health check does; alone it would take it some minutes. */
  killNode(node: string): Promise<void>;
  /**
   * The job's time is over in so many seconds (default 0). Slurmctld looks every 30 s, then the job becomes TIMEOUT. With more than 30 s it first
   * sends the signal that the job asked for with `--signal`; with less it may send that and SIGTERM at once, in any order.
   */
  expire(job: string, inS?: number): Promise<void>;
  /** Ends slurmctld, so that every command fails to reach it (they try for ten seconds), until `startController`. Jobs run on. */
  stopController(): Promise<void>;
  startController(): Promise<void>;
  /** Ends the whole cluster and removes every trace. Idempotent. */
  close(): Promise<void>;
}
