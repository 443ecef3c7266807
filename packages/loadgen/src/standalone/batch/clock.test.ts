import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { epochMs } from '../../clock.ts';
import { askClock, clockOver } from './ask-clock.ts';
import { CLOCK_FILE, readClockAddress, serveClock } from './clock-service.ts';
import { deploymentFiles } from './deployment-files.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
const never = new AbortController().signal;

async function service(nowMs?: () => number) {
  const folder = await mkdtemp(join(tmpdir(), 'loadgen-clock-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const files = deploymentFiles(folder, 1);
  cleanups.push(await serveClock(files, nowMs));
  const address = readClockAddress((await files.read(CLOCK_FILE)) as string);
  if (!address) throw new Error('no address');
  const tell = (over: Partial<typeof address>) => writeFile(files.path(CLOCK_FILE), JSON.stringify({ ...address, ...over }));
  return { files, address, tell };
}

describe('the clocks of two clients', () => {
  it.each([0, 5000, -7_200_000])('are as far apart as it says, to within what it says: %i ms', async (apartMs) => {
    const { files } = await service(() => epochMs() + apartMs);
    const clock = await askClock(files, never);
    expect(Math.abs((clock?.offsetMs ?? Infinity) - apartMs)).toBeLessThanOrEqual((clock?.uncertaintyMs ?? 0) + 0.001);
    expect(clock?.method).toBe('network');
    expect((await stat(files.path(CLOCK_FILE))).mode & 0o777).toBe(0o600);
  });

  it('are not known where nobody answers who knows the token', async () => {
    const { files, address, tell } = await service();
    await tell({ token: 'ab'.repeat(32) });
    expect(await askClock(files, never)).toBeNull();
    await tell({ port: 9 });
    expect(await askClock(files, never)).toBeNull();
    await tell({ hosts: ['host.invalid', '127.0.0.1'] });
    expect(await askClock(files, never)).not.toBeNull();
    await writeFile(files.path(CLOCK_FILE), '{');
    expect(await askClock(files, never)).toBeNull();
    const other = deploymentFiles(join(files.folder, 'empty'), 1);
    await mkdir(other.folder);
    expect(await askClock(other, never)).toBeNull();
    expect(await readFile(files.path(CLOCK_FILE), 'utf8')).not.toContain(address.token);
  });

  it('are told to nobody who cannot prove to know it', async () => {
    const { address } = await service();
    const socket = connect({ host: '127.0.0.1', port: address.port });
    let answer = '';
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.write('nonce guess\n');
    await closed;
    expect(answer).toBe('');
  });

  it('are told on, whoever cuts a connection', async () => {
    const { files, address } = await service();
    const socket = connect({ host: '127.0.0.1', port: address.port });
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
    socket.write('half a li');
    await new Promise<void>((resolve) => socket.once('close', () => resolve()).resetAndDestroy());
    expect(await askClock(files, never)).not.toBeNull();
  });

  it('may have moved: two readings give their mean and add half of what lies between', () => {
    const read = (offsetMs: number, uncertaintyMs: number) => ({ offsetMs, uncertaintyMs, method: 'network' as const });
    expect(clockOver(read(10, 0.5), read(13, 0.25))).toEqual(read(11.5, 2));
    expect(clockOver(read(10, 0.5), null)).toEqual(read(10, 0.5));
    expect(clockOver(null, null)).toBeNull();
  });
});
