import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A control group whose processes together get a share of one core. */
export interface CpuQuota {
  /** Puts a process in, with all its threads. */
  take(pid: number): void;
  /** When its processes have ended. */
  remove(): Promise<void>;
}

const PERIOD_US = 100_000;

/** Where groups with a quota are made: in the hierarchy of version 1 for CPUs, in the one of version 2. */
const ROOTS = ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/cpu,cpuacct', '/sys/fs/cgroup'];

/** @throws Error where none can be made: the test part `cpu-quota` says so beforehand */
export function cpuQuota(share: number): CpuQuota {
  const quotaUs = share * PERIOD_US;
  for (const root of ROOTS) {
    const group = join(root, `bench-test-${process.pid}`);
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    const [first, second] = ['cpu.cfs_quota_us', 'cpu.max'].map((name) => join(group, name)) as [string, string];
    if (existsSync(first)) writeFileSync(first, String(quotaUs));
    else if (existsSync(second)) writeFileSync(second, `${quotaUs} ${PERIOD_US}`);
    else {
      rmdirSync(group);
      continue;
    }
    return { take: (pid) => writeFileSync(join(group, 'cgroup.procs'), String(pid)), remove: () => removed(group) };
  }
  throw new Error(`no control group with a CPU quota can be made below ${ROOTS.join(', ')}`);
}

/** What has just ended is in its group a moment longer. */
async function removed(group: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      rmdirSync(group);
      return;
    } catch (error) {
      if (tries === 200) throw error;
      await delay(25);
    }
  }
}
