import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestServer } from './testing/index.ts';

type Body = Record<string, unknown>;

/** Stands before a test server and keeps what was sent to it, by path; for tests that look at requests. */
export async function keepBodies(server: TestServer): Promise<{ url: string; bodies(path: string): Body[]; close(): Promise<void> }> {
  const kept: { path: string; id: string; body: Body }[] = [];
  const proxy = createServer((request, response) => {
    void (async () => {
      const path = request.url ?? '/';
      const text = await read(request);
      const id = String(request.headers['x-request-id'] ?? '');
      if (id !== '') kept.push({ path, id, body: JSON.parse(text) as Body });
      const answer = await fetch(server.url + path, {
        method: request.method ?? 'GET',
        headers: { 'content-type': 'application/json', 'x-request-id': id },
        ...(text === '' ? {} : { body: text }),
      });
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
      response.end(Buffer.from(await answer.arrayBuffer()));
    })().catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => proxy.once('listening', resolve));
  const order = (id: string) => Number(id.split('-')[1]);
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    bodies: (path) =>
      kept
        .filter((k) => k.path === path)
        .sort((a, b) => order(a.id) - order(b.id))
        .map((k) => k.body),
    async close() {
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk as string;
  return text;
}
