import { readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { MachineFile } from './files.ts';
import { USER } from './files.ts';
import { run, until } from './run.ts';

/** The machine's `sshd_config`. `extra` come first, because sshd takes the first value of an option. */
export function sshdConfig(extra: Readonly<Record<string, string>>): MachineFile {
  const lines = [
    ...Object.entries(extra).map(([key, value]) => `${key} ${value}`),
    'Port 22',
    'HostKey /etc/ssh/ssh_host_ed25519_key',
    'PidFile /run/sshd.pid',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin no',
    'MaxStartups 100:30:200',
    'UseDNS no',
    'Subsystem sftp internal-sftp',
  ];
  return { path: 'etc/ssh/sshd_config', content: `${lines.join('\n')}\n` };
}

/** Makes a host key in `folder`; its files and fingerprint (`SHA256:…`). */
export async function makeHostKey(folder: string): Promise<{ files: MachineFile[]; publicKey: string; fingerprint: string }> {
  const path = join(folder, 'host_key');
  rmSync(path, { force: true });
  rmSync(`${path}.pub`, { force: true });
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', path]);
  const publicKey = readFileSync(`${path}.pub`, 'utf8').trim();
  const { stdout } = await run(['ssh-keygen', '-l', '-E', 'sha256', '-f', `${path}.pub`]);
  return {
    files: [
      { path: 'etc/ssh/ssh_host_ed25519_key', content: readFileSync(path, 'utf8'), mode: 0o600 },
      { path: 'etc/ssh/ssh_host_ed25519_key.pub', content: `${publicKey}\n` },
    ],
    publicKey,
    fingerprint: stdout.split(' ')[1] ?? '',
  };
}

/** Resolves when something at the address greets as an SSH server. */
export async function answersSsh(address: string, why: () => string, signal?: AbortSignal): Promise<void> {
  await until(`sshd at ${address}`, () => greets(address), { why, signal });
}

function greets(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 1_000 });
    const answer = (value: boolean) => {
      socket.destroy();
      resolve(value);
    };
    socket.once('data', (data) => answer(data.toString().startsWith('SSH-2.0')));
    socket.once('error', () => answer(false));
    socket.once('timeout', () => answer(false));
    socket.once('close', () => answer(false));
  });
}

/** A section for `ssh_config`, under the machine's name as alias. */
export const sshConfig = (machine: { name: string; address: string; identityFile: string; knownHostsFile: string }): string =>
  [
    `Host ${machine.name}`,
    `  HostName ${machine.address}`,
    `  User ${USER}`,
    `  IdentityFile ${machine.identityFile}`,
    '  IdentitiesOnly yes',
    `  UserKnownHostsFile ${machine.knownHostsFile}`,
    '  GlobalKnownHostsFile /dev/null',
    '  StrictHostKeyChecking yes',
    '',
  ].join('\n');
