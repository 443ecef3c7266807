import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type FakeServer, startFakeServer } from './server.ts';

let open: FakeServer[] = [];
afterEach(async () => {
  await Promise.all(open.map((server) => server.close()));
  open = [];
});

/** Counts how often it acted; needs a key. */
async function counter(): Promise<FakeServer & { acted: () => number }> {
  let acted = 0;
  const server = await startFakeServer({
    keys: ['first-key', 'second-key'],
    handle: ({ authorized, path }) => {
      if (!authorized) return { status: 401, body: { error: 'no such key' } };
      if (path === '/broken') throw new Error('ouch');
      acted += 1;
      return { status: 200, body: { acted, padding: 'x'.repeat(100) } };
    },
    state: () => ({ acted }),
    commands: { forget: () => ({ before: acted, after: (acted = 0) }) },
  });
  open.push(server);
  return { ...server, acted: () => acted };
}

const ask = (server: FakeServer, path = '/count', init: RequestInit = {}) =>
  fetch(`${server.url}${path}`, { method: 'POST', body: '{"a":1}', headers: { 'x-api-key': server.key }, ...init });

test('requests are kept without the values of credentials', async () => {
  const server = await counter();
  expect((await ask(server, '/count?x=1')).status).toBe(200);
  expect((await ask(server, '/count', { headers: { authorization: 'Bearer nobody' } })).status).toBe(401);
  expect(server.requests).toMatchObject([
    { method: 'POST', path: '/count', query: '?x=1', body: { a: 1 }, headers: { 'x-api-key': '[credential]' }, status: 200, fault: null },
    { headers: { authorization: '[credential]' }, status: 401 },
  ]);
  expect(JSON.stringify(server.requests)).not.toMatch(/first-key|nobody/);
});

test('keys are revoked and accepted while it runs', async () => {
  const server = await counter();
  server.revoke('first-key');
  expect((await ask(server)).status).toBe(401);
  server.accept('first-key');
  expect((await ask(server)).status).toBe(200);
});

test.each([
  ['reset-before', 0],
  ['reset-after', 1],
] as const)('%s: the connection is lost, and the server has acted %i times', async (how, acted) => {
  const server = await counter();
  const fault = server.fail({ match: /^POST \/count$/, times: 1, how });
  await expect(ask(server)).rejects.toThrow('fetch failed');
  expect(server.acted()).toBe(acted);
  expect(fault.hits()).toBe(1);
  expect((await ask(server)).status).toBe(200);
});

test('timeout-after, slow-body: the client must give up, the server has acted', async () => {
  const server = await counter();
  server.fail({ times: 1, how: 'timeout-after' });
  await expect(ask(server, '/count', { signal: AbortSignal.timeout(200) })).rejects.toThrow('aborted');
  expect(server.acted()).toBe(1);
  server.fail({ times: 1, how: 'slow-body' });
  const answer = await ask(server, '/count', { signal: AbortSignal.timeout(200) });
  expect(answer.status).toBe(200);
  await expect(answer.text()).rejects.toThrow('aborted');
});

test('malformed is half of the JSON; a status is an answer of its own, acted on or not', async () => {
  const server = await counter();
  server.fail({ times: 1, how: 'malformed' });
  await expect((await ask(server)).json()).rejects.toThrow('JSON');
  server.fail({ times: 1, how: { status: 429, body: 'API requests too frequent', headers: { 'retry-after': '2' } } });
  const busy = await ask(server);
  expect([busy.status, busy.headers.get('retry-after'), await busy.text()]).toEqual([429, '2', 'API requests too frequent']);
  expect(server.acted()).toBe(1);
  server.fail({ times: 1, how: { status: 502, acted: true } });
  expect((await ask(server)).status).toBe(502);
  expect(server.acted()).toBe(2);
});

test('a rate is drawn from its seed: the same requests fail each time', async () => {
  const strikes = async () => {
    const server = await counter();
    server.fail({ rate: 0.4, seed: 7, how: { status: 503 } });
    const statuses: number[] = [];
    for (let i = 0; i < 20; i += 1) statuses.push((await ask(server)).status);
    return statuses;
  };
  const first = await strikes();
  expect(first).toContain(503);
  expect(first).toContain(200);
  expect(await strikes()).toEqual(first);
});

test('another process switches faults, keys and the clock below /_fake/, and is not logged', async () => {
  const server = await counter();
  const command = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${server.url}/_fake/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const { body } = await command('POST', 'faults', { match: '/count', how: { status: 500 } });
  expect((await ask(server)).status).toBe(500);
  await command('DELETE', `faults/${String(body['id'])}`);
  expect((await ask(server)).status).toBe(200);
  const before = server.clock.now();
  await command('POST', 'clock', { advanceMs: 3_600_000 });
  expect(server.clock.now() - before).toBeGreaterThanOrEqual(3_600_000);
  expect((await command('GET', 'state')).body).toMatchObject({ acted: 1, requests: 2 });
  expect((await command('POST', 'forget')).body).toEqual({ before: 1, after: 0 });
  await command('POST', 'keys', { revoke: 'first-key' });
  expect((await ask(server)).status).toBe(401);
  expect((await command('GET', 'nothing')).status).toBe(404);
  expect((await command('POST', 'faults', {})).status).toBe(400);
  expect(server.requests.every(({ path }) => path === '/count')).toBe(true);
});

test("the fake's own fault is a 500 that a test can see", async () => {
  const server = await counter();
  expect((await ask(server, '/broken')).status).toBe(500);
  expect(server.errors.join()).toContain('ouch');
});

test('close ends what still waits', async () => {
  const server = await counter();
  server.fail({ how: 'timeout-before' });
  const waiting = ask(server).then(
    () => 'answered',
    () => 'lost',
  );
  while (server.requests.length === 0) await delay(5);
  await server.close();
  expect(await waiting).toBe('lost');
});
