import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { getStatus, postJson } from './http.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0)) clean();
});

/** A server that does with the `n`th read of all what it is told. */
async function raw(onRead: (socket: Socket, n: number) => void): Promise<string> {
  let reads = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('data', () => onRead(socket, reads++));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{"a": 1}';
const asking = (signal = new AbortController().signal) => ({ headers: {}, body: { b: 2 }, signal, timeoutMs: 5000 });

describe('a question beside the measurement', () => {
  it('is asked again when the kept connection that it went out on was closed, and only then', async () => {
    const url = await raw((socket, n) => (n === 1 ? socket.resetAndDestroy() : socket.write(OK)));
    expect(await postJson(url, asking())).toEqual({ status: 200, text: '{"a": 1}', json: { a: 1 } });
    // A kept connection is free from the next turn on.
    await nextTurn();
    expect(await getStatus(url, asking())).toBe(200);
    const dead = await raw((socket) => socket.resetAndDestroy());
    await expect(postJson(dead, asking())).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('fails when the answer is cut, or no JSON is no failure', async () => {
    const cut = await raw((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 80\r\n\r\n{"a"'));
    await expect(postJson(cut, asking())).rejects.toMatchObject({ code: 'ECONNRESET' });
    const html = await raw((socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n<html>'));
    expect(await postJson(html, asking())).toEqual({ status: 502, text: '<html>', json: undefined });
  });

  it('ends with its time, and with the reason of whoever stops it, also in the middle of a body', async () => {
    const url = await raw((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 80\r\n\r\n{"a"'));
    await expect(postJson(url, { ...asking(), timeoutMs: 50 })).rejects.toMatchObject({ name: 'TimeoutError' });
    const stop = new AbortController();
    const asked = postJson(url, asking(stop.signal));
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
  });
});
