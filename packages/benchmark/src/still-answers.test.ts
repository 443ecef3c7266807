import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createIo } from '@bench/core';
import type { Endpoint } from '@bench/deploy';
import { localHost } from '@bench/host';
import { afterEach, expect, it } from 'vitest';
import type { RunMachine } from './machine.ts';
import { stillAnswers } from './still-answers.ts';

const ends: (() => unknown)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

/** An engine that answers each path with its status, and whatever else is asked with 200. */
async function engine(statuses: Record<string, number>, healthPaths: readonly string[] = Object.keys(statuses)) {
  const server = createServer((request, response) => response.writeHead(statuses[request.url ?? ''] ?? 200).end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  const io = { ...createIo(), sleep: () => Promise.resolve() };
  const machine = { host: localHost() } as unknown as RunMachine;
  return stillAnswers({ address: '127.0.0.1', port, healthPaths } as Endpoint, machine, io);
}

it.each([200, 204, 401, 403, 404, 405])('an engine whose health path answers %i is there', async (status) => {
  expect(await engine({ '/health': status })).toBeNull();
});

it.each([500, 502, 503])('an engine is not there whose API server answers, and its health path with %i', async (status) => {
  expect(await engine({ '/v1/models': 200, '/health': status }, ['/health'])).toBe(`GET /health answered ${status}`);
});

it('behind a balancer each engine must answer', async () => {
  const paths = ['/_bench/0/health', '/_bench/1/health'];
  expect(await engine({}, paths)).toBeNull();
  expect(await engine({ '/_bench/1/health': 502 }, paths)).toBe('GET /_bench/1/health answered 502');
});
