import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type EmbeddedEngine, startEmbeddedEngine } from '@bench/embedded-engine';
import { startTestServer, type TestServer, type TestServerOptions } from '@bench/loadgen/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { bench, folder, type Running, show, start } from './cli.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const OUTPUT = 6;

interface Point {
  counts: { sent: number; ok: number; failed: number; cancelled: number };
  errors: Record<string, number>;
  scalars: { total_output_tokens: number };
}

/** `bench load` with four requests in flight. */
async function load(url: string, requests: number, ...flags: string[]): Promise<{ code: number | null; point: Point; said: string }> {
  const sizes = ['--concurrency', '4', '--requests', String(requests), '--input-len', '24', '--output-len', String(OUTPUT)];
  const done = await bench(['load', url, '--json', '--seed', '7', ...sizes, ...flags]);
  expect(done.stdout, show(done)).toMatch(/^\{/);
  return { code: done.code, point: JSON.parse(done.stdout) as Point, said: show(done) };
}

async function serve(options: TestServerOptions): Promise<TestServer> {
  const server = await startTestServer(options);
  cleanups.push(() => server.close());
  return server;
}

/** Requests of the load, not those that it finds its way with, by the server's own account. */
const loaded = (server: TestServer) => server.truth().filter(({ id }) => id !== '');

async function engine(root: string): Promise<EmbeddedEngine> {
  const started = await startEmbeddedEngine({ model: { random: 'tiny', cacheDir: join(root, 'cache') } });
  cleanups.push(() => started.close());
  return started;
}

/** Tokens that the engine says it has generated. */
async function generated({ baseUrl }: EmbeddedEngine): Promise<number> {
  const text = await (await fetch(new URL('/metrics', baseUrl))).text();
  return Number(/^bench_engine_generation_tokens_total (\d+)$/m.exec(text)?.[1]);
}

/** Engines generated what the load counted, and at most a token for each of the few requests that it finds its way with. */
function checkTokens(point: Point, tokens: number): void {
  expect(tokens).toBeGreaterThanOrEqual(point.scalars.total_output_tokens);
  expect(tokens - point.scalars.total_output_tokens).toBeLessThanOrEqual(4);
}

describe('bench load', () => {
  it('counts on an engine of llama.cpp what that counts itself', async () => {
    const one = await engine(await folder());
    const { code, point, said } = await load(one.baseUrl, 20);
    expect(point.counts, said).toMatchObject({ sent: 20, ok: 20, failed: 0, cancelled: 0 });
    expect([code, point.scalars.total_output_tokens], said).toEqual([0, 20 * OUTPUT]);
    checkTokens(point, await generated(one));
  });

  it('takes a connection that is dropped after each answer for no error: each request has one of its own', async () => {
    const server = await serve({ dropAfterAnswer: true });
    const { code, point, said } = await load(server.url, 40);
    expect(point.counts, said).toMatchObject({ sent: 40, ok: 40, failed: 0, cancelled: 0 });
    expect([code, point.errors], said).toEqual([0, {}]);
    expect(new Set(loaded(server).map(({ id }) => id)).size).toBe(40);
    expect(loaded(server).map(({ outcome }) => outcome)).toEqual(Array<string>(40).fill('done'));
    expect(server.connections()).toBeGreaterThanOrEqual(40);
  });

  it('at Ctrl-C says what there is, and ends with 130', async () => {
    const server = await serve({ misbehave: [...Array<null>(9).fill(null), { kind: 'stall', after: 1 }] });
    const running = start([
      'load',
      server.url,
      '--json',
      '--model',
      'test',
      '--concurrency',
      '2',
      '--requests',
      '500',
      '--output-len',
      '6',
      '--seed',
      '7',
    ]);
    // The tenth is never answered.
    while (loaded(server).length < 11 && running.child.exitCode === null) await delay(2);
    running.child.kill('SIGINT');
    const ended = await running.finished;
    const { counts, errors } = JSON.parse(ended.stdout) as Point;
    expect([ended.code, errors], show(ended)).toEqual([130, {}]);
    expect(counts.cancelled).toBeGreaterThan(0);
    expect(counts.sent).toBe(counts.ok + counts.cancelled);
    while (server.open() !== 0) await delay(5);
    expect(counts.ok).toBeLessThanOrEqual(loaded(server).filter(({ outcome }) => outcome === 'done').length);
  });
});

/** nginx in front of servers on this machine, as deployments have it: nothing held back, nothing tried twice, connections to servers kept. */
async function nginx(ports: readonly number[]): Promise<string> {
  const root = await folder();
  const port = await freePort();
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${join(root, name)};`).join(' ');
  await writeFile(
    join(root, 'nginx.conf'),
    `daemon off; master_process off; pid ${join(root, 'pid')}; error_log stderr crit;
events { worker_connections 512; }
http {
  access_log off; ${paths}
  upstream engines { least_conn; keepalive 16; ${ports.map((each) => `server 127.0.0.1:${each} max_fails=0;`).join(' ')} }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://engines; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_request_buffering off; proxy_next_upstream off;
    }
  }
}
`,
  );
  const child: ChildProcess = spawn('nginx', ['-e', 'stderr', '-c', join(root, 'nginx.conf')], {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit');
  cleanups.push(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
    await delay(20);
  }
  return `http://127.0.0.1:${port}`;
}

