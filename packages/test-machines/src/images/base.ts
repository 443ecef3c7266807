import { existsSync } from 'node:fs';
import { buildArchive, findProgram, type ImageParts, type TestImage } from './image.ts';

const TOOLS =
  'awk basename bash cat chmod chown cp curl cut date dd df dirname du echo env expr find grep gzip head hostname id kill ln ls mkdir mktemp mv nproc printf ps pwd ' +
  'readlink realpath rm rmdir sed seq setpriv sha256sum sleep sort stat tail tar tee test timeout touch tr true false uname uniq wc whoami xargs [';

const USERS = [
  ['root', 0, '/root'],
  ['nobody', 65534, '/nonexistent'],
  ['node', 1000, '/home/node'],
  ['nginx', 101, '/nonexistent'],
  ['postgres', 999, '/var/lib/postgresql'],
  ['redis', 998, '/data'],
] as const;

/** What every image has: a shell, curl, the usual small tools, users, certificates. */
export function withBase(parts: ImageParts): ImageParts {
  const certificates = '/etc/ssl/certs/ca-certificates.crt';
  return {
    ...parts,
    programs: {
      'usr/bin/sh': findProgram('sh'),
      ...Object.fromEntries(TOOLS.split(' ').map((name) => [`usr/bin/${name}`, findProgram(name)])),
      ...parts.programs,
    },
    copies: { ...(existsSync(certificates) ? { [certificates.slice(1)]: certificates } : {}), ...parts.copies },
    files: [
      { path: 'etc/passwd', content: USERS.map(([name, id, home]) => `${name}:x:${id}:${id}::${home}:/bin/sh\n`).join('') },
      { path: 'etc/group', content: [...USERS, ['nogroup', 65534]].map(([name, id]) => `${name}:x:${id}:\n`).join('') },
      { path: 'etc/nsswitch.conf', content: 'passwd: files\ngroup: files\nhosts: files dns\n' },
      ...(parts.files ?? []),
    ],
    folders: { root: 0o700, tmp: 0o1777, 'var/tmp': 0o1777, run: 0o755, 'home/node': 0o777, ...parts.folders },
    links: { 'var/run': '/run', ...parts.links },
  };
}

/** A shell, curl and the usual small tools. Default tag: that of the image which the HTTP client presets use. */
export async function baseImage(tag = 'curlimages/curl:latest'): Promise<TestImage> {
  return { tag, tar: await buildArchive(withBase({ kind: 'base', programs: {} })), changes: ['CMD ["/bin/sh"]'] };
}
