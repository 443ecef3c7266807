import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessId {
  pid: number;
  /** Start time in clock ticks since boot, field 22 of `/proc/<pid>/stat` (proc(5)). */
  startTicks: string;
  bootId: string;
}

/** A process and the pid namespace that its number belongs to. */
export interface Owner extends ProcessId {
  pidNamespace: string;
}

let thisBoot: string | undefined;
const bootId = () => (thisBoot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());

/** Start time of a process, or undefined when there is none (a zombie counts as none). */
function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** The identity of a running process. @throws when there is none */
export function identify(pid: number): ProcessId {
  const ticks = startTicks(pid);
  if (ticks === undefined) throw new Error(`process ${pid} is gone`);
  return { pid, startTicks: ticks, bootId: bootId() };
}

/** This process. */
export function thisOwner(): Owner {
  return { ...identify(process.pid), pidNamespace: readlinkSync('/proc/self/ns/pid') };
}

export const isRunning = ({ pid, startTicks: ticks, bootId: boot }: ProcessId): boolean => boot === bootId() && startTicks(pid) === ticks;

/** False only when it is certain: a process of another pid namespace cannot be seen from here. */
export function mayBeAlive(owner: Owner): boolean {
  if (owner.bootId !== bootId()) return false;
  return owner.pidNamespace !== readlinkSync('/proc/self/ns/pid') || isRunning(owner);
}

export interface MachineProcess {
  /** As seen from here. */
  pid: number;
  uid: number;
  /** Short name, at most 15 characters. */
  name: string;
  command: string;
}

/** Processes of the pid namespace of `init`; those in containers have namespaces of their own. */
export function processesOf(init: number): MachineProcess[] {
  const wanted = readlinkSync(`/proc/${init}/ns/pid`);
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        if (readlinkSync(`/proc/${entry}/ns/pid`) !== wanted) return [];
        const status = readFileSync(`/proc/${entry}/status`, 'utf8');
        if (/^State:\s+[ZX]/m.test(status)) return [];
        return {
          pid: Number(entry),
          uid: Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]),
          name: /^Name:\s+(.*)$/m.exec(status)?.[1] ?? '',
          command: readFileSync(`/proc/${entry}/cmdline`, 'utf8').replace(/\0+$/, '').replaceAll('\0', ' '),
        };
      } catch {
        return []; // it ended meanwhile
      }
    });
}
