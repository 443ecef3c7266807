import { mkdir, open, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const EVERY_MS = 60_000;

/** The sign of life of a process, for those who share the folder but not the computer. */
export interface Heartbeat {
  /** It holds a machine from now on: the file is there when this resolves. */
  start(): Promise<void>;
  /** It holds none any more. */
  stop(): Promise<void>;
}

/** Writes `heartbeats/<name>` every minute. The file's own time counts, so nobody's clock matters. */
export function heartbeat(dir: string, name: string): Heartbeat {
  const folder = join(dir, 'heartbeats');
  let timer: NodeJS.Timeout | null = null;
  // A disk that is full now is told by the ledger itself; ours would then be taken for dead from elsewhere after ten minutes.
  const beat = () => writeFile(join(folder, name), '.\n', { mode: 0o600 }).catch(() => undefined);
  return {
    start: async () => {
      if (timer) return;
      timer = setInterval(() => void beat(), EVERY_MS);
      timer.unref();
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await beat();
    },
    stop: async () => {
      if (!timer) return;
      clearInterval(timer);
      timer = null;
      await rm(join(folder, name), { force: true }).catch(() => undefined);
    },
  };
}

/**
 * How old a process's sign of life is, milliseconds by the clock of the file system, or by `nowMs` where no file can be made there; null: there
 * is none.
 */
export async function heartbeatAgeMs(dir: string, name: string, nowMs: number): Promise<number | null> {
  const folder = join(dir, 'heartbeats');
  const theirs = await stat(join(folder, name)).catch(() => null);
  if (theirs === null) return null;
  const probe = join(folder, `.now.${process.pid}`);
  try {
    // Empty: on a full disk there is room for its name at most. Kept open: who looks at the same time removes it.
    const file = await open(probe, 'w', 0o600);
    const now = await file.stat().finally(() => file.close());
    await rm(probe, { force: true }).catch(() => undefined);
    return now.mtimeMs - theirs.mtimeMs;
  } catch {
    return nowMs - theirs.mtimeMs;
  }
}
