import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Tunnel } from '@bench/core';
import type { CaseBody, CaseContext } from './contract-case.ts';

async function withServer(onSocket: (socket: Socket) => void, body: (port: number, server: Server) => Promise<void>, host = '127.0.0.1') {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  try {
    await body((server.address() as AddressInfo).port, server);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** All that comes until the other side ends; unlike an iteration it leaves the socket open for an answer. */
function buffer(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  return new Promise((resolve, reject) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('end', () => resolve(Buffer.concat(chunks)));
    socket.once('error', reject);
  });
}

const dial = (tunnel: Tunnel) => connect({ host: tunnel.address, port: tunnel.port, allowHalfOpen: true });

async function refused(tunnel: Tunnel): Promise<void> {
  const tried = new Promise((resolve, reject) => {
    dial(tunnel).once('connect', resolve).once('error', reject);
  });
  await assert.rejects(tried, /ECONNREFUSED/);
}

const withLoopback =
  (body: CaseBody): CaseBody =>
  (context: CaseContext) =>
    context.options.sharesLoopback === false ? Promise.resolve() : body(context);

export const TUNNEL_CASES: Record<string, CaseBody> = {
  'tunnel: bytes go both ways, and an end of one side leaves the other open': withLoopback(async ({ host }) => {
    // Answers only when the question has ended.
    const echo = (socket: Socket) => void buffer(socket).then((all) => socket.end(all));
    await withServer(echo, async (port) => {
      const tunnel = await host.tunnel({ port });
      const sent = Array.from({ length: 4 }, () => randomBytes(1_000_003));
      const received = await Promise.all(
        sent.map((bytes) => {
          const socket = dial(tunnel);
          socket.end(bytes);
          return buffer(socket);
        }),
      );
      received.forEach((bytes, i) => assert.ok(bytes.equals(sent[i] as Buffer)));
      await tunnel.close();
    });
  }),

  'tunnel: to another address behind the host': withLoopback(async ({ host }) => {
    const hello = (socket: Socket) => socket.end('hello');
    await withServer(
      hello,
      async (port) => {
        const tunnel = await host.tunnel({ host: '127.0.0.2', port });
        const socket = dial(tunnel);
        assert.equal((await buffer(socket)).toString(), 'hello');
        socket.destroy();
        await tunnel.close();
      },
      '127.0.0.2',
    );
  }),

  'tunnel: nobody there is a connection that fails, and the tunnel goes on': withLoopback(async ({ host }) => {
    let free = 0;
    await withServer(
      () => undefined,
      (port) => {
        free = port;
        return Promise.resolve();
      },
    );
    const tunnel = await host.tunnel({ port: free });
    for (let i = 0; i < 2; i++) {
      const socket = dial(tunnel);
      const error = await buffer(socket).then(
        () => null,
        (e: NodeJS.ErrnoException) => e.code,
      );
      assert.match(String(error), /ECONNRESET|ECONNREFUSED/);
    }
    await tunnel.close();
  }),

  'tunnel: closing it ends its connections, closing the host too': withLoopback(async ({ host, options }) => {
    await withServer(
      (socket) => socket.write('hi'),
      async (port) => {
        const tunnel = await host.tunnel({ port });
        if (tunnel.port === port) return; // this machine needs no tunnel
        const socket = dial(tunnel);
        socket.on('error', () => undefined);
        await new Promise((resolve) => socket.once('data', resolve));
        const closed = new Promise((resolve) => socket.once('close', resolve));
        await tunnel.close();
        await closed;
        await refused(tunnel);
        const other = await options.open();
        const second = await other.tunnel({ port });
        await other.close();
        await refused(second);
      },
    );
  }),
};
