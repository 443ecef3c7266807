import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { BenchError, type Tunnel } from '@bench/core';
import type { SshTransport } from '../ssh/transport.ts';

/**
 * Listens on a port of 127.0.0.1 here; every connection to it becomes one from the far machine to `to`. What cannot be reached there is a
 * reset here, as without a tunnel. A side that ends leaves the other open until that ends too.
 */
export async function openTunnel(transport: SshTransport, to: { host?: string; port: number }): Promise<Tunnel> {
  const target = { host: to.host ?? '127.0.0.1', port: to.port };
  const open = new Set<Socket>();
  const closing = new AbortController();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => open.delete(socket));
    transport.forward(target, { signal: closing.signal }).then(
      (stream) => couple(socket, stream),
      () => socket.resetAndDestroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  }).catch((cause: unknown) => {
    throw new BenchError({ code: 'BENCH_HOST_TUNNEL', message: `cannot open a port here for a tunnel to ${transport.name}`, cause });
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    address,
    port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      closing.abort();
      for (const socket of open) socket.resetAndDestroy();
      await closed;
    },
  };
}

function couple(near: Socket, far: Duplex): void {
  if (near.destroyed) {
    far.destroy();
    return;
  }
  far.on('error', () => near.resetAndDestroy());
  far.once('close', () => {
    // Torn down without an end: neither may wait for more.
    if (!far.readableEnded) near.resetAndDestroy();
  });
  near.once('close', () => far.destroy());
  near.pipe(far);
  far.pipe(near);
}
