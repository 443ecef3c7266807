import { setTimeout as delay } from 'node:timers/promises';

/** Whether any process of the group is left. */
export function groupAlive(pgid: number): boolean {
  try {
    process.kill(-pgid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export function signalGroup(pgid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pgid, signal);
  } catch {
    // Gone already: what was wanted.
  }
}

/** TERM to the whole group, then KILL to whatever is left after `graceMs`. */
export async function endGroup(pgid: number, graceMs: number): Promise<void> {
  signalGroup(pgid, 'SIGTERM');
  for (let waited = 0; waited < graceMs; waited += 20) {
    if (!groupAlive(pgid)) return;
    await delay(20);
  }
  signalGroup(pgid, 'SIGKILL');
}
