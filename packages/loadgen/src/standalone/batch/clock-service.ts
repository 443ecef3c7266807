import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';
import { writeAtomic } from '@bench/core';
import { epochMs } from '../../clock.ts';
import type { DeploymentFiles } from './deployment-files.ts';

/** Where client 0 tells the time, and the secret by which the two know each other; mode 0600. */
export const CLOCK_FILE = 'clients/0/clock.json';

export interface ClockAddress {
  hosts: string[];
  port: number;
  token: string;
}

/** What {@link CLOCK_FILE} holds; null: something else. */
export function readClockAddress(text: string): ClockAddress | null {
  try {
    const { hosts, port, token } = JSON.parse(text) as Partial<ClockAddress>;
    return Array.isArray(hosts) && typeof port === 'number' && typeof token === 'string' ? { hosts, port, token } : null;
  } catch {
    return null;
  }
}

/** Proof of knowing the token. */
export function sign(token: string, text: string): string {
  return createHmac('sha256', token).update(text).digest('hex');
}

export function signed(token: string, text: string, proof: string): boolean {
  const [expected, given] = [Buffer.from(sign(token, text)), Buffer.from(proof)];
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/**
 * Tells the other clients this one's wall clock: for each line `<nonce> <proof>` one `<received> <sent> <proof>`, epoch milliseconds. Whoever
 * cannot prove to know the token is cut off; nothing else is to be had here. Answers with what ends it.
 */
export async function serveClock(files: DeploymentFiles, nowMs: () => number = epochMs): Promise<() => Promise<void>> {
  const token = randomBytes(32).toString('hex');
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.setTimeout(60_000, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    const lines = createInterface({ input: socket });
    // It passes on its input's errors.
    lines.on('error', () => undefined);
    lines.on('line', (line) => {
      const receivedMs = nowMs();
      const [nonce = '', proof = ''] = line.split(' ');
      if (!signed(token, nonce, proof)) {
        socket.destroy();
        return;
      }
      const times = `${receivedMs} ${nowMs()}`;
      socket.write(`${times} ${sign(token, `${nonce} ${times}`)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, () => resolve());
  });
  // It alone keeps nothing running.
  server.unref();
  const { port } = server.address() as AddressInfo;
  await writeAtomic(files.path(CLOCK_FILE), JSON.stringify({ hosts: ownAddresses(), port, token } satisfies ClockAddress), 0o600);
  return async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
}

/** Addresses of this node, those that others can reach first. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:')).map(({ address }) => address);
  return [...outside, hostname(), '127.0.0.1'];
}
