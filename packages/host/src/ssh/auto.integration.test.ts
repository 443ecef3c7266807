import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { part } from '../../../../scripts/parts.mjs';
import { openTransport } from './open-transport.ts';
import { listeningIo, runLine } from './testing/read.ts';
import { makeKey, removeTestFolders, startSshd, testFolder, type TestSshd } from './testing/sshd.ts';
import type { SshOptions, SshTransport } from './transport.ts';

const run = promisify(execFile);
const sshdPart = part('sshd');

describe.skipIf(!sshdPart.present)(`the client that is chosen${sshdPart.present ? '' : ` (${sshdPart.skipped})`}`, () => {
  let folder: string;
  let authority: { path: string; public: string };
  let sshd: TestSshd;
  const opened: SshTransport[] = [];

  beforeAll(async () => {
    folder = await testFolder();
    authority = await makeKey(join(folder, 'ca'));
    const host = await makeKey(join(folder, 'host'));
    await run('ssh-keygen', ['-q', '-s', authority.path, '-I', 'host', '-h', '-n', '127.0.0.1', `${host.path}.pub`]);
    sshd = await startSshd({
      sshd: sshdPart.path as string,
      authorized: [],
      hostKey: host.path,
      lines: [`TrustedUserCAKeys ${authority.path}.pub`, `HostCertificate ${host.path}-cert.pub`],
    });
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((transport) => transport.close()));
  });
  afterAll(async () => {
    await sshd?.stop();
    await removeTestFolders();
  });

  async function open(overrides: Partial<SshOptions>) {
    const { io, logged } = listeningIo();
    const configFile = join(await testFolder(), 'config');
    await writeFile(configFile, 'UserKnownHostsFile /dev/null\n');
    const transport = await openTransport(`${sshd.user}@127.0.0.1:${sshd.port}`, {
      io,
      hostKeys: { kind: 'user', runFile: join(await testFolder(), 'known_hosts') },
      configFile,
      agentSocket: null,
      ...overrides,
    });
    opened.push(transport);
    return { transport, logged };
  }
  async function certified(): Promise<string> {
    const key = await makeKey(join(await testFolder(), 'id'));
    await run('ssh-keygen', ['-q', '-s', authority.path, '-I', 'me', '-n', sshd.user, `${key.path}.pub`]);
    return key.path;
  }

  it('is ssh2, where that will do', async () => {
    const key = await makeKey(join(await testFolder(), 'plain'));
    expect((await open({ identities: [key.path] })).transport.kind).toBe('ssh2');
  });

  it("is the system's ssh for a certificate, which then lets us in", async () => {
    const { transport } = await open({ identities: [await certified()] });
    expect(transport.kind).toBe('system');
    expect((await runLine(transport, 'echo certified')).stdout).toBe('certified\n');
  });

  it("is the system's ssh for hosts that an authority vouches for: nothing unknown is then accepted", async () => {
    const known = join(await testFolder(), 'known_hosts');
    await writeFile(known, `@cert-authority [127.0.0.1]:* ${authority.public}\n`);
    const configFile = join(await testFolder(), 'config');
    await writeFile(configFile, `UserKnownHostsFile ${known}\nStrictHostKeyChecking yes\n`);
    const { transport, logged } = await open({ identities: [await certified()], configFile });
    expect(transport.kind).toBe('system');
    expect((await runLine(transport, 'echo vouched')).stdout).toBe('vouched\n');
    expect(logged.filter((line) => line.level === 'warn')).toEqual([]);
  });

  it("is the system's ssh for a security key, by its public half alone", async () => {
    const folderOfKey = await testFolder();
    await mkdir(folderOfKey, { recursive: true });
    const type = 'sk-ssh-ed25519@openssh.com';
    const length = Buffer.alloc(4);
    length.writeUInt32BE(type.length);
    const path = join(folderOfKey, 'id_sk');
    await writeFile(`${path}.pub`, `${type} ${Buffer.concat([length, Buffer.from(type), Buffer.alloc(40)]).toString('base64')} me\n`);
    expect((await open({ identities: [path] })).transport.kind).toBe('system');
  });
});
