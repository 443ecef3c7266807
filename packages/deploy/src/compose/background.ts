import { BenchError, type Command, type Host, type Io, messageOf, type RemoteProcess } from '@bench/core';
import { patiently } from '../patient.ts';

export interface BackgroundOptions {
  /** Names it on the host. One that already runs under this id is waited for, not started again. */
  id: string;
  io: Io;
  signal: AbortSignal;
  onLine?(line: string): void;
}

export interface BackgroundResult {
  /** Null: a signal ended it, or it was lost with the host. */
  code: number | null;
  /** The last 64 KiB of what it printed. */
  output: string;
}

const POLL_MS = 500;
const FIRST_POLL_MS = 50;
const KEPT = 64 * 1024;

/**
 * Runs a command on a host so that a lost connection costs nothing: it goes on there, and is found again by its id, for as long as
 * {@link patiently} asks. Ends it when aborted. Leaves no files, and leaves the command itself at work only when the host stayed away.
 */
export async function runInBackground(host: Host, command: Command, options: BackgroundOptions): Promise<BackgroundResult> {
  const { io, signal } = options;
  const ask = <T>(question: () => Promise<T>) => patiently(io, signal, question);
  const process = await ask(starting(host, command, options));
  let output = '';
  let rest = '';
  let offset = 0;
  const read = async () => {
    for (;;) {
      const { text, nextOffset } = await ask(() => process.readLog(offset));
      if (nextOffset === offset) return;
      offset = nextOffset;
      output = (output + text).slice(-KEPT);
      const lines = (rest + text).split(/\r\n|\n|\r/);
      rest = lines.pop() ?? '';
      for (const line of lines) options.onLine?.(line);
    }
  };
  try {
    for (let wait = FIRST_POLL_MS; ; wait = Math.min(wait * 2, POLL_MS)) {
      const status = await ask(() => process.status());
      await read();
      if (!status.running) {
        await ask(() => process.discard());
        return { code: status.code, output };
      }
      await io.sleep(wait, signal);
    }
  } catch (error) {
    if (signal.aborted || !BenchError.is(error) || !error.retryable) {
      // The reason stays the reason. Root's, where Docker is asked through sudo, cannot be ended from here.
      await process.discard().catch((left: unknown) => io.logger.log('debug', `${options.id} on ${host.name}: ${messageOf(left)}`));
    }
    throw error;
  }
}

/** Starts it, or finds it; may be asked again: what a start began whose answer was lost is not begun twice. */
function starting(host: Host, command: Command, { id, signal }: BackgroundOptions): () => Promise<RemoteProcess> {
  let begun = false;
  return async () => {
    const there = await host.attach(id);
    if (there) {
      if (begun || (await there.status()).running) return there;
      // Of an earlier start that nobody came back for.
      await there.discard();
    }
    signal.throwIfAborted();
    begun = true;
    return host.start(command, { id, signal });
  };
}
