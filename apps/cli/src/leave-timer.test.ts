import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIo, type Host, machineId } from '@bench/core';
import { localHost } from '@bench/host';
import type { Capabilities, OpenProviders } from '@bench/provisioning';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { afterwardsText, leaveTimer } from './leave-timer.ts';

const rented = { name: 'bench-abc123-r1-0', ref: { provider: 'p', id: '1', name: 'bench-abc123-r1-0', region: null, zone: null } };
let root: string;
/** This computer, in the part of another: its own folder, an id of its own, and programs that end nothing. */
let host: Host;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-timer-'));
  await mkdir(join(root, 'bin'));
  for (const name of ['shutdown', 'poweroff', 'halt', 'sudo', 'curl', 'wget'])
    await writeFile(join(root, 'bin', name), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  const here = localHost({ stateDir: join(root, 'processes') });
  const env = { PATH: `${join(root, 'bin')}:/usr/bin:/bin`, HOME: root };
  host = {
    ...here,
    kind: 'ssh',
    name: 'rented',
    start: (command, o) => here.start(command, { ...o, env }),
    exec: async (command, o) => {
      const answer = await here.exec(command, { ...o, env });
      return { ...answer, stdout: answer.stdout.replaceAll(machineId() ?? 'none', 'another-machine') };
    },
  };
});
afterEach(async () => {
  await (await host.attach('bench-lease'))?.discard();
  await rm(root, { recursive: true, force: true });
});

function providers(capabilities: Partial<Capabilities> = {}): OpenProviders {
  return { get: () => ({ factory: { name: 'p', capabilities }, provider: {} }) } as unknown as OpenProviders;
}

async function leave(on: Host, capabilities: Partial<Capabilities> = {}) {
  const warnings: string[] = [];
  const io = createIo({ env: {}, logger: { log: (_level, message) => warnings.push(message) } });
  const set = await leaveTimer({ host: on, rented, providers: providers(capabilities), leaseS: 1800, keepS: 7200, io });
  return { set, warnings };
}

describe('the timer in a machine that is left up', () => {
  it('is set to the end of its time, and its watch stays when bench is gone', async () => {
    // Nothing of this computer's system is touched, in whatever part it is.
    expect(await leave(host)).toEqual({ set: true, warnings: [expect.stringContaining('should it restart')] });
    expect(await readFile(join(root, '.local/state/bench/lease/deadline'), 'utf8')).toMatch(/ 7200\n$/);
    expect((await (await host.attach('bench-lease'))?.status())?.running).toBe(true);
  });

  it('is set anew where its watch is gone, as after a restart', async () => {
    await leave(host);
    await (await host.attach('bench-lease'))?.stop();
    expect(await leave(host)).toMatchObject({ set: true });
    expect((await (await host.attach('bench-lease'))?.status())?.running).toBe(true);
  });

  it('that cannot be set is told', async () => {
    const { set, warnings } = await leave({ ...host, kind: 'local' });
    expect(set).toBe(false);
    expect(warnings.join()).toContain('bench-abc123-r1-0: it will not end by itself');
  });

  it('is none in a machine that must not be shut down', async () => {
    expect(await leave(host, { shutdown: 'never' })).toEqual({ set: false, warnings: [] });
  });
});

it.each([
  [{ timer: true, selfDestructs: true }, { shutdownEndsBilling: false, nativeTtl: false }, 'after that time it ends itself'],
  [
    { timer: true, selfDestructs: false },
    { shutdownEndsBilling: false, nativeTtl: false },
    'may go on billing until bench gc has ended it',
  ],
  [
    { timer: true, selfDestructs: false },
    { shutdownEndsBilling: false, nativeTtl: true },
    'shuts itself down; The Cloud may go on billing until bench gc has ended it',
  ],
  [{ timer: false, selfDestructs: false }, { shutdownEndsBilling: false, nativeTtl: true }, 'The Cloud ends it, if it runs then'],
  [{ timer: false, selfDestructs: true }, { shutdownEndsBilling: true, nativeTtl: false }, 'nothing ends it by itself'],
] as const)('what comes after is said as it is: %j, %j', (how, capabilities, text) => {
  expect(afterwardsText({ title: 'The Cloud', capabilities, ...how })).toContain(text);
});
