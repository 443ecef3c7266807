import { connect, createServer, type Server, type Socket } from 'node:net';

/** Addresses of machines: each has one of its own, and sshd on the same port everywhere, as machines of a cloud have. */
export interface FakeAddresses {
  /** Where SSH is, on all of them. */
  readonly port: number;
  /** A new address behind which that machine answers. */
  give(to: { host: string; port: number }): Promise<{ ip: string; release(): Promise<void> }>;
  close(): Promise<void>;
}

/** Loopback addresses of this computer that forward to where machines really listen. */
export async function fakeAddresses(): Promise<FakeAddresses> {
  let last = 0;
  const open = new Set<() => Promise<void>>();
  const next = (): string => {
    last += 1;
    return `127.77.${Math.floor(last / 250) + 1}.${(last % 250) + 1}`;
  };
  // Held for the port alone.
  const holder = createServer();
  await listen(holder, { host: '127.77.0.1', port: 0 });
  const address = holder.address();
  const port = typeof address === 'object' && address !== null ? address.port : 22;
  return {
    port,
    async give(to) {
      const sockets = new Set<Socket>();
      const server = createServer((near) => {
        const far = connect(to);
        for (const socket of [near, far]) {
          sockets.add(socket);
          socket
            .on('error', () => undefined)
            .on('close', () => {
              sockets.delete(socket);
              near.destroy();
              far.destroy();
            });
        }
        near.pipe(far).pipe(near);
      });
      const ip = await listenSomewhere(server, next, port);
      const release = (): Promise<void> =>
        new Promise((resolve) => {
          open.delete(release);
          for (const socket of sockets) socket.destroy();
          server.close(() => resolve());
        });
      open.add(release);
      return { ip, release };
    },
    async close() {
      await Promise.all([...open].map((release) => release()));
      await new Promise((resolve) => holder.close(resolve));
    },
  };
}

async function listenSomewhere(server: Server, next: () => string, port: number): Promise<string> {
  for (let tries = 0; ; tries++) {
    const host = next();
    try {
      await listen(server, { host, port });
      return host;
    } catch (error) {
      if (tries >= 20) throw error;
    }
  }
}

const listen = (server: Server, where: { host: string; port: number }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
