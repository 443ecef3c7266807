import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchError } from '@bench/core';

/** A variable that every process of a fake machine has; its value is the machine's folder. */
export const MARK = 'BENCH_FAKE_MACHINE';

/** How long the kernel may take to bury what was killed. */
const PATIENCE_MS = 10_000;

/** Every process with that mark, also in sessions of its own: by `/proc/PID/environ`, proc(5). Empty where there is no `/proc`. */
export function processesOf(folder: string): number[] {
  const mark = `${MARK}=${folder}\0`;
  return pids().filter((pid) => {
    try {
      return state(pid) !== 'Z' && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark);
    } catch {
      return false; // ended meanwhile, or not ours
    }
  });
}

/** KILL, until none is left. @throws BenchError when one stays. */
export async function killAll(folder: string): Promise<void> {
  // Twice none: one that is just being executed has no environment to see.
  for (let waited = 0, none = 0; ; waited += 20) {
    const left = processesOf(folder);
    none = left.length === 0 ? none + 1 : 0;
    if (none === 2) return;
    if (waited > PATIENCE_MS) {
      throw new BenchError({ code: 'BENCH_FAKE_MACHINE', message: `processes ${left.join(', ')} of a fake machine do not end` });
    }
    for (const pid of left) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Ended by itself.
      }
    }
    await delay(20);
  }
}

function pids(): number[] {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

const state = (pid: number): string | undefined => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2)[0];
};
