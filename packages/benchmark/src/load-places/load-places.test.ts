import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createIo, type Io, loadSpecSchema, type LoadSpecInput, pointResultSchema } from '@bench/core';
import { localHost } from '@bench/host';
import type { LoadProgress } from '@bench/loadgen';
import { startTestServer, type TestServer, type TestServerOptions } from '@bench/loadgen/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { discardLoad, type LoadOrder, type LoadPlace, type LoadPlaceOptions, openLoadPlace } from './index.ts';
import { farHost, type FarHost } from './testing/far-host.ts';

const KEY = 'sk-of-the-engine-0123456789';
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'load-places-'));
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function serve(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer({ ttftMs: 3, gapMs: 1, ...options });
  cleanups.push(() => server.close());
  return server;
}

async function far(): Promise<FarHost> {
  const host = await farHost();
  cleanups.push(() => host.remove());
  return host;
}

interface Opened {
  place: LoadPlace;
  said: string[];
  warned: string[];
  hostDir: string;
}

async function open(machine: FarHost, over: Partial<LoadPlaceOptions> = {}): Promise<Opened> {
  const [said, warned]: [string[], string[]] = [[], []];
  const io: Io = createIo({ logger: { log: (level, message) => void (level === 'warn' && warned.push(message)) } });
  const hostDir = join(machine.root, 'run');
  const place = await openLoadPlace({
    io,
    host: machine.host,
    containers: null,
    hostDir,
    nodeBinaries: async function* () {},
    on: (text) => said.push(text),
    signal: io.signal,
    ...over,
  });
  cleanups.push(() => place.close());
  return { place, said, warned, hostDir };
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1500 && !condition(); i++) await delay(10);
}

let orders = 0;
async function order(
  server: TestServer,
  over: Partial<Omit<LoadOrder, 'load'>> & { load?: Partial<LoadSpecInput> } = {},
): Promise<LoadOrder> {
  const length = (n: number) => ({ min: n, max: n });
  const { load, ...rest } = over;
  return {
    id: `r123456789-d0-p0-r0-a${orders++}`,
    endpoint: {
      address: '127.0.0.1',
      port: server.port,
      scope: 'host',
      model: 'test',
      api: 'chat',
      server: { tokenIdPrompts: false, ignoreEos: true, streamUsage: true, tokenizePath: '/tokenize', resetCachePath: null },
      healthPaths: ['/health'],
      metricsPaths: [],
    },
    load: loadSpecSchema.parse({
      data: { kind: 'random', inputTokens: length(30), outputTokens: length(5) },
      maxConcurrency: 3,
      numPrompts: 9,
      seed: 4,
      ...load,
    }),
    dir: await folder(),
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...rest,
  };
}

/** Long enough to be met in the middle. */
const endless = { numPrompts: 100_000 };

