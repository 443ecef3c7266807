import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** How often the CPU quota of a control group was used up, since the group was made. */
export interface QuotaUse {
  periods: number;
  throttled: number;
}

/** Where Linux has them; for tests elsewhere. */
export interface CgroupPlaces {
  /** Default: `/proc/self/cgroup`. */
  membership?: string;
  /** Default: `/sys/fs/cgroup`. */
  mounts?: string;
}

/**
 * Of this process's control group and of those around it that can be seen, by the paths of their `cpu.stat`, version 1 or 2 (the kernel's
 * admin-guide/cgroup-v2, scheduler/sched-bwc). In a container the process's own group is where the root is mounted. Empty where there are none.
 */
export function quotaUse({ membership = '/proc/self/cgroup', mounts = '/sys/fs/cgroup' }: CgroupPlaces = {}): Map<string, QuotaUse> {
  const found = new Map<string, QuotaUse>();
  for (const line of read(membership).split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    if (controllers !== '' && !controllers.split(',').includes('cpu')) continue;
    const roots = controllers === '' ? [mounts] : [...new Set([join(mounts, 'cpu'), join(mounts, controllers)])];
    for (const root of roots) {
      for (const group of withParents(path)) {
        const file = join(root, group, 'cpu.stat');
        const use = parse(read(file));
        if (use) found.set(file, use);
      }
    }
  }
  return found;
}

/** The share of periods in which the quota was used up between two looks, of the group where that was most; null: no group had a quota. */
export function usedUp(before: ReadonlyMap<string, QuotaUse>, after: ReadonlyMap<string, QuotaUse>): number | null {
  let worst: number | null = null;
  for (const [file, to] of after) {
    const from = before.get(file) ?? { periods: 0, throttled: 0 };
    const periods = to.periods - from.periods;
    if (periods > 0) worst = Math.max(worst ?? 0, Math.min(1, (to.throttled - from.throttled) / periods));
  }
  return worst;
}

function withParents(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '..');
  return names.map((_, i) => names.slice(0, i + 1).join('/')).concat('');
}

function parse(text: string): QuotaUse | null {
  const value = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  const use = { periods: value('nr_periods'), throttled: value('nr_throttled') };
  return Number.isNaN(use.periods) || Number.isNaN(use.throttled) ? null : use;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
