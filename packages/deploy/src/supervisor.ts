import { type ChildProcess, spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { processStart } from '@bench/core';
import { signalGroup } from '@bench/host';

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
  while read -r _; do :; done <&3
  kill -TERM 0
  n=0
  while [ "$n" -lt 50 ] && kill -0 "$child" 2>/dev/null; do sleep 0.1; n=$((n + 1)); done
  kill -KILL 0
) &
watcher=$!
exec 3<&-
# A signal that is trapped ends a wait early; the program may still be ending then.
wait "$child"
code=$?
while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done
kill -KILL "$watcher"
wait "$watcher"
exit "$code"
`;

export interface Supervised {
  readonly pid: number;
  readonly started: string | null;
  /** Null while it runs. */
  readonly exitCode: number | null;
  readonly exit: Promise<number>;
  /** TERM to the group, KILL to whatever is left when the program has ended or `graceMs` has passed. */
  stop(graceMs: number): Promise<void>;
}

/** Starts a program that cannot outlive this process, stdout and stderr appended to `log`. */
export async function supervise(options: {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  cwd: string;
  log: string;
}): Promise<Supervised> {
  // An engine may print what it was given; its log is for its owner only.
  await (await open(options.log, 'a', 0o600)).close();
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
    stop: async (graceMs) => {
      if (exitCode === null) {
        signalGroup(pid, 'SIGTERM');
        const late = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
        await exit;
        clearTimeout(late);
      }
      // What the program started and did not end itself.
      signalGroup(pid, 'SIGKILL');
    },
  };
}
