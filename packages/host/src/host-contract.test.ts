import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { localHost, remoteHost } from './index.ts';
import { type ContractCase, hostContract } from './testing/index.ts';
import { shellTransport } from './testing/shell-transport.ts';

const stateDir = mkdtempSync(join(tmpdir(), 'bench-host-state-'));
afterAll(() => rmSync(stateDir, { recursive: true, force: true }));

const byName = (cases: readonly ContractCase[]) => cases.map(({ name, run }) => [name, run] as const);

describe('this machine', () => {
  it.each(byName(hostContract({ open: () => Promise.resolve(localHost({ stateDir })) })))('%s', (_name, run) => run());
});

describe('a far machine', () => {
  const open = () => Promise.resolve(remoteHost(shellTransport({ shell: '/bin/sh' }), { stateDir }));
  it.each(byName(hostContract({ open })))('%s', (_name, run) => run());
});

describe('a far machine whose server gives commands no session of their own', () => {
  const transport = () => shellTransport({ shell: '/bin/sh', kind: 'system', ownSession: false });
  const cases = hostContract({ open: () => Promise.resolve(remoteHost(transport(), { stateDir })), tellsSignals: false });
  it.each(byName(cases.filter(({ name }) => name.startsWith('exec'))))('%s', (_name, run) => run());
});
