import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { BenchError, type Host } from '@bench/core';

/** For `assert.rejects`: a BenchError of this code. */
export const hasCode = (code: string) => (error: unknown) => {
  assert.ok(BenchError.is(error), `not a BenchError: ${String(error)}`);
  assert.equal(error.code, code, error.message);
  return true;
};

/** State, parent, group and session of a process of the host, from `/proc/PID/stat`, proc(5); empty: there is none. */
export async function statOf(host: Host, pid: string): Promise<string[]> {
  const { stdout } = await host.exec({ script: 'cat "/proc/$1/stat" 2>/dev/null || :', args: [pid] });
  return stdout === ''
    ? []
    : stdout
        .slice(stdout.lastIndexOf(')') + 2)
        .split(' ')
        .slice(0, 4);
}

/** Does a process of the host run? A zombie does not. */
export async function runs(host: Host, pid: string): Promise<boolean> {
  const [state = 'Z'] = await statOf(host, pid);
  return state !== 'Z' && state !== 'X';
}

/** The command lines of all processes of the host. */
export async function commandLines(host: Host): Promise<string> {
  const script = 'for f in /proc/[0-9]*/cmdline; do tr "\\0" " " <"$f" && echo; done 2>/dev/null; :';
  return (await host.exec({ script }, { maxOutputBytes: 64 << 20 })).stdout;
}

export async function goneSoon(host: Host, pid: string): Promise<void> {
  assert.match(pid, /^\d+$/);
  for (let i = 0; i < 100 && (await runs(host, pid)); i++) await delay(50);
  assert.equal(await runs(host, pid), false, `process ${pid} still runs`);
}
