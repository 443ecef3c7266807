import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** Whether any process of the group still runs. A zombie that nobody has waited for yet does not run. */
export function groupAlive(pgid: number): boolean {
  if (!signalGroup(pgid, 0)) return false;
  const running = runningMembers(pgid);
  return running === null || running > 0;
}

/** False when there is no such group. */
export function signalGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
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

/** From `/proc/PID/stat`: state and group are the first and third field after the command name, proc(5). Null: no `/proc`. */
function runningMembers(pgid: number): number | null {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return null;
  }
  let count = 0;
  for (const name of names) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(group) === pgid && state !== 'Z' && state !== 'X') count += 1;
    } catch {
      // Ended between the two reads.
    }
  }
  return count;
}
