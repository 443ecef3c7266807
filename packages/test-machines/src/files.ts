import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The user that machines are reached as. */
export const USER = 'bench';
export const UID = 1000;

/** A file of a machine, by its path there. */
export interface MachineFile {
  path: string;
  content: string;
  /** Default 0644. */
  mode?: number;
}

/** Writes files below a folder; folders on the way get 0755, whatever the umask. */
export function writeTree(folder: string, files: readonly MachineFile[]): void {
  const makeFolder = (path: string) => {
    if (path !== folder) makeFolder(dirname(path));
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
  };
  makeFolder(folder);
  for (const { path, content, mode = 0o644 } of files) {
    const target = join(folder, path);
    makeFolder(dirname(target));
    writeFileSync(target, content);
    chmodSync(target, mode);
  }
}

/** Lines of a colon-separated table without those whose field `index` is one of `values`. */
const without = (table: string, fields: Record<number, string>) =>
  table
    .split('\n')
    .filter((line) => line !== '' && !Object.entries(fields).some(([index, value]) => line.split(':')[Number(index)] === value));

/** `/etc/passwd` of a machine: the given one, with the user. */
export const passwd = (base: string, shell: string): string =>
  [...without(base, { 0: USER, 2: String(UID) }), `${USER}:x:${UID}:${UID}:test user:/home/${USER}:${shell}`, ''].join('\n');

/** `/etc/group` of a machine: the given one, with the user's group, and the user in `docker`. */
export function group(base: string, dockerGroup: boolean): string {
  const taken = new Set(without(base, { 0: 'docker' }).map((line) => line.split(':')[2]));
  let gid = 990;
  while (taken.has(String(gid))) gid -= 1;
  return [
    ...without(without(base, { 0: 'docker' }).join('\n'), { 0: USER, 2: String(UID) }),
    `${USER}:x:${UID}:`,
    `docker:x:${gid}:${dockerGroup ? USER : ''}`,
    '',
  ].join('\n');
}

/** What `/etc` of a machine has instead of the real one. Names are looked up in files only, so an unknown one fails at once,
 * and as on the Internet: Go's resolver leaves names to libc when it sees a source that it does not know, and libc says that there is no such host. */
export function etcFiles(options: { name: string; address: string; shell: string; dockerGroup: boolean }): MachineFile[] {
  return [
    { path: 'etc/passwd', content: passwd(readFileSync('/etc/passwd', 'utf8'), options.shell) },
    { path: 'etc/group', content: group(readFileSync('/etc/group', 'utf8'), options.dockerGroup) },
    // '*': no password, yet not locked. sshd refuses locked accounts when it does not use PAM.
    { path: 'etc/shadow', content: `root:*:19000:0:99999:7:::\n${USER}:*:19000:0:99999:7:::\n`, mode: 0o640 },
    // Else it would be this computer to whoever asks.
    { path: 'etc/machine-id', content: `${randomBytes(16).toString('hex')}\n`, mode: 0o444 },
    { path: 'etc/hostname', content: `${options.name}\n` },
    { path: 'etc/hosts', content: `127.0.0.1 localhost\n::1 localhost\n${options.address} ${options.name}\n` },
    { path: 'etc/resolv.conf', content: '# no name server\n' },
    { path: 'etc/nsswitch.conf', content: 'passwd: files\ngroup: files\nshadow: files\nhosts: files [NOTFOUND=return] db\n' },
  ];
}
