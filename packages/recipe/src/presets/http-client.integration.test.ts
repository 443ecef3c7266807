import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { repeatedRequest } from './http-client.ts';

const BODY = { model: 'm', prompt: `it's a "prompt" $(id) \`id\` \\ \n\tü`, max_tokens: 5 };

/** Runs a client against a server that answers as `statusOf` says, and holds each request until `together` are there. */
async function run(o: { statusOf: (n: number) => number; requests: number; concurrency: number; together?: number }) {
  const bodies: string[] = [];
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      bodies.push(body);
      const n = bodies.length;
      waiting.push(() => response.writeHead(o.statusOf(n)).end('{}'));
      if (waiting.length >= (o.together ?? 1)) for (const answer of waiting.splice(0)) answer();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = await mkdtemp(join(tmpdir(), 'bench-http-client-'));
  try {
    const { command, env } = repeatedRequest({ operation: 'ask', path: '/v1/completions', body: BODY, ...o });
    const { port } = server.address() as AddressInfo;
    const child = spawn('sh', ['-c', command], {
      env: { PATH: process.env['PATH'], ...env, SERVICE_URL: `http://127.0.0.1:${port}`, SERVICE_PASSWORD: 'secret', OUTPUT_DIR: folder },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const code = await new Promise((resolve) => child.once('exit', resolve));
    const rows = (await readFile(join(folder, 'requests.csv'), 'utf8')).trim().split('\n').slice(1);
    const metrics = JSON.parse(await readFile(join(folder, 'metrics.json'), 'utf8')) as Record<string, number>;
    return { code, bodies, rows: rows.map((row) => row.split(',')), metrics };
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  }
}

describe.skipIf(!part('curl').present)('an HTTP client of a preset', () => {
  it('counts a request that the server fails as failed, with the status that it had', async () => {
    const { code, rows, metrics } = await run({ statusOf: (n) => (n % 3 === 0 ? 500 : 200), requests: 12, concurrency: 1 });
    expect(code).toBe(0);
    expect(rows.map(([operation, status]) => `${operation} ${status}`).sort()).toEqual([
      ...Array.from({ length: 8 }, () => 'ask 200'),
      ...Array.from({ length: 4 }, () => 'ask 500'),
    ]);
    expect(metrics).toMatchObject({ requests: 12, failed_requests: 4 });
    // Parts of a second, not whole ones.
    expect(rows.every(([, , first, all]) => Number(first) > 0 && Number(all) >= Number(first) && !Number.isInteger(Number(all)))).toBe(
      true,
    );
  });

  it('has failed when every request has', async () => {
    const { code, metrics } = await run({ statusOf: () => 500, requests: 3, concurrency: 1 });
    expect(code).not.toBe(0);
    expect(metrics).toMatchObject({ requests: 3, failed_requests: 3 });
  });

  it('has as many requests under way as asked, each with its body to the byte', async () => {
    // The server answers none before four are there: one after another would never end.
    const { code, bodies, metrics } = await run({ statusOf: () => 200, requests: 8, concurrency: 4, together: 4 });
    expect(code).toBe(0);
    expect(metrics).toMatchObject({ requests: 8, failed_requests: 0 });
    expect(bodies.map((body) => JSON.parse(body) as unknown)).toEqual(Array.from({ length: 8 }, () => BODY));
  });
});
