import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Keeps a program and its children tied to this process: when the pipe to fd 3 closes, however this process died, the
 * group is told to end, and killed 5 seconds later. Constant text; program and log travel as arguments.
 */
const SUPERVISOR = String.raw`
trap : TERM INT HUP
exec 3<&0 </dev/null
log=$1; shift
"$@" >>"$log" 2>&1 3<&- &
child=$!
(
  trap '' TERM INT HUP
  cat <&3 >/dev/null
  kill -TERM 0
  n=0
  while [ "$n" -lt 50 ] && kill -0 "$child" 2>/dev/null; do sleep 0.1; n=$((n + 1)); done
  kill -KILL 0
) &
exec 3<&-
code=0
while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
exit "$code"
`;

export interface Supervised {
  readonly pid: number;
  readonly started: string | null;
  /** Null while it runs. */
  readonly exitCode: number | null;
  readonly exit: Promise<number>;
  /** TERM to the group, KILL after `graceMs`; resolves when nothing of the group is left. */
  stop(graceMs: number): Promise<void>;
}

/** Starts a program that cannot outlive this process, stdout and stderr appended to `log`. */
export async function supervise(options: { argv: readonly string[]; env: Readonly<Record<string, string>>; cwd: string; log: string }): Promise<Supervised> {
  const child = spawn('sh', ['-c', SUPERVISOR, 'sh', options.log, ...options.argv], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  child.stdin?.on('error', () => undefined);
  return handle(child);
}

function handle(child: ChildProcess): Supervised {
  const pid = child.pid as number;
  let exitCode: number | null = null;
  const exit = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => {
      exitCode = code ?? (signal ? 128 : 1);
      resolve(exitCode);
    });
  });
  return {
    pid,
    started: processStart(pid),
    get exitCode() {
      return exitCode;
    },
    exit,
    stop: (graceMs) => endProcessGroup(pid, graceMs),
  };
}

/** Ends a process group and waits until it is gone. */
export async function endProcessGroup(pgid: number, graceMs: number): Promise<void> {
  for (const [signal, waitMs] of [['SIGTERM', graceMs], ['SIGKILL', 5000]] as const) {
    send(pgid, signal);
    for (let waited = 0; waited < waitMs; waited += 20) {
      if (!send(pgid, 0)) return;
      await delay(20);
    }
  }
}

function send(pgid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Start time of a process in clock ticks since boot (field 22 of /proc/PID/stat, proc(5)); null: gone, or not Linux. */
export function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
