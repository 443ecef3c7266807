import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** What the processes of this computer were seen with. */
export interface Seen {
  /** Command lines of all, bench's own too. */
  lines: Set<string>;
  /** Environments of whatever ran on machines, or beside it all. */
  environments: Set<string>;
  /** Environments of what bench started here (ssh, tar): they begin as the one that the user gave to bench, and must get nothing more. */
  inherited: Set<string>;
}

export const nothingSeen = (): Seen => ({ lines: new Set(), environments: new Set(), inherited: new Set() });

/** Looks at all processes, again and again, until a process of ours has ended. */
export async function lookAround(
  seen: Seen,
  bench: { pid: number; finished: Promise<unknown> },
  meanwhile: () => Promise<void>,
): Promise<void> {
  let over = false;
  void bench.finished.finally(() => (over = true));
  while (!over) {
    await Promise.all([look(seen, bench.pid), meanwhile()]);
    await delay(50);
  }
}

async function look(seen: Seen, bench: number): Promise<void> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map(await Promise.all(pids.map(async (pid) => [pid, await parentOf(pid)] as const)));
  await Promise.all(
    pids.map(async (pid) => {
      seen.lines.add(await textOf(pid, 'cmdline'));
      if (pid === bench) return;
      const environment = await textOf(pid, 'environ');
      (startedBy(pid, bench, parents) ? seen.inherited : seen.environments).add(environment);
    }),
  );
}

const textOf = (pid: number, file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');

/** 0: it is gone. */
async function parentOf(pid: number): Promise<number> {
  return Number(/^PPid:\t(\d+)$/m.exec(await textOf(pid, 'status'))?.[1] ?? 0);
}

/** At the ends of the chain are those whose parents are gone. What began and ended meanwhile has no known parent, and no environment any more. */
function startedBy(pid: number, bench: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at = pid; at > 1; at = parents.get(at) ?? 0) if (at === bench) return true;
  return false;
}