async function freePort(): Promise<number> {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  holder.close();
  await once(holder, 'close');
  return port;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

const portOf = (url: string) => Number(new URL(url).port);
const missing = part('nginx').skipped;

describe.skipIf(missing !== undefined)(`bench load through nginx${missing === undefined ? '' : ` (${missing})`}`, () => {
  it('counts on two engines of llama.cpp what those count themselves', async () => {
    const root = await folder();
    const engines = [await engine(root), await engine(root)];
    const { code, point, said } = await load(await nginx(engines.map(({ baseUrl }) => portOf(baseUrl))), 40);
    expect(point.counts, said).toMatchObject({ sent: 40, ok: 40, failed: 0, cancelled: 0 });
    expect(code, said).toBe(0);
    const tokens = await Promise.all(engines.map(generated));
    expect(Math.min(...tokens)).toBeGreaterThan(OUTPUT);
    checkTokens(point, (tokens[0] as number) + (tokens[1] as number));
  });

  it('has the errors of two mock engines, each once', async () => {
    const mocks: Running[] = [];
    cleanups.push(async () => {
      for (const { child, finished } of mocks) {
        child.kill('SIGKILL');
        await finished;
      }
    });
    const ports = [];
    for (const seed of ['1', '2']) {
      const faults = ['--fault', 'http-503:4', '--fault', 'reset:3', '--fault', 'error-event:4'];
      const mock = start(['mock-engine', '--port', '0', '--seed', seed, '--itl', '1ms', '--json', ...faults]);
      mocks.push(mock);
      let told = '';
      mock.child.stderr?.on('data', (chunk: Buffer) => (told += chunk.toString()));
      await mock.saw(/mock engine at http:\S+ \(/);
      ports.push(portOf(/http:\S+/.exec(told)?.[0] as string));
    }
    const { code, point, said } = await load(await nginx(ports), 60, '--model', 'test');
    const outcomes: Record<string, number> = {};
    for (const { child, finished } of mocks) {
      child.kill('SIGINT');
      const its = (JSON.parse((await finished).stdout) as { outcomes: Record<string, number> }).outcomes;
      for (const [name, count] of Object.entries(its)) outcomes[name] = (outcomes[name] ?? 0) + count;
    }
    const { status = 0, reset = 0, error_event = 0 } = outcomes;
    expect(Math.min(status, reset, error_event), said).toBeGreaterThan(0);
    expect(point.errors, said).toEqual({ http_5xx: status, reset, error_event });
    expect(point.counts).toMatchObject({ sent: 60, ok: 60 - status - reset - error_event, failed: status + reset + error_event });
    expect(code, said).toBe(0);
  });

  it('counts what a server that dies in mid-run owes, and the other serves the rest', async () => {
    const stays = await serve({ ttftMs: 2, gapMs: 1 });
    // From its fifth request on it answers none to the end: there are some in flight whenever it dies.
    const dies = await serve({
      misbehave: [null, null, null, null, ...Array.from({ length: 200 }, () => ({ kind: 'stall' as const, after: 2 }))],
    });
    const url = await nginx([stays.port, dies.port]);
    const done = load(url, 80, '--model', 'test');
    let ended = false;
    void done.finally(() => (ended = true)).catch(() => undefined);
    while (!ended && !loaded(dies).some(({ outcome, outputTokens }) => outcome === 'open' && outputTokens === 2)) await delay(2);
    await dies.close();
    const { code, point, said } = await done;
    const { sent, ok, failed, cancelled } = point.counts;
    expect([sent, ok + failed, cancelled], said).toEqual([80, 80, 0]);
    expect(failed).toBeGreaterThan(0);
    // nginx says 502 where nobody listens any more, and what was in mid-stream is cut.
    expect(
      Object.keys(point.errors).filter((name) => name !== 'http_5xx' && name !== 'reset'),
      said,
    ).toEqual([]);
    expect(Object.values(point.errors).reduce((a, b) => a + b, 0)).toBe(failed);
    expect(point.errors.reset).toBeGreaterThan(0);
    const whole = (server: TestServer) => loaded(server).filter(({ outcome }) => outcome === 'done').length;
    expect(loaded(stays).length).toBe(whole(stays));
    expect(ok).toBe(whole(stays) + whole(dies));
    expect(code, said).toBe(0);
  });
});
