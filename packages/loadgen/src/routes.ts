import { createServer, isIP } from 'node:net';
import { BenchError } from '@bench/core';
import type { LoadTarget, Origin } from './target.ts';

/** The way of a request: to which server, and from which address of this machine. */
export interface Route extends Origin {
  /** Null: the system chooses one. */
  sourceAddress: string | null;
}

/**
 * Every pair of server and source address. Requests are dealt to them in turn, by their index alone: request `i` goes by route `i` modulo their number,
 * and so to server `i` modulo the number of servers, whoever sends it. All turns of a conversation go by that of its number.
 */
export function routesOf(target: LoadTarget): Route[] {
  const sources = target.sourceAddresses?.length ? target.sourceAddresses : [null];
  return sources.flatMap((sourceAddress) => originsOf(target).map(({ origin, prefix }) => ({ origin, prefix, sourceAddress })));
}

export function originsOf(target: LoadTarget): Origin[] {
  return [{ origin: target.origin, prefix: target.prefix }, ...(target.more ?? [])];
}

/** @throws BenchError `BENCH_LOAD` for the first that is not an address of this machine. */
export async function checkSourceAddresses(addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    const why = await bound(address);
    if (why !== null)
      throw new BenchError({
        code: 'BENCH_LOAD',
        message: `load cannot be sent from ${address}: ${why}`,
        hint: 'give addresses that this machine has (ip address shows them; ip address add ADDRESS/PREFIX dev DEVICE, as root, adds one)',
      });
  }
}

/** Binds a socket to the address, and lets it go. Null: it could; else why not. */
async function bound(address: string): Promise<string | null> {
  if (isIP(address) === 0) return 'it is no IP address';
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      resolve(code === 'EADDRNOTAVAIL' ? 'this machine does not have that address' : message),
    );
    server.listen({ host: address, port: 0 }, () => server.close(() => resolve(null)));
  });
}
