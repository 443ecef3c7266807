import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Io, RemoteProcess } from '@bench/core';
import { patiently } from '../patient.ts';

export interface FollowOptions {
  /** Files on this machine that get the whole log; begun anew. */
  logs: readonly string[];
  /** Milliseconds from now; then the process group is ended. */
  timeoutMs: number;
  io: Io;
  signal: AbortSignal;
  onLine?(line: string): void;
}

/**
 * Waits for a process on a host, over lost connections, with its log copied here as it grows. The process goes on when this throws;
 * ending it is the caller's business.
 */
export async function followProcess(process: RemoteProcess, options: FollowOptions): Promise<{ code: number | null; timedOut: boolean }> {
  const { io, signal } = options;
  let begun = false;
  const keep = async (text: string) => {
    for (const path of options.logs) {
      if (begun) await appendFile(path, text);
      else await beginFile(path, text);
    }
    begun = true;
  };
  let offset = 0;
  let rest = '';
  const readOn = async () => {
    for (;;) {
      const { text, nextOffset } = await patiently(io, signal, () => process.readLog(offset));
      if (nextOffset === offset) return;
      offset = nextOffset;
      await keep(text);
      const lines = (rest + text).split('\n');
      rest = (lines.pop() ?? '').slice(-10_000);
      for (const line of lines) options.onLine?.(line);
    }
  };
  const deadline = io.monotonic() + options.timeoutMs;
  for (let pause = 50; ; pause = Math.min(pause * 1.3, 1000)) {
    const status = await patiently(io, signal, () => process.status());
    await readOn();
    if (!begun) await keep('');
    if (!status.running) return { code: status.code, timedOut: false };
    const left = deadline - io.monotonic();
    if (left <= 0) {
      await patiently(io, signal, () => process.stop());
      await readOn();
      return { code: null, timedOut: true };
    }
    await io.sleep(Math.min(pause, left), signal);
  }
}

async function beginFile(path: string, text: string): Promise<void> {
  const write = () => writeFile(path, text, { mode: 0o600 });
  await write().catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true });
    await write();
  });
}
