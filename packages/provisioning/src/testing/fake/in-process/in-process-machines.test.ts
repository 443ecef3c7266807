import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo, type Host } from '@bench/core';
import { generateKeyPair, sshHost, systemInfo } from '@bench/host';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FakeMachine, FakeMachines } from '../machines.ts';
import { inProcessMachines } from './in-process-machines.ts';
import { processesOf } from './processes.ts';

let folder = '';
let machines: FakeMachines;
let last = 0;
const key = generateKeyPair({ comment: 'test' });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-fake-'));
  machines = inProcessMachines({ root: join(folder, 'machines') });
  await writeFile(join(folder, 'key'), key.privateKey, { mode: 0o600 });
});
afterAll(async () => {
  await machines.close();
  await rm(folder, { recursive: true });
});

const start = (o: { onShutdown?: () => void; publicKeys?: string[] } = {}) =>
  machines.start({
    id: `m${++last}`,
    name: `bench-a-r-${last}`,
    user: 'riftuser',
    image: null,
    publicKeys: o.publicKeys ?? [key.publicKey],
    gpus: [{ name: 'NVIDIA H200', memoryMiB: 143_771 }],
    ...(o.onShutdown ? { onShutdown: o.onShutdown } : {}),
  });
const reach = (machine: FakeMachine, user = machine.user): Promise<Host> =>
  sshHost(`${user}@${machine.host}`, {
    io: createIo(),
    port: machine.port,
    identities: [join(folder, 'key')],
    configFile: '/dev/null',
    home: folder,
    hostKeys: { kind: 'machine', id: `${machine.port}`, file: join(folder, `known-hosts-${machine.port}`) },
  });
const stop = async (machine: FakeMachine, ...hosts: Host[]) => {
  for (const host of hosts) await host.close();
  await machine.end();
};

test('machines that are closed leave no folder', async () => {
  const root = join(folder, 'others');
  const others = inProcessMachines({ root });
  await others.start({ id: 'a', name: 'a', user: 'root', publicKeys: [], image: null, gpus: [] });
  expect(existsSync(root)).toBe(true);
  await others.close();
  expect(existsSync(root)).toBe(false);
});

describe('a machine of this process', () => {
  test('is a host like any other: commands, files, processes, tunnels', async () => {
    const machine = await start();
    const host = await reach(machine);
    const run = await host.exec({ script: 'cat; printf %s "$HOME $TMPDIR $1"; exit 3', args: ['it'] });
    expect(run).toMatchObject({ code: 3, signal: null });
    expect(run.stdout).toMatch(/machines\/m\d+\/home .*machines\/m\d+\/tmp it$/);
    expect((await host.exec({ argv: ['sort'], stdin: 'b\na\n' })).stdout).toBe('a\nb\n');
    await host.write('folder/file.txt', 'hello');
    await host.get('folder', join(folder, 'back'));
    expect(await readdir(join(folder, 'back'))).toEqual(['file.txt']);
    const job = await host.start({ argv: ['sleep', '600'] }, { id: 'job' });
    expect(await job.status()).toEqual({ running: true });
    const server = createServer((socket) => socket.end('from behind'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const tunnel = await host.tunnel({ port: (server.address() as AddressInfo).port });
    const chunks: Buffer[] = [];
    for await (const chunk of connect(tunnel.port, tunnel.address)) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('from behind');
    server.close();
    await stop(machine, host);
  });

  test('has the GPUs of its offer, no docker and no package manager, and sudo that asks nothing', async () => {
    const machine = await start();
    const host = await reach(machine);
    expect(await systemInfo(host)).toMatchObject({ gpus: [{ name: 'NVIDIA H200', memoryMiB: 143_771 }], cudaVersion: '12.8' });
    const missing = await host.exec({ script: 'for p in docker apt-get systemctl dpkg; do command -v "$p" && echo "$p"; done; exit 0' });
    expect(missing.stdout).toBe('');
    expect((await host.exec({ argv: ['sudo', '-n', 'A=1', 'sh', '-c', 'printf "%s" "$A"'] })).stdout).toBe('1');
    await stop(machine, host);
  });

  test('lets in the given keys and user only', async () => {
    const machine = await start({ publicKeys: [generateKeyPair().publicKey] });
    const stranger = await reach(machine);
    await expect(stranger.exec({ argv: ['true'] })).rejects.toMatchObject({ code: 'BENCH_SSH_AUTH' });
    const other = await start();
    const wrongUser = await reach(other, 'root');
    await expect(wrongUser.exec({ argv: ['true'] })).rejects.toMatchObject({ code: 'BENCH_SSH_AUTH' });
    await stop(machine, stranger);
    await stop(other, wrongUser);
  });

  test('ends with all of its processes and files, also those in sessions of their own', async () => {
    const machine = await start();
    const host = await reach(machine);
    await host.start({ argv: ['sleep', '601'] }, { id: 'job' });
    const running = host.exec({ argv: ['sleep', '602'] }).catch((error: unknown) => error);
    const own = (await host.exec({ script: 'printf %s "$BENCH_FAKE_MACHINE"' })).stdout;
    expect(processesOf(own).length).toBeGreaterThanOrEqual(2);
    const closed = machine.end();
    await host.close();
    await closed;
    await running;
    expect(processesOf(own)).toEqual([]);
    expect(existsSync(own)).toBe(false);
    await machine.end();
  });

  test.each(['sudo shutdown -h now', 'poweroff'])('is off after "%s", and can be switched on again with its files', async (command) => {
    let tell: () => void = () => undefined;
    const isOff = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const machine = await start({ onShutdown: () => tell() });
    const host = await reach(machine);
    await host.write('kept', 'yes');
    await host.exec({ script: `${command}; sleep 60` }).catch(() => undefined);
    await isOff;
    await host.close();
    const away = await reach(machine);
    await expect(away.exec({ argv: ['true'] }, { timeoutMs: 2000 })).rejects.toMatchObject({
      code: expect.stringMatching(/^BENCH_SSH/) as string,
    });
    await away.close();
    await machine.on?.();
    const again = await reach(machine);
    expect((await again.exec({ argv: ['cat', 'kept'] })).stdout).toBe('yes');
    await stop(machine, again);
  });
});
