import type { FakeClock } from '../fake/clock.ts';

/** What the fake does that has broken clients. */
export const SLURM_MISBEHAVIOURS = {
  banner: 'the login shell writes a banner, on both streams, before and after every command',
  'prolog-output': 'sbatch writes what the site’s submission plugin has to say, and the prolog writes into the job’s output',
  'cluster-suffix': 'sbatch answers with jobid;cluster',
  'accounting-disabled': 'sacct says "Slurm accounting storage is disabled"',
  'accounting-down': 'sacct cannot reach its database',
  'accounting-late': 'accounting writes an ended job down 30 s later',
  forgotten: 'the controller forgets a job the moment it ends',
  'slow-end': 'a job that was cancelled completes for 20 s',
  configuring: 'nodes are switched on first',
  'socket-timeouts': 'every fifth command times out on its socket',
  unreachable: 'every fifth command finds no controller',
  slow: 'every answer is late',
} as const;
export type SlurmMisbehaviour = keyof typeof SLURM_MISBEHAVIOURS;

/**
 * How a command goes wrong. `lost-before`, `lost-after`: the connection ends before, or after it acted. `socket-timeout-before`, `-after`: the controller did
 * not answer in time, and acted not, or all the same. `cut`: it acted, and half of its answer comes. `endless`: it acted, and never ends. `refused`,
 * `denied`: nobody gets into the login host, or not with this key.
 */
export type SlurmFaultHow =
  | 'lost-before'
  | 'lost-after'
  | 'socket-timeout-before'
  | 'socket-timeout-after'
  | 'unreachable'
  | 'cut'
  | 'endless'
  | 'refused'
  | 'denied'
  | { code: number; stderr: string };

export interface SlurmFault {
  /** Compared with the command and its arguments, with blanks between. Default: every one. */
  match?: RegExp;
  /** How often it strikes. Default: until it is removed. */
  times?: number;
  /** Share of the commands that match, drawn from `seed` (default 1). Default 1. */
  rate?: number;
  seed?: number;
  how: SlurmFaultHow;
}

export interface FakeSlurmNode {
  name: string;
  /** As sinfo prints it: `gpu:a100:4`, `(null)`. */
  gres: string;
  cpus: number;
  memoryMb: number;
  features: readonly string[];
  /** Compact: `idle`, `drain`, `down*`. */
  state: string;
}

export interface FakeSlurmPartition {
  name: string;
  nodes: readonly string[];
  isDefault?: boolean;
  /** As sinfo prints it. Default `infinite`. */
  timeLimit?: string;
  /** Default `1-infinite`. */
  jobSize?: string;
  /** `up` (default), `down`, `inact`. */
  state?: string;
  /** Told of only where `--all` asks. Default false. */
  hidden?: boolean;
}

export interface FakeSlurmOptions {
  clock?: FakeClock;
  nodes?: readonly FakeSlurmNode[];
  partitions?: readonly FakeSlurmPartition[];
  /** How long a job waits, milliseconds. Default 5 000. */
  queueMs?: number;
  /** How long it runs, milliseconds. Default: to its time limit. */
  runMs?: number;
  /** How long the controller remembers a job that ended, milliseconds. Default 300 000. */
  minJobAgeMs?: number;
  misbehave?: readonly SlurmMisbehaviour[];
  /** Who submits. Default `ada`. */
  user?: string;
}

const node = (name: string, gres: string, features: readonly string[] = []): FakeSlurmNode => ({
  name,
  gres,
  cpus: 64,
  memoryMb: 512_000,
  features,
  state: 'idle',
});

/** Eight nodes with GPUs of two types, one without. */
export const DEFAULT_NODES: readonly FakeSlurmNode[] = [
  ...['gpu0', 'gpu1', 'gpu2', 'gpu3'].map((name) => node(name, 'gpu:a100:4(S:0-1)', ['nvlink', 'a100'])),
  ...['big0', 'big1', 'big2', 'big3'].map((name) => node(name, 'gpu:h100:8(S:0-1)', ['nvlink', 'h100'])),
  node('cpu0', '(null)'),
];
export const DEFAULT_PARTITIONS: readonly FakeSlurmPartition[] = [
  { name: 'gpu', nodes: ['gpu0', 'gpu1', 'gpu2', 'gpu3', 'big0', 'big1', 'big2', 'big3'], isDefault: true, timeLimit: '2-00:00:00' },
  { name: 'cpu', nodes: ['cpu0'] },
  { name: 'short', nodes: ['gpu0', 'gpu1'], timeLimit: '30:00', jobSize: '1' },
];
