import type { MachineState } from '../contract/machine.ts';

/** States and flags of jobs, long by short; squeue(1) "JOB STATE CODES" and sacct(1). */
const SHORT: Readonly<Record<string, string>> = {
  BF: 'BOOT_FAIL',
  CA: 'CANCELLED',
  CD: 'COMPLETED',
  CF: 'CONFIGURING',
  CG: 'COMPLETING',
  DL: 'DEADLINE',
  F: 'FAILED',
  LF: 'LAUNCH_FAILED',
  NF: 'NODE_FAIL',
  OOM: 'OUT_OF_MEMORY',
  PD: 'PENDING',
  PO: 'POWER_UP_NODE',
  PR: 'PREEMPTED',
  R: 'RUNNING',
  RD: 'RESV_DEL_HOLD',
  RF: 'REQUEUE_FED',
  RH: 'REQUEUE_HOLD',
  RQ: 'REQUEUED',
  RS: 'RESIZING',
  RV: 'REVOKED',
  S: 'SUSPENDED',
  SE: 'SPECIAL_EXIT',
  SI: 'SIGNALING',
  SO: 'STAGE_OUT',
  ST: 'STOPPED',
  TO: 'TIMEOUT',
  UR: 'UPDATE_DB',
};
const LONG: ReadonlySet<string> = new Set(Object.values(SHORT));

/** What a state means for who waits for the job. Suspended and stopped ones keep their place and go on. */
const MEANING: Readonly<Record<string, MachineState>> = {
  PENDING: 'pending',
  REQUEUED: 'pending',
  REQUEUE_HOLD: 'pending',
  REQUEUE_FED: 'pending',
  RESV_DEL_HOLD: 'pending',
  SPECIAL_EXIT: 'pending',
  CONFIGURING: 'provisioning',
  POWER_UP_NODE: 'provisioning',
  RUNNING: 'running',
  SUSPENDED: 'running',
  STOPPED: 'running',
  SIGNALING: 'running',
  RESIZING: 'running',
  UPDATE_DB: 'running',
  COMPLETING: 'stopping',
  STAGE_OUT: 'stopping',
  COMPLETED: 'terminated',
  CANCELLED: 'terminated',
  TIMEOUT: 'terminated',
  DEADLINE: 'terminated',
  PREEMPTED: 'terminated',
  REVOKED: 'terminated',
  FAILED: 'failed',
  NODE_FAIL: 'failed',
  BOOT_FAIL: 'failed',
  OUT_OF_MEMORY: 'failed',
  LAUNCH_FAILED: 'failed',
};
const OVER: ReadonlySet<MachineState> = new Set(['terminated', 'failed']);

/** A job's state: `COMPLETED`, or what else Slurm says (`UNKNOWN` of a newer one). */
export interface JobState {
  /** Long and upper case: `RUNNING`. */
  state: string;
  /** What stands beside it: `COMPLETING`. */
  flags: readonly string[];
  /** Who cancelled it, a user's number or name; null: nobody, or not told. */
  cancelledBy: string | null;
}

/**
 * Reads a state: short or long, `CANCELLED by 1000`, several joined (`PENDING,REQUEUED`, `RUNNING+COMPLETING`), cut short with a plus
 * (`CANCELLED+`). The first that is no mere flag is the state.
 */
export function parseState(text: string): JobState {
  const [words = '', by] = text.trim().split(/\s+by\s+/i);
  const found = words
    .split(/[\s,|+]+/)
    .filter((word) => word !== '')
    .map((word) => longOf(word.toUpperCase()));
  const main = found.find((word) => !FLAGS.has(word)) ?? found[0] ?? 'UNKNOWN';
  return { state: main, flags: found.filter((word) => word !== main), cancelledBy: by?.trim() || null };
}

/** These stand beside a state in newer versions, and alone in older ones. */
const FLAGS: ReadonlySet<string> = new Set([
  'COMPLETING',
  'CONFIGURING',
  'REQUEUED',
  'REQUEUE_HOLD',
  'REQUEUE_FED',
  'RESIZING',
  'SIGNALING',
  'STAGE_OUT',
  'STOPPED',
  'SPECIAL_EXIT',
  'RESV_DEL_HOLD',
  'REVOKED',
  'POWER_UP_NODE',
  'LAUNCH_FAILED',
  'UPDATE_DB',
]);

/** sacct cuts what does not fit in its column. */
function longOf(word: string): string {
  if (LONG.has(word)) return word;
  const short = Object.hasOwn(SHORT, word) ? SHORT[word] : undefined;
  if (short !== undefined) return short;
  const cut = word.length >= 5 ? [...LONG].filter((long) => long.startsWith(word)) : [];
  return cut.length === 1 ? (cut[0] as string) : word;
}

/** The state of a machine that the job is; `unknown` for a word that nobody knows. */
export function machineState({ state, flags }: Pick<JobState, 'state' | 'flags'>): MachineState {
  const main = (Object.hasOwn(MEANING, state) ? MEANING[state] : undefined) ?? 'unknown';
  // One that is requeued waits again, and one whose processes are being ended holds its nodes, whatever the state says of its end.
  if (flags.some((flag) => flag.startsWith('REQUEUE'))) return 'pending';
  if (flags.includes('COMPLETING') || flags.includes('STAGE_OUT')) return 'stopping';
  if (main === 'running' && flags.includes('CONFIGURING')) return 'provisioning';
  if (flags.includes('REVOKED')) return 'terminated';
  return main;
}

/** Whether the job is over and its nodes are free. */
export function isOver(job: Pick<JobState, 'state' | 'flags'>): boolean {
  return OVER.has(machineState(job));
}
