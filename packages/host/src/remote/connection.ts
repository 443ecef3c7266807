import { END_GROUP, ticks } from '../group-script.ts';
import type { SshTransport } from '../ssh/transport.ts';
import { openCommand } from './remote-command.ts';

/** What commands go over, and how they are ended. */
export interface Connection {
  readonly transport: SshTransport;
  /** TERM to the group that a process of the far machine leads, then KILL to what is left after `graceMs`. Resolves when it is gone. */
  endGroup(pid: number, graceMs: number): Promise<void>;
  /** Has a command been started over it? Then the machine is there, and its name and port are right. */
  reached(): boolean;
}

/** How long ending a command may wait for a place among the sessions that the server allows. */
const PLACE_MS = 2000;

/**
 * @param spare opens another connection to the same machine. Commands that hang may have taken every session of this one, and sshd gives
 *   none of them back before its command has ended, whatever becomes of the channel.
 */
export function connectionOf(bare: SshTransport, spare?: () => Promise<SshTransport>): Connection {
  let reached = false;
  const transport: SshTransport = {
    ...bare,
    open: async (line, o) => {
      const channel = await bare.open(line, o);
      reached = true;
      return channel;
    },
  };
  let spares: { opened: Promise<SshTransport>; users: number } | null = null;

  const bySpare = async (pid: number, graceMs: number) => {
    if (!spare) return;
    spares ??= { opened: spare(), users: 0 };
    const mine = spares;
    mine.users += 1;
    try {
      await run(await mine.opened, pid, graceMs);
    } finally {
      mine.users -= 1;
      if (mine.users === 0) {
        spares = null;
        await mine.opened.then((opened) => opened.close()).catch(() => undefined);
      }
    }
  };

  const run = async (over: SshTransport, pid: number, graceMs: number, signal?: AbortSignal) => {
    const connection: Connection = { transport: over, endGroup: () => Promise.resolve(), reached: () => reached };
    const argv = ['sh', '-c', END_GROUP, 'sh', String(pid), ticks(graceMs)] as const;
    const command = await openCommand(connection, { argv: [...argv], stdin: false }, signal);
    command.stdout.resume();
    command.stderr.resume();
    return command.exit;
  };

  return {
    transport,
    reached: () => reached,
    endGroup: async (pid, graceMs) => {
      const noPlace = new AbortController();
      const timer = setTimeout(() => noPlace.abort(), PLACE_MS);
      try {
        await run(transport, pid, graceMs, noPlace.signal);
      } catch (error) {
        if (!noPlace.signal.aborted) throw error;
        await bySpare(pid, graceMs);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
