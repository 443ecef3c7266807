import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createIo } from '@bench/core';
import { sshHost } from '@bench/host';
import { type Machine, type MachineOptions, startMachine } from '@bench/test-machines';
import { afterEach, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { startLease } from '../index.ts';

const needed = [part('netns'), part('sshd')];
const missing = needed.find(({ present }) => !present);
const SECRET = 'instance-key-0123456789';

/** A machine of namespaces cannot switch this computer off, so it has a `shutdown` of its own, that needs root as the real one does. */
const SHUTDOWN = '[ "$(id -u)" = 0 ] || exit 1\necho "shutdown $*" >>/var/log/asked';
const FILES = Object.entries({
  sudo: '[ "$1" = -n ] || exit 9\nshift\nexec /usr/local/sbin/become --reuid=0 --regid=0 --clear-groups "$@"',
  shutdown: SHUTDOWN,
  poweroff: 'exit 1',
  halt: 'exit 1',
}).map(([name, text]) => ({ path: `usr/local/bin/${name}`, content: `#!/bin/sh\n${text}\n`, mode: 0o755 }));

describe.skipIf(missing !== undefined)(`a lease in a real machine${missing === undefined ? '' : ` (${missing.skipped})`}`, () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });

  async function start(options: MachineOptions = {}) {
    const machine = await startMachine({ docker: false, node: false, files: FILES, ...options });
    closers.push(() => machine.stop());
    await machine.exec(['install', '-m', '4755', '/usr/bin/setpriv', '/usr/local/sbin/become']);
    const lost = new AbortController();
    const io = createIo({ env: {}, signal: lost.signal });
    const host = await sshHost(machine.name, {
      io: createIo({ env: {} }),
      name: machine.name,
      configFile: machine.sshConfigFile,
      agentSocket: null,
      hostKeys: { kind: 'user' },
    });
    closers.push(() => host.close());
    return { machine, host, io, lose: () => (lost.abort(), host.close()) };
  }

  async function asked(machine: Machine): Promise<string> {
    return (await machine.exec(['cat', '/var/log/asked'], { check: false })).stdout;
  }
  async function soon(what: () => Promise<boolean>): Promise<void> {
    for (let i = 0; i < 200 && !(await what()); i++) await delay(100);
    expect(await what()).toBe(true);
  }

  it.each(['bash', 'tcsh', 'fish'] as const)('fires after the last session is gone (login shell %s)', async (shell) => {
    const { machine, host, io, lose } = await start({ shell });
    await startLease(host, { name: machine.name, leaseS: 3, selfDestruct: null, io, retryS: 1 });
    await delay(4000);
    expect(await asked(machine)).toBe('');
    await lose();
    await machine.dropConnections();
    await soon(async () => (await asked(machine)).startsWith('shutdown -h now'));
  });

  it('does not fire when its run has ended it, and leaves nothing', async () => {
    const { machine, host, io } = await start();
    const lease = await startLease(host, { name: machine.name, leaseS: 2, selfDestruct: null, io });
    await lease.end();
    await delay(3500);
    expect(await asked(machine)).toBe('');
    expect((await machine.execAsUser(['find', '.local/state/bench', '-name', '*lease*'])).stdout).toBe('');
    expect((await machine.exec(['ps', '-eo', 'args'])).stdout).not.toContain('lease');
  });

  it.each([
    ['curl', []],
    ['wget', ['curl']],
  ])('sends the request with the real %s', async (_program, hiddenPrograms) => {
    const { machine, host, io, lose } = await start({ hiddenPrograms });
    const near = machine.address.replace(/\d+$/, '1');
    const seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => {
        seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
        // The first answer is a fault that passes.
        response.writeHead(seen.length === 1 ? 503 : 200).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, near, resolve));
    closers.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const url = `http://${near}:${(server.address() as AddressInfo).port}/instances/7/`;
    const selfDestruct = { method: 'DELETE', url, headers: { Authorization: `Bearer ${SECRET}` }, body: { why: 'say "no"\\ $HOME' } };
    await startLease(host, { name: machine.name, leaseS: 2, selfDestruct, io, retryS: 1 });
    await lose();
    let commands = '';
    await soon(async () => {
      commands += (await machine.exec(['ps', '-eo', 'args'])).stdout;
      return seen.length >= 2;
    });
    expect(seen[1]).toMatchObject({ method: 'DELETE', url: '/instances/7/', body: JSON.stringify(selfDestruct.body) });
    expect(seen[1]?.headers).toMatchObject({ authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' });
    expect(commands).not.toContain(SECRET);
    expect(commands).toContain('sh -c');
  });
});
