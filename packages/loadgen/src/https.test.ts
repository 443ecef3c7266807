import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { startTestServer } from './testing/index.ts';
import { selfSigned } from './worker/http/certificate.fixture.ts';

const LOAD = {
  maxConcurrency: 4,
  numPrompts: 12,
  data: { kind: 'random', inputTokens: { min: 8, max: 8 }, outputTokens: { min: 5, max: 5 } },
};

it('sends over TLS to a server whose certificate the system, or NODE_EXTRA_CA_CERTS, vouches for', async () => {
  const plain = await startTestServer({ gapMs: 2 });
  const own = selfSigned();
  const server = createServer(own, (from, to) => {
    const onward = request(`${plain.url}${from.url}`, { method: from.method, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(to);
    });
    from.pipe(onward);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'bench-https-'));
  try {
    await writeFile(join(folder, 'own.pem'), own.cert);
    const program = `
      const { runLoad } = await import(${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)});
      const { summary } = await runLoad({ baseUrl: process.argv[1], model: 'test', load: ${JSON.stringify(LOAD)}, workers: 1 });
      console.log(JSON.stringify(summary.counts));`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', program, `https://127.0.0.1:${(server.address() as AddressInfo).port}`],
      { env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, 'own.pem') } },
    );
    expect(JSON.parse(stdout)).toMatchObject({ ok: 12, failed: 0 });
  } finally {
    server.close();
    server.closeAllConnections();
    await plain.close();
    await rm(folder, { recursive: true, force: true });
  }
}, 30_000);
