import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { UID } from './files.ts';
import type { Machine, Share } from './machine-types.ts';
import type { Network } from './network.ts';
import { run } from './run.ts';

/** A folder below `folder` that everybody may enter, whatever the umask. */
export function makeFolder(folder: string, name: string, mode = 0o755): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  return path;
}

/**
 * Gives the shared HOME a size. Machines that are started before the returned function is called have it, and keep it when it is called: then this
 * computer has nothing mounted.
 */
export async function limitedHome(folder: string, sizeMiB: number | undefined): Promise<() => Promise<void>> {
  if (sizeMiB === undefined) return async () => {};
  const home = makeFolder(folder, 'home');
  await run(['mount', '-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=755`, 'tmpfs', home]);
  return async () => void (await run(['umount', home]));
}

/** What the machines of a cluster have in common: a folder at the same path everywhere, here too, and HOME of the user, which lets `publicKey` in. */
export function sharedFolders(folder: string, publicKey: string): { shared: string; home: string; shares: Share[] } {
  const shared = makeFolder(folder, 'shared', 0o1777);
  const home = makeFolder(folder, 'home');
  writeHome(home, '.ssh/authorized_keys', publicKey);
  return {
    shared,
    home,
    shares: [
      { from: shared, to: shared },
      { from: home, to: '/home/bench' },
    ],
  };
}

/** Writes a file of the user's, for the user only. */
export function writeHome(home: string, path: `.ssh/${string}`, content: string): void {
  makeFolder(home, '.ssh', 0o700);
  writeFileSync(join(home, path), content, { mode: 0o600 });
  for (const made of ['', '.ssh', path]) chownSync(join(home, made), UID, UID);
}

/** Makes the machines know each other by name, and this computer too: programs that are run here tell them to call back by it. */
export function writeHosts(network: Network, machines: readonly { name: string; machine: Machine }[]): void {
  const lines = [
    '127.0.0.1 localhost',
    '::1 localhost',
    ...machines.map(({ name, machine }) => `${machine.address} ${name}`),
    `${network.prefix}.1 ${hostname()}`,
    '',
  ];
  for (const { machine } of machines) writeFileSync(machine.path('/etc/hosts'), lines.join('\n'));
}
