import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo, type Host, type Io, loadSpecSchema, type LoadSpecInput } from '@bench/core';
import { sshHost } from '@bench/host';
import { startTestServer, type TestServer } from '@bench/loadgen/testing';
import { leftovers, type Machine, nodeImage, startMachine } from '@bench/test-machines';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { type LoadOrder, type LoadPlaceOptions, openLoadPlace } from './index.ts';

const needed = [part('netns'), part('sshd'), part('docker')];
const missing = needed.find(({ present }) => !present);
const docker = { docker: ['docker'] as const, dockerVersion: '20.10', compose: null, nvidiaRuntime: false };

let engine: TestServer;
let folder: string;
const machines: Machine[] = [];
const doors: Server[] = [];
const hosts: Host[] = [];

async function machine(options: Parameters<typeof startMachine>[0]): Promise<{ machine: Machine; host: Host; io: Io }> {
  const made = await startMachine(options);
  machines.push(made);
  const io = createIo();
  const host = await sshHost(made.name, { io, configFile: made.sshConfigFile, hostKeys: { kind: 'user' } });
  hosts.push(host);
  return { machine: made, host, io };
}

/** The engine is in this process; machines see it at the address that this process has in their network. */
async function order(made: Machine, over: Partial<LoadSpecInput> = {}, more: Partial<LoadOrder> = {}): Promise<LoadOrder> {
  const address = made.address.replace(/\.\d+$/, '.1');
  const door = createServer((socket) => {
    const inside = connect(engine.port, '127.0.0.1');
    socket.pipe(inside).pipe(socket);
    for (const end of [socket, inside]) end.on('error', () => end.destroy());
  });
  await new Promise<void>((resolve) => door.listen(0, address, resolve));
  doors.push(door);
  const exactly = (n: number) => ({ min: n, max: n });
  return {
    id: `r123456789-d0-p${doors.length}-r0-a0`,
    endpoint: {
      address,
      port: (door.address() as AddressInfo).port,
      scope: 'host',
      model: 'test',
      api: 'chat',
      server: { tokenIdPrompts: false, ignoreEos: true, streamUsage: true, tokenizePath: '/tokenize', resetCachePath: null },
      healthPaths: ['/health'],
      metricsPaths: [],
    },
    load: loadSpecSchema.parse({
      data: { kind: 'random', inputTokens: exactly(30), outputTokens: exactly(6) },
      maxConcurrency: 2,
      numPrompts: 10,
      ...over,
    }),
    dir: join(folder, `p${doors.length}`),
    signal: new AbortController().signal,
    onProgress: () => undefined,
    ...more,
  };
}

function place(at: { machine: Machine; host: Host; io: Io }, over: Partial<LoadPlaceOptions> = {}) {
  const said: string[] = [];
  const { io, host } = at;
  const hostDir = `${at.machine.home}/bench-run`;
  const opened = openLoadPlace({ io, host, containers: null, hostDir, on: (text) => said.push(text), signal: io.signal, ...over });
  return opened.then((made) => ({ place: made, said, hostDir }));
}

