import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commandTransport } from './command-transport.ts';
import { remoteHost } from './remote/remote-host.ts';

const dir = mkdtempSync(join(tmpdir(), 'bench-command-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** `env` runs what follows, as `srun` does on its node. */
const host = () => remoteHost(commandTransport('node1', ['env', 'ON_NODE=node1']));

describe('commandTransport', () => {
  it('makes a host of a program that runs commands elsewhere', async () => {
    const result = await host().exec({ script: 'echo "$ON_NODE $1"; cat >&2; exit 3', args: ["it's"] });
    expect(result).toMatchObject({ code: 3, stdout: "node1 it's\n" });
  });

  it('carries files', async () => {
    writeFileSync(join(dir, 'a'), 'content');
    await host().put(join(dir, 'a'), join(dir, 'b'));
    expect(readFileSync(join(dir, 'b'), 'utf8')).toBe('content');
  });

  it('ends a command with all it started', async () => {
    const stop = new AbortController();
    const running = host().exec({ script: 'sleep 600 & echo $! >"$1"; wait', args: [join(dir, 'pid')] }, { signal: stop.signal });
    await expect.poll(() => readPid(), { timeout: 10_000 }).toBeGreaterThan(1);
    const pid = readPid();
    stop.abort();
    await expect(running).rejects.toThrow();
    await expect.poll(() => alive(pid), { timeout: 10_000 }).toBe(false);
  });

  it('says which program is missing', async () => {
    const nobody = remoteHost(commandTransport('node1', ['no-such-launcher']));
    await expect(nobody.exec({ argv: ['true'] })).rejects.toMatchObject({ code: 'BENCH_COMMAND_NOT_FOUND' });
  });

  it('leads to no ports', async () => {
    await expect(commandTransport('node1', ['env']).forward({ host: '127.0.0.1', port: 1 })).rejects.toMatchObject({
      code: 'BENCH_HOST_TUNNEL',
    });
  });
});

function readPid(): number {
  try {
    return Number(readFileSync(join(dir, 'pid'), 'utf8'));
  } catch {
    return 0;
  }
}

function alive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
