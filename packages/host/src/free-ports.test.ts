import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freePorts, localHost } from './index.ts';

const listen = (port: number, host: string) =>
  new Promise<{ port: number; close(): void }>((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => resolve({ port: (server.address() as AddressInfo).port, close: () => server.close() }));
  });

describe('free ports', () => {
  it('are different ones, in the range, and can be listened on', async () => {
    const ports = await freePorts(localHost(), 20, { io: { random: () => Math.random() } });
    expect(new Set(ports).size).toBe(20);
    for (const port of ports) {
      expect(port).toBeGreaterThanOrEqual(20_000);
      expect(port).toBeLessThan(30_000);
      (await listen(port, '127.0.0.1')).close();
    }
  });

  it('are none on which somebody listens', async () => {
    const random = () => 0.5;
    const [first] = (await freePorts(localHost(), 1, { io: { random } })) as [number];
    const server = await listen(first, '127.0.0.1');
    try {
      expect(await freePorts(localHost(), 1, { io: { random } })).not.toEqual([first]);
    } finally {
      server.close();
    }
  });

  it('are refused when there are not so many', async () => {
    await expect(freePorts(localHost(), 10_001, { io: { random: () => 0 } })).rejects.toThrow(/10001 are needed/);
  });

  it.each([
    ['does not come to an end', { code: null, signal: 'SIGKILL', timedOut: true }, /no answer in 30 s/],
    ['fails', { code: 1, stderr: 'sh: cannot fork\n' }, /cannot fork/],
    ['is cut off', { code: 0, stdout: '4E20\n' }, /exit code 0/],
    ['is empty', { code: 0 }, /exit code 0/],
  ])('are not guessed when the look %s', async (_name, said, message) => {
    const result = { signal: null, stdout: '', stderr: '', durationMs: 1, timedOut: false, ...said };
    const host = { ...localHost(), exec: () => Promise.resolve(result) };
    const failure = freePorts(host, 1, { io: { random: () => 0 } });
    await expect(failure).rejects.toMatchObject({ code: 'BENCH_HOST_PORTS_UNKNOWN', exitCode: 3 });
    await expect(failure).rejects.toThrow(message);
  });
});