describe('load from next to the engine', () => {
  it('runs by the host’s Node, with the key nowhere but in the order, and leaves nothing but the cache', async () => {
    const server = await serve({ apiKey: KEY });
    const machine = await far();
    await machine.install('node');
    const { place, said, hostDir } = await open(machine);
    expect(place.name).toBe('host-node');
    const seen: LoadProgress[] = [];
    const asked = await order(server, { onProgress: (p) => void seen.push(p) });
    const { endpoint } = asked;
    const result = await place.run({ ...asked, endpoint: { ...endpoint, apiKey: KEY } });
    expect(result.summary.counts).toEqual({ sent: 9, ok: 9, failed: 0, cancelled: 0, warmup: 0 });
    pointResultSchema.parse({ ...result.summary, point: 0, repeat: 0 });
    expect(result.records).toHaveLength(9);
    expect(result.gaps.map((g) => g.gapsMs.length)).toEqual(Array<number>(9).fill(4));
    expect(seen.at(-1)).toMatchObject({ phase: 'done', done: 9 });
    expect(await readdir(hostDir)).toEqual([]);
    expect(await readdir(join(machine.root, 'processes'))).toEqual([]);
    expect(await readdir(asked.dir)).toEqual([]);
    // A second place finds the client there.
    const puts = machine.calls.get('put');
    expect(puts).toBe(1);
    expect(said.filter((text) => text.startsWith('copying'))).toHaveLength(1);
    const second = await open(machine);
    const again = await second.place.run({ ...(await order(server)), endpoint: { ...endpoint, apiKey: KEY } });
    expect(again.summary.counts.ok).toBe(9);
    expect(machine.calls.get('put')).toBe(puts);
    expect(second.said).toEqual([]);
  });

  it('mends a client in the cache that is damaged', async () => {
    const machine = await far();
    await machine.install('node');
    await open(machine);
    const cache = join(machine.home, '.cache', 'bench', 'loadgen');
    const [file] = await readdir(cache);
    await writeFile(join(cache, file as string), 'half of it');
    const { place } = await open(machine);
    expect((await place.run(await order(await serve()))).summary.counts.ok).toBe(9);
  });

  it('sends prompts of a file that is here, and says the file’s own path in the result', async () => {
    const server = await serve();
    const machine = await far();
    await machine.install('node');
    const path = join(await folder(), 'prompts.jsonl');
    await writeFile(path, Array.from({ length: 20 }, (_, i) => `{"prompt": "tell me about ${i}", "output_tokens": 4}\n`).join(''));
    const { place } = await open(machine);
    const tokenizer = join(await folder(), 'tokenizer.json');
    await writeFile(
      tokenizer,
      '{"pre_tokenizer": {"type": "Whitespace"}, "model": {"type": "WordLevel", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]"}}',
    );
    const load = { data: { kind: 'jsonl' as const, path }, tokenizer };
    const result = await place.run(await order(server, { load }));
    expect(result.summary.counts).toMatchObject({ ok: 9, failed: 0 });
    expect(result.summary.load).toMatchObject(load);
    expect(result.records.filter((r) => r.phase === 'measured').every((r) => (r.countedOutputTokens ?? 0) > 0)).toBe(true);
    await place.run(await order(server, { load }));
    expect(machine.calls.get('put')).toBe(3);
  });

  it('goes on while the connection is lost, and the result is whole', async () => {
    const server = await serve({ ttftMs: 20, gapMs: 4 });
    const machine = await far();
    await machine.install('node');
    const { place, said } = await open(machine);
    let cut = false;
    const result = await place.run(
      await order(server, {
        load: { numPrompts: 60, maxConcurrency: 2 },
        onProgress(p) {
          if (cut || p.done < 2) return;
          cut = true;
          machine.cut();
          // Nobody is there to see it, and it is sent all the same.
          void until(() => server.truth().filter((t) => t.outcome === 'done').length > 40).then(() => machine.mend());
        },
      }),
    );
    expect(cut).toBe(true);
    expect(result.summary.counts).toEqual({ sent: 60, ok: 60, failed: 0, cancelled: 0, warmup: 0 });
    expect(result.summary.flags.map((f) => f.code)).not.toContain('interrupted');
    expect(said.join('\n')).toMatch(/connection was lost; the load client goes on there[\s\S]*far is back/);
  });

  it('gives up a host that stays away', async () => {
    const server = await serve();
    const machine = await far();
    await machine.install('node');
    const io = createIo();
    let skipMs = 0;
    const { place } = await open(machine, {
      io: {
        ...io,
        monotonic: () => io.monotonic() + skipMs,
        async sleep(ms, signal) {
          if (ms >= 300) skipMs += 60_000;
          await io.sleep(Math.min(ms, 20), signal);
        },
      },
    });
    const asked = await order(server, { load: endless, onProgress: (p) => void (p.done > 2 && machine.cut()) });
    await expect(place.run(asked)).rejects.toMatchObject({ code: 'BENCH_LOAD_HOST_AWAY', retryable: true });
    machine.mend();
    expect(await (await machine.host.attach(asked.id))?.status()).toEqual({ running: true });
    // It went on there: the next load must not be sent beside it.
    let beside: unknown;
    const onProgress = async () => (beside ??= await machine.again().attach(asked.id));
    const next = await place.run(await order(server, { onProgress: () => void onProgress() }));
    expect(next.summary.counts.ok).toBe(9);
    expect(beside ?? null).toBeNull();
    await discardLoad({ host: machine.host, containers: null, hostDir: join(machine.root, 'run'), id: asked.id });
    expect(await machine.host.attach(asked.id)).toBeNull();
  });

  it('follows the load of a bench that is gone instead of starting another', async () => {
    const server = await serve({ ttftMs: 20, gapMs: 4 });
    const machine = await far();
    await machine.install('node');
    const first = await open(machine);
    const asked = await order(server, { load: { numPrompts: 40, maxConcurrency: 2 } });
    let started: () => void = () => undefined;
    const running = new Promise<void>((resolve) => (started = resolve));
    // The first bench: it is cut off for good in the middle.
    const abandoned = first.place.run({ ...asked, onProgress: (p) => void (p.done > 2 && started()) });
    await running;
    machine.cut();
    const { place, said } = await open({ ...machine, host: machine.again() });
    const result = await place.run({ ...asked, dir: await folder() });
    expect(result.summary.counts).toMatchObject({ sent: 40, ok: 40 });
    expect(server.truth().filter((t) => t.outcome === 'done').length).toBeGreaterThanOrEqual(40);
    expect(server.truth().length).toBeLessThan(60);
    expect(said.join('\n')).toContain('was started on far before: following it');
    machine.mend();
    await expect(abandoned).rejects.toBeDefined();
  });

  it('stops when told to, with what was measured until then', async () => {
    const server = await serve();
    const machine = await far();
    await machine.install('node');
    const { place } = await open(machine);
    const stop = new AbortController();
    const asked = await order(server, { load: endless, signal: stop.signal, onProgress: (p) => void (p.done > 5 && stop.abort()) });
    const { summary } = await place.run(asked);
    expect(summary.flags.map((f) => f.code)).toContain('interrupted');
    expect(summary.counts.ok).toBeGreaterThan(5);
    expect(summary.counts.sent).toBeLessThan(100_000);
    expect(await machine.host.attach(asked.id)).toBeNull();
    const never = await place.run(await order(server, { signal: AbortSignal.abort() }));
    expect(never.summary.counts.sent).toBe(0);
    expect(never.summary.flags.map((f) => f.code)).toContain('interrupted');
  });

  it('passes on why there is no result', async () => {
    const machine = await far();
    await machine.install('node');
    const { place, hostDir } = await open(machine);
    const path = join(await folder(), 'empty.jsonl');
    await writeFile(path, '\n');
    const asked = await order(await serve(), { load: { data: { kind: 'jsonl', path } } });
    await expect(place.run(asked)).rejects.toMatchObject({ code: 'BENCH_DATASET' });
    await place.close();
    expect(await readdir(hostDir)).toEqual([]);
    // Killed outright: neither result nor error.
    const killed = await order(await serve(), { load: endless });
    const attempt = place.run({ ...killed, onProgress: (p) => void (p.done > 2 && void kill(machine, killed.id)) });
    await expect(attempt).rejects.toMatchObject({ code: 'BENCH_LOAD_CLIENT' });
  });
});

