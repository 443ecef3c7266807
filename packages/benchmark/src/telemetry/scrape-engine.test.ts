import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createIo, type Host } from '@bench/core';
import type { Endpoint } from '@bench/deploy';
import { connect } from '@bench/host';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scrapeEngine } from './scrape-engine.ts';

let host: Host;
let server: Server;
let asked: IncomingMessage[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
beforeEach(async () => {
  host = await connect('local');
  asked = [];
  server = createServer((request, response) => {
    asked.push(request);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await host.close();
});

function scrape(more: Partial<Endpoint> = {}) {
  const absent: string[] = [];
  const { port } = server.address() as AddressInfo;
  const scraper = scrapeEngine({
    host,
    endpoint: { address: '127.0.0.1', port, metricsPaths: ['/metrics'], ...more } as Endpoint,
    intervalMs: 20,
    io: createIo(),
    onAbsent: (reason) => absent.push(reason),
  });
  return { scraper, absent };
}
const text = (running: number) => `# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{model_name="m"} ${running}\n`;

describe('a scraper', () => {
  it('asks in step until it is stopped, with the key, and once more at the end', async () => {
    answer = (_request, response) => response.end(text(asked.length));
    const { scraper, absent } = scrape({ apiKey: 'sk-1' });
    await expect.poll(() => scraper.samples.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(3);
    const before = scraper.samples.length;
    await scraper.stop();
    expect(scraper.samples.length).toBeGreaterThan(before);
    expect(scraper.samples[0]?.figures).toEqual({ running: 1 });
    const times = scraper.samples.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(asked[0]?.headers.authorization).toBe('Bearer sk-1');
    expect(absent).toEqual([]);
    const { length } = asked;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(asked).toHaveLength(length);
  });

  it('asks each engine behind a balancer', async () => {
    answer = (request, response) => response.end(text(request.url === '/_bench/0/metrics' ? 2 : 5));
    const { scraper } = scrape({ metricsPaths: ['/_bench/0/metrics', '/_bench/1/metrics'] });
    await expect.poll(() => scraper.samples.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
    await scraper.stop();
    expect(scraper.samples[0]?.figures).toEqual({ running: 7 });
  });

  it.each([
    ['there is no such path', (response: ServerResponse) => response.writeHead(404).end(), 'GET /metrics answered 404', 1],
    ['it wants another key', (response: ServerResponse) => response.writeHead(401).end(), 'GET /metrics answered 401', 1],
    ['it is no such text', (response: ServerResponse) => response.end('<html>'), 'none of its figures is known', 5],
  ])('gives up, and says so once, where %s', async (_why, answers, reason, times) => {
    answer = (_request, response) => answers(response);
    const { scraper, absent } = scrape();
    await expect.poll(() => absent, { timeout: 30_000 }).toEqual([reason]);
    await scraper.stop();
    expect(absent).toHaveLength(1);
    expect(asked).toHaveLength(times);
    expect(scraper.samples).toEqual([]);
  });

  it('goes on after an answer that was none', async () => {
    answer = (_request, response) => {
      if (asked.length === 2) response.writeHead(503).end();
      else if (asked.length === 3) response.destroy();
      else response.end(text(1));
    };
    const { scraper, absent } = scrape();
    await expect.poll(() => scraper.samples.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(3);
    await scraper.stop();
    expect(absent).toEqual([]);
  });

  it('says so where nobody listens', async () => {
    const { scraper, absent } = scrape({ port: 1 });
    await expect.poll(() => absent.length, { timeout: 30_000 }).toBe(1);
    await scraper.stop();
    expect(absent).toHaveLength(1);
  });
});
