import { readFileSync } from 'node:fs';

/**
 * When a process was started, in clock ticks since boot: with the process id it names one process for ever, where the id
 * alone is used again. Field 22 of `/proc/PID/stat`, proc(5). Null: no such process, a zombie, or no `/proc`.
 */
export function processStart(pid: number): string | null {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The command name before the other fields may hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? null : (fields[19] ?? null);
}

/** Whether a process of this machine is there, a zombie too, whoever it belongs to. */
export function processAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Changes at every boot. Null where there is no `/proc`. */
export function bootId(): string | null {
  return read('/proc/sys/kernel/random/boot_id')?.trim() ?? null;
}

/** Names an installation of an operating system for ever: `/etc/machine-id`, machine-id(5). Copies of a disk may share it. Null where there is none. */
export function machineId(): string | null {
  return read('/etc/machine-id')?.trim() || null;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
