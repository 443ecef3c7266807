import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type ClockOffset, withinTime } from '@bench/core';
import { epochMs } from '../../clock.ts';
import { CLOCK_FILE, readClockAddress, sign, signed } from './clock-service.ts';
import type { DeploymentFiles } from './deployment-files.ts';

const EXCHANGES = 16;
const LIMIT_MS = 5000;

/**
 * How this process's wall clock stands to client 0's: of some exchanges the quickest, whose way there and back are taken to be equally long. The
 * error is half of its round trip at most, whatever the ways were. Null: client 0 cannot be reached.
 */
export async function askClock(files: DeploymentFiles, signal: AbortSignal): Promise<ClockOffset | null> {
  const known = await files.look(CLOCK_FILE, readClockAddress);
  if (!known) return null;
  const { hosts, port, token } = known;
  // An address that leads nowhere from here says nothing for seconds.
  const found = new AbortController();
  try {
    return await withinTime({ timeoutMs: LIMIT_MS, signal }, (late) => {
      const limit = AbortSignal.any([late, found.signal]);
      return Promise.any(hosts.map((host) => askAt({ host, port, token, limit })));
    });
  } catch {
    return null;
  } finally {
    found.abort();
  }
}

async function askAt({
  host,
  port,
  token,
  limit,
}: {
  host: string;
  port: number;
  token: string;
  limit: AbortSignal;
}): Promise<ClockOffset> {
  limit.throwIfAborted();
  const socket = connect({ host, port });
  socket.on('error', () => undefined);
  const stop = () => socket.destroy(new Error('no answer'));
  limit.addEventListener('abort', stop, { once: true });
  try {
    return await exchange(socket, token);
  } finally {
    limit.removeEventListener('abort', stop);
    socket.destroy();
  }
}

async function exchange(socket: Socket, token: string): Promise<ClockOffset> {
  const ended = new Promise<never>((_, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
  ended.catch(() => undefined);
  const lines = createInterface({ input: socket });
  lines.on('error', () => undefined);
  await Promise.race([ended, new Promise<void>((resolve) => socket.once('connect', () => resolve()))]);
  socket.setNoDelay(true);
  let best = { offsetMs: 0, roundTripMs: Number.POSITIVE_INFINITY };
  for (let i = 0; i < EXCHANGES; i++) {
    const nonce = randomBytes(16).toString('hex');
    const line = `${nonce} ${sign(token, nonce)}\n`;
    const answer = new Promise<{ text: string; atMs: number }>((resolve) =>
      lines.once('line', (text) => resolve({ text, atMs: epochMs() })),
    );
    const sentMs = epochMs();
    socket.write(line);
    const { text, atMs } = await Promise.race([ended, answer]);
    const [received = '', sent = '', proof = ''] = text.split(' ');
    if (!signed(token, `${nonce} ${received} ${sent}`, proof)) throw new Error('it is somebody else');
    const roundTripMs = atMs - sentMs - (Number(sent) - Number(received));
    if (roundTripMs < best.roundTripMs) best = { offsetMs: (Number(received) - sentMs + (Number(sent) - atMs)) / 2, roundTripMs };
  }
  return { offsetMs: best.offsetMs, uncertaintyMs: Math.max(0, best.roundTripMs) / 2, method: 'network' };
}

/** Two readings around a load: their mean, and half of what it moved in between added to the doubt. */
export function clockOver(before: ClockOffset | null, after: ClockOffset | null): ClockOffset | null {
  if (!before || !after) return before ?? after;
  const moved = Math.abs(after.offsetMs - before.offsetMs) / 2;
  return {
    offsetMs: (before.offsetMs + after.offsetMs) / 2,
    uncertaintyMs: Math.max(before.uncertaintyMs, after.uncertaintyMs) + moved,
    method: before.method,
  };
}