/** As the system kills, not as one is asked to end: nothing more is written. */
async function kill(machine: FarHost, id: string): Promise<void> {
  const running = await localHost({ stateDir: join(machine.root, 'processes') }).attach(id);
  if (running && (await running.status()).running) process.kill(-running.pid, 'SIGKILL');
}

describe('the next best place', () => {
  it('is this process when the engine is on this machine', async () => {
    const server = await serve();
    const { place } = await open({ ...(await far()), host: localHost() });
    expect(place.name).toBe('here');
    expect((await place.run(await order(server))).summary.counts.ok).toBe(9);
  });

  it('is a Node that is copied there, once, when the host’s own is too old; one that does not run is not left there', async () => {
    const server = await serve();
    const machine = await far();
    await writeFile(join(machine.bin, 'node'), '#!/bin/sh\necho v18.20.1\n', { mode: 0o755 });
    const broken = join(await folder(), 'node');
    await writeFile(broken, 'of another machine');
    const nodeBinaries = async function* () {
      yield broken;
      yield process.execPath;
    };
    const { place, said } = await open(machine, { nodeBinaries });
    expect(place.name).toBe('host-uploaded-node');
    expect(said.join('\n')).toMatch(/Node is too old \(18\.20\.1; 20 or newer is needed\)[\s\S]*a Node that is copied there/);
    expect((await place.run(await order(server))).summary.counts.ok).toBe(9);
    expect(await readdir(join(machine.home, '.cache', 'bench', 'node'))).toHaveLength(1);
    const puts = machine.calls.get('put') ?? 0;
    await open(machine, {
      nodeBinaries: async function* () {
        yield process.execPath;
      },
    });
    expect(machine.calls.get('put')).toBe(puts);
  });

  it('finds a Node of nvm that is not in the path of a shell without a login', async () => {
    const machine = await far();
    const folderOf = join(machine.home, '.nvm', 'versions', 'node', 'v22.1.0', 'bin');
    await mkdir(folderOf, { recursive: true });
    await symlink(process.execPath, join(folderOf, 'node'));
    expect((await open(machine)).place.name).toBe('host-node');
  });

  it('is a Node container on the host’s network', async () => {
    const server = await serve();
    const machine = await far();
    // Runs what comes after the image on this machine; keeps its arguments.
    const log = join(machine.root, 'docker.log');
    const docker = join(machine.bin, 'docker');
    await writeFile(
      docker,
      `#!/bin/sh\nprintf '%s\\n' "$*" >>'${log}'\ncase $1 in image|kill|rm) exit 0;; esac\nwhile [ "$1" != --entrypoint ]; do shift; done\nshift 3\nexec '${process.execPath}' "$@"\n`,
    );
    await chmod(docker, 0o755);
    const containers = { docker: [docker] as const, dockerVersion: '28.0.0', compose: null, nvidiaRuntime: null };
    const { place, said, hostDir } = await open(machine, { containers, nodeImage: 'registry.example/node:22' });
    expect(place.name).toBe('host-container');
    expect(said.join('\n')).toMatch(/has no Node[\s\S]*no Node could be had to copy to it[\s\S]*load is sent by a Node container/);
    const asked = await order(server);
    expect((await place.run(asked)).summary.counts.ok).toBe(9);
    const args = (await readFile(log, 'utf8')).split('\n');
    const cache = join(machine.home, '.cache', 'bench');
    expect(args.find((line) => line.includes(`bench-load-${asked.id} `))).toMatch(
      `run --rm --network host --mount type=bind,source=${cache},target=${cache},readonly --name bench-load-${asked.id} --log-driver none`,
    );
    expect(args).toContain(`rm --force bench-load-${asked.id}`);
    expect(await readdir(hostDir)).toEqual([]);
  });

  it('is a tunnel, whose round trip is told in the result and in a warning', async () => {
    const server = await serve();
    const { place, said, warned } = await open(await far());
    expect(place.name).toBe('tunnel');
    expect(said.join('\n')).toMatch(/it runs no containers[\s\S]*load is sent by a tunnel from here/);
    const { summary } = await place.run(await order(server));
    expect(summary.counts.ok).toBe(9);
    const flag = summary.flags.find((f) => f.code === 'tunnelled');
    expect(flag?.message).toMatch(/through a tunnel to far: a round trip of \d+\.\d ms is in every latency/);
    expect(warned).toEqual([flag?.message]);
  });

  it('is none when all that may be used are unusable', async () => {
    const machine = await far();
    await expect(open(machine, { allow: ['host-node', 'host-container'] })).rejects.toMatchObject({
      code: 'BENCH_LOAD_PLACE',
      exitCode: 3,
      message: expect.stringMatching(/far\nits own Node: it has no Node\na Node container: it runs no containers/) as string,
    });
    machine.cut();
    await expect(open(machine)).rejects.toMatchObject({ code: 'BENCH_SSH_LOST' });
  });

  it('needs a home that can be written to', async () => {
    const machine = await far();
    await machine.install('node');
    await writeFile(join(machine.home, '.cache'), 'a file');
    await expect(open(machine, { allow: ['host-node'] })).rejects.toMatchObject({ code: 'BENCH_LOAD_PLACE' });
    expect((await stat(join(machine.home, '.cache'))).isFile()).toBe(true);
  });
});
