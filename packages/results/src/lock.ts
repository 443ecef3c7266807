import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { BenchError, bootId, machineId, processAlive, processStart } from '@bench/core';

interface Holder {
  pid: number;
  /** Distinguishes a reused process id: start time of the process since boot (Linux), else null. */
  started: string | null;
  boot: string | null;
  /** Whose process it is: a shared folder is written from several machines. Absent in locks of older versions: this one's. */
  host?: string;
  machine?: string | null;
}

export interface RunLock {
  release(): Promise<void>;
}

/**
 * Makes this process the one writer of a folder. A lock whose process is gone is taken over, if that can be known: a process of another
 * machine cannot be seen from here, and its lock stands until someone deletes the file.
 * @throws BenchError `BENCH_RUN_BUSY` when a living process holds it, or one of another machine.
 */
export async function lockRun(path: string): Promise<RunLock> {
  const mine = JSON.stringify(holder(process.pid));
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await create(path, mine)) {
      return {
        release: async () => {
          if ((await readFile(path, 'utf8').catch(() => '')) === mine) await rm(path, { force: true });
        },
      };
    }
    const found = await readFile(path, 'utf8').catch(() => null);
    if (found === null) continue;
    const other = parse(found);
    if (other && !isHere(other)) {
      throw new BenchError({
        code: 'BENCH_RUN_BUSY',
        message: `process ${other.pid} on ${other.host ?? 'another machine'} is writing this run (${path})`,
        hint: `wait for it, or stop it there; if it is surely gone (that machine was restarted, say), delete ${path}`,
        exitCode: 2,
        details: { host: other.host, pid: other.pid, lock: path },
      });
    }
    if (other && alive(other)) {
      throw new BenchError({
        code: 'BENCH_RUN_BUSY',
        message: `process ${other.pid} is writing this run (${path})`,
        hint: 'wait for it, or stop it with Ctrl-C in its terminal',
        exitCode: 2,
      });
    }
    // Renaming first lets only one of several waiting processes take the dead lock away.
    const aside = `${path}.${unique()}.stale`;
    const taken = await rename(path, aside).then(
      () => true,
      () => false,
    );
    if (taken && (await readFile(aside, 'utf8')) !== found) await rename(aside, path);
    else await rm(aside, { force: true });
  }
  throw new BenchError({ code: 'BENCH_RUN_BUSY', message: `cannot take the lock ${path}`, retryable: true });
}

/** Whether a living process holds the lock. One of another machine counts as living. */
export async function isLocked(path: string): Promise<boolean> {
  const found = await readFile(path, 'utf8').catch(() => null);
  const other = found === null ? null : parse(found);
  return other !== null && (!isHere(other) || alive(other));
}

/** A hard link appears with its content or not at all, so nobody ever sees a lock without its holder. */
async function create(path: string, content: string): Promise<boolean> {
  const own = `${path}.${unique()}`;
  await writeFile(own, content);
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(own, { force: true });
  }
}

/** Process ids of two machines may be equal. */
const unique = () => `${process.pid}.${randomBytes(4).toString('hex')}`;

function parse(text: string): Holder | null {
  try {
    const value = JSON.parse(text) as Holder;
    return Number.isInteger(value.pid) ? value : null;
  } catch {
    return null;
  }
}

function holder(pid: number): Holder {
  return { pid, started: processStart(pid), boot: bootId(), host: hostname(), machine: machineId() };
}

/** Containers have the machine id of their image, and hosts of two networks one name: both must agree. */
function isHere(other: Holder): boolean {
  if (other.host === undefined) return true;
  const here = machineId();
  return other.host === hostname() && (typeof other.machine !== 'string' || here === null || other.machine === here);
}

function alive(other: Holder): boolean {
  const now = holder(other.pid);
  if (other.boot !== null && now.boot !== null && other.boot !== now.boot) return false;
  if (other.started !== null && now.started !== other.started) return false;
  return processAlive(other.pid);
}