describe.skipIf(missing)(`load places on machines with their own sshd${missing ? ` (${missing.skipped ?? ''})` : ''}`, () => {
  beforeAll(async () => {
    engine = await startTestServer({ ttftMs: 15, gapMs: 3 });
    folder = await mkdtemp(join(tmpdir(), 'bench-load-places-'));
  });
  afterAll(async () => {
    for (const host of hosts) await host.close();
    for (const door of doors) door.close();
    for (const made of machines) await made.stop();
    await engine?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it.each(['bash', 'tcsh', 'fish'] as const)(
    'the host’s Node, behind a login shell of %s, also when the connection is cut in the middle',
    async (shell) => {
      const at = await machine({ docker: false, shell });
      const { place: opened, hostDir, said } = await place(at);
      expect(opened.name).toBe('host-node');
      let cuts = 0;
      const asked = await order(
        at.machine,
        { numPrompts: 80 },
        {
          onProgress: (p) => void (p.done > 3 && cuts++ === 0 && void at.machine.dropConnections()),
        },
      );
      const { summary, records } = await opened.run(asked);
      expect(cuts).toBeGreaterThan(0);
      expect(summary.counts).toEqual({ sent: 80, ok: 80, failed: 0, cancelled: 0, warmup: 0 });
      expect(records).toHaveLength(80);
      expect(said.filter((text) => text.startsWith('load cannot'))).toEqual([]);
      await opened.close();
      expect((await at.machine.exec(['find', hostDir, '-mindepth', '1'], { check: false })).stdout).toBe('');
      expect((await leftovers(at.machine)).processes).toEqual([]);
    },
  );

  it('a Node that is copied there, and stopped there', async () => {
    const at = await machine({ docker: false, node: false });
    const nodeBinaries = async function* () {
      yield process.execPath;
    };
    const { place: opened } = await place(at, { nodeBinaries });
    expect(opened.name).toBe('host-uploaded-node');
    const stop = new AbortController();
    const asked = await order(
      at.machine,
      { numPrompts: 100_000 },
      {
        signal: stop.signal,
        onProgress: (p) => void (p.done > 5 && stop.abort()),
      },
    );
    const { summary } = await opened.run(asked);
    expect(summary.flags.map((f) => f.code)).toContain('interrupted');
    expect(summary.counts.ok).toBeGreaterThan(5);
    expect((await leftovers(at.machine)).processes).toEqual([]);
  });

  it('a Node container, else a tunnel', async () => {
    const at = await machine({ node: false });
    const image = await nodeImage();
    await at.machine.importImage(image, 'node:of-the-site');
    const nodeBinaries = async function* () {};
    const { place: opened, hostDir } = await place(at, { nodeBinaries, containers: docker, nodeImage: 'node:of-the-site' });
    expect(opened.name).toBe('host-container');
    expect((await opened.run(await order(at.machine))).summary.counts.ok).toBe(10);
    const stop = new AbortController();
    const endless = await order(
      at.machine,
      { numPrompts: 100_000 },
      {
        signal: stop.signal,
        onProgress: (p) => void (p.done > 5 && stop.abort()),
      },
    );
    const { summary } = await opened.run(endless);
    expect(summary.flags.map((f) => f.code)).toContain('interrupted');
    expect(summary.counts.ok).toBeGreaterThan(5);
    await opened.close();
    expect((await at.machine.exec(['find', hostDir, '-mindepth', '1'], { check: false })).stdout).toBe('');
    expect((await leftovers(at.machine)).containers).toEqual([]);

    const far = await place(at, { nodeBinaries });
    expect(far.place.name).toBe('tunnel');
    const tunnelled = await far.place.run(await order(at.machine));
    expect(tunnelled.summary.counts.ok).toBe(10);
    expect(tunnelled.summary.flags.map((f) => f.code)).toContain('tunnelled');
  });

  it('a host whose disk is full in the end: the result is lost, which is said, and nothing is left', async () => {
    const at = await machine({ docker: false, homeSizeMiB: 24 });
    const { place: opened, hostDir } = await place(at);
    let filled: Promise<unknown> | undefined;
    const asked = await order(
      at.machine,
      { numPrompts: 150 },
      {
        onProgress: (p) =>
          void (p.done > 3 && (filled ??= at.machine.execAsUser(['dd', 'if=/dev/zero', 'of=full', 'bs=64k'], { check: false }))),
      },
    );
    await expect(opened.run(asked)).rejects.toMatchObject({ code: 'BENCH_LOAD_DISK_FULL' });
    await filled;
    await opened.close();
    expect((await at.machine.exec(['find', hostDir, '-mindepth', '1'], { check: false })).stdout).toBe('');
    expect((await leftovers(at.machine)).processes).toEqual([]);
  });
});
