import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createIo, type Host } from '@bench/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../scripts/parts.mjs';
import { hostConnector, sshHost } from './index.ts';
import { makeKey, startSshd, type TestSshd } from './ssh/testing/sshd.ts';
import { type ContractCase, hostContract } from './testing/index.ts';
import { loginUsers } from './testing/login-users.ts';

const sshd = part('sshd');
const isRoot = process.getuid?.() === 0;
const usable = sshd.present && isRoot;
const skipped = usable ? '' : ` (skipped: ${sshd.skipped ?? 'only root can make users'})`;

const SHELLS = { bash: '/bin/bash', dash: '/bin/dash', tcsh: '/usr/bin/tcsh', fish: '/usr/bin/fish' } as const;
const missing = (shell: keyof typeof SHELLS) => {
  if (existsSync(SHELLS[shell])) return '';
  return ` (skipped: ${shell === 'tcsh' || shell === 'fish' ? part(shell).skipped : `no ${SHELLS[shell]} here`})`;
};
const byName = (cases: readonly ContractCase[]) => cases.map(({ name, run }) => [name, run] as const);

let folder = '';
let server: TestSshd | undefined;
let key = '';
let users: Awaited<ReturnType<typeof loginUsers>> | undefined;
let small: string | undefined;

const mount = (path: string) => {
  mkdirSync(path, { mode: 0o777 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m,mode=1777', 'tmpfs', path], { stdio: 'ignore' });
  return path;
};

beforeAll(async () => {
  if (!usable) return;
  folder = mkdtempSync(join(tmpdir(), 'bench-ssh-'));
  chmodSync(folder, 0o755);
  users = await loginUsers(
    folder,
    Object.fromEntries(Object.entries(SHELLS).filter(([shell]) => missing(shell as keyof typeof SHELLS) === '')),
  );
  const made = await makeKey(join(folder, 'key'));
  key = made.path;
  writeFileSync(join(folder, 'config'), '');
  writeFileSync(join(folder, 'authorized'), `${made.public}\n`);
  // A level of 0 lets bash read its start file, as it does for people.
  const lines = [`AuthorizedKeysFile ${join(folder, 'authorized')}`, 'MaxSessions 10', 'SetEnv SHLVL=0'];
  server = await startSshd({ sshd: sshd.path as string, authorized: [], lines });
  try {
    small = mount(join(folder, 'small'));
  } catch {
    // Not every root may mount; what needs it is tried where one may.
  }
});
afterAll(async () => {
  await server?.stop();
  await users?.remove();
  if (small) execFileSync('umount', [small]);
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
});

function open(shell: keyof typeof SHELLS, transport: 'ssh2' | 'system'): Promise<Host> {
  return sshHost(`${users?.names[shell]}@127.0.0.1:${server?.port}`, {
    io: createIo({ env: { PATH: process.env.PATH, HOME: folder } }),
    transport,
    identities: [key],
    hostKeys: { kind: 'user', runFile: join(folder, 'known_hosts') },
    configFile: join(folder, 'config'),
    home: folder,
    agentSocket: null,
  });
}

/** What depends on the login shell is the way to a command; the rest of the suite does not meet it. */
const onlyExec = (cases: readonly ContractCase[]) => cases.filter(({ name }) => name.startsWith('exec'));

interface Row {
  shell: keyof typeof SHELLS;
  transport: 'ssh2' | 'system';
  whole: boolean;
}

describe.each<Row>([
  { shell: 'bash', transport: 'ssh2', whole: true },
  { shell: 'bash', transport: 'system', whole: true },
  { shell: 'dash', transport: 'ssh2', whole: false },
  { shell: 'tcsh', transport: 'ssh2', whole: false },
  { shell: 'fish', transport: 'ssh2', whole: false },
  { shell: 'tcsh', transport: 'system', whole: false },
])(`login shell $shell, by $transport${skipped}`, ({ shell, transport, whole }) => {
  describe.skipIf(!usable || missing(shell) !== '')(`keeps the contract${missing(shell)}`, () => {
    const cases = hostContract({
      open: () => open(shell, transport),
      tellsSignals: transport === 'ssh2',
      smallFolder: () => small,
    });
    it.each(byName(whole ? cases : onlyExec(cases)))('%s', (_name, run) => run());
  });
});

describe.skipIf(!usable)(`a connection that is lost${skipped}`, () => {
  const scratch = async (host: Host) => (await host.exec({ argv: ['mktemp', '-d'] })).stdout.trim();
  const cut = () => (server as TestSshd).cutConnections();
  const cutWhenThere = async (host: Host, path: string) => {
    for (let i = 0; i < 200; i++) {
      if ((await host.exec({ argv: ['test', '-e', path] })).code === 0) break;
      await delay(20);
    }
    await cut();
  };

  it('is an error for a command, and a repetition for one that may be repeated', async () => {
    const host = await open('bash', 'ssh2');
    const far = await scratch(host);
    const script = 'echo once >>"$1"; [ "$(wc -l <"$1")" -gt 1 ] || sleep 60; cat "$1"';
    const once = host.exec({ script, args: [`${far}/first`] });
    once.catch(() => undefined);
    await cutWhenThere(host, `${far}/first`);
    await expect(once).rejects.toMatchObject({ code: 'BENCH_SSH_LOST', retryable: true });
    const again = host.exec({ script, args: [`${far}/second`] }, { repeatable: true });
    await cutWhenThere(host, `${far}/second`);
    expect((await again).stdout).toBe('once\nonce\n');
    await host.exec({ argv: ['rm', '-rf', far] });
    await host.close();
  });

  it('is nothing to a process that was started to outlive it', async () => {
    const host = await open('bash', 'ssh2');
    const started = await host.start({ script: 'sleep 1; echo done' }, { id: 'outlives' });
    await cut();
    expect(await started.status()).toEqual({ running: true });
    for (let i = 0; i < 100 && (await started.status()).running; i++) await delay(50);
    await cut();
    expect(await started.status()).toEqual({ running: false, code: 0 });
    await cut();
    expect((await started.readLog()).text).toBe('done\n');
    await started.discard();
    await host.close();
  });

  it('costs a copy its time only, and leaves no halves', async () => {
    const host = await open('bash', 'ssh2');
    const far = await scratch(host);
    const content = Buffer.alloc(40_000_000, 'x');
    writeFileSync(join(folder, 'large'), content);
    let cuts = 0;
    const onProgress = ({ bytes }: { bytes: number }) => {
      if (bytes > 5_000_000 && cuts++ === 0) void cut();
    };
    await host.put(join(folder, 'large'), `${far}/large`, { onProgress });
    cuts = 0;
    await host.get(`${far}/large`, join(folder, 'back'), { onProgress });
    expect(cuts).toBeGreaterThan(0);
    expect(content.equals(readFileSync(join(folder, 'back')))).toBe(true);
    expect((await host.exec({ argv: ['ls', '-A', far] })).stdout).toBe('large\n');
    await host.exec({ argv: ['rm', '-rf', far] });
    await host.close();
  });
});

describe.skipIf(!usable)(`one connection${skipped}`, () => {
  const logins = async () => (await (server as TestSshd).log()).split('Accepted publickey').length - 1;

  it('serves all hosts of a target until the last is closed', async () => {
    const before = await logins();
    const connect = hostConnector({
      io: () => createIo({ env: { PATH: process.env.PATH } }),
      transport: 'ssh2',
      identities: [key],
      runFile: join(folder, 'known_hosts'),
      configFile: join(folder, 'config'),
      agentSocket: null,
    });
    const target = `ssh:${users?.names.bash}@127.0.0.1:${server?.port}`;
    const [one, two] = await Promise.all([connect(target), connect(target)]);
    await Promise.all([one.exec({ argv: ['true'] }), two.exec({ argv: ['true'] })]);
    await one.close();
    await one.close();
    expect((await two.exec({ argv: ['echo', 'still'] })).stdout).toBe('still\n');
    expect((await logins()) - before).toBe(1);
    await two.close();
    await expect(two.exec({ argv: ['true'] })).rejects.toThrow(/closed/);
    const three = await connect(target);
    expect((await three.exec({ argv: ['true'] })).code).toBe(0);
    expect((await logins()) - before).toBe(2);
    await three.close();
  });

  it('whose every place is taken by commands that hang is freed by their time-outs', async () => {
    const host = await open('bash', 'ssh2');
    const hang = () => host.exec({ script: 'trap "" TERM; sleep 4321; sleep 4321' }, { timeoutMs: 2000 });
    const results = await Promise.all(Array.from({ length: 14 }, hang));
    expect(results.every((r) => r.timedOut)).toBe(true);
    let left = 'x';
    for (let i = 0; i < 100 && left !== ''; i++) {
      await delay(100);
      left = (
        await host.exec({
          script: 'for f in /proc/[0-9]*/cmdline; do tr "\\0" " " <"$f"; echo; done 2>/dev/null | grep "^sleep 4321" || :',
        })
      ).stdout;
    }
    expect(left).toBe('');
    await host.close();
  });
});
