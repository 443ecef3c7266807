import { type Host, type Io, messageOf } from '@bench/core';
import { connectMachine, deadlinesOf } from '@bench/provisioning';
import { leaveTimer } from './leave-timer.ts';
import { lookAt, type OwnMachine } from './own-machine.ts';

/** What the timer is set to before it is set to the end of the machine's time, seconds. */
const FIRST_S = 1800;
/** How long a machine may take to run, and to have restarted. */
const RUNS_MS = 600_000;
const RESTARTED_MS = 180_000;
const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Which start of the machine this is; null: it does not answer, or does not say. To be asked before it is told to restart. */
export async function bootOf(machine: OwnMachine, io: Io): Promise<string | null> {
  try {
    return await onMachine(machine, io, bootId);
  } catch {
    io.signal.throwIfAborted();
    return null;
  }
}

/**
 * Sets the timer in a machine that is kept, to the end of its time, once it lets us in after a start. `before`: it must have restarted since.
 * @returns false: it could not be set; why is in the log
 */
export async function timerAgain(machine: OwnMachine, o: { until: string; before: string | null; io: Io }): Promise<boolean> {
  const { until, before, io } = o;
  const { entry, ref, providers } = machine;
  try {
    const deadline = io.monotonic() + RESTARTED_MS;
    for (;;) {
      const set = await onMachine(machine, io, async (host) => {
        if (before !== null && io.monotonic() < deadline && (await bootId(host)) === before) return null;
        const keepS = (Date.parse(until) - io.now()) / 1000;
        if (keepS < 1) return false;
        const leaseS = Math.max(1, Math.floor(Math.min(FIRST_S, keepS)));
        return leaveTimer({ host, rented: { name: entry.name, ref }, providers, leaseS, keepS, io });
      }).catch((error: unknown) => {
        // It goes down while it is asked.
        if (before === null || io.monotonic() >= deadline) throw error;
        io.signal.throwIfAborted();
        return null;
      });
      if (set !== null) return set;
      await io.sleep(2000);
    }
  } catch (error) {
    io.signal.throwIfAborted();
    io.logger.log('warn', `${entry.name}: the timer in it could not be set: ${io.redact(messageOf(error))}`);
    return false;
  }
}

async function bootId(host: Host): Promise<string | null> {
  const { code, stdout } = await host.exec({ argv: ['cat', BOOT_ID] }, { timeoutMs: 30_000, repeatable: true });
  return code === 0 ? stdout.trim() : null;
}

/** Waits until it runs and lets us in. */
async function onMachine<T>(machine: OwnMachine, io: Io, action: (host: Host) => Promise<T>): Promise<T> {
  const { open, ledger } = machine;
  const late = io.monotonic() + RUNS_MS;
  let seen = await lookAt(machine, io.signal);
  const deadlines = deadlinesOf(open.factory, seen.market);
  while ((seen.state !== 'running' || seen.connection === null) && io.monotonic() < late) {
    await io.sleep(deadlines.pollMs);
    seen = await lookAt(machine, io.signal);
  }
  const host = await connectMachine({ machine: seen, open, ledger, io, deadlines, signal: io.signal });
  try {
    return await action(host);
  } finally {
    await host.close();
  }
}
