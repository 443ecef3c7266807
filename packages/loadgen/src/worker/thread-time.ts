import { readFileSync } from 'node:fs';

/** What a thread has had of the CPUs since it began, milliseconds; null: the system does not tell it of a thread. */
export interface ThreadTime {
  cpuMs: number | null;
  /** Ready to run, but on no CPU: others had them, or the quota of its control group was used up. */
  waitMs: number | null;
}

interface NewerProcess {
  /** Of Node ≥ 23.9, microseconds. */
  threadCpuUsage?: () => { user: number; system: number };
}

/**
 * Of the calling thread. Linux tells both in `/proc/thread-self/schedstat`: nanoseconds on a CPU, nanoseconds in the run queue, and time slices
 * (the kernel's Documentation/scheduler/sched-stats); all three are 0 where it does not keep count.
 */
export function threadTime(): ThreadTime {
  const [cpuNs = 0, waitNs = 0] = schedstat();
  if (cpuNs > 0) return { cpuMs: cpuNs / 1e6, waitMs: waitNs / 1e6 };
  const used = (process as NewerProcess).threadCpuUsage?.();
  return { cpuMs: used ? (used.user + used.system) / 1000 : null, waitMs: null };
}

function schedstat(): number[] {
  try {
    return readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ').map(Number);
  } catch {
    return [];
  }
}
