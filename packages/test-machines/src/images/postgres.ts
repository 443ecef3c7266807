import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { withBase } from './base.ts';
import { buildArchive, type TestImage } from './image.ts';

const PROGRAMS = ['postgres', 'initdb', 'psql', 'pgbench', 'pg_isready', 'pg_ctl', 'createdb'];

/** `gosu USER PROGRAM …` of the official image, by what Debian has. */
const GOSU = String.raw`#!/bin/sh
user=$1
shift
exec setpriv --reuid="$user" --regid="$user" --init-groups "$@"
`;

/** PostgreSQL as Debian lays it out, with pgbench and `gosu`. Default tag: that of the preset's image. It has no entry point: the preset brings its own. */
export async function postgresImage(tag = 'postgres:17'): Promise<TestImage> {
  const root = '/usr/lib/postgresql';
  const version = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a))[0] : undefined;
  if (!version) throw new Error('there is no PostgreSQL here to put into an image');
  const bin = join(root, version, 'bin');
  const folders = [`usr/lib/postgresql/${version}/lib`, `usr/share/postgresql/${version}`];
  const zones = '/usr/share/zoneinfo';
  const parts = withBase({
    kind: 'postgres',
    programs: Object.fromEntries(PROGRAMS.map((name) => [join(bin, name).slice(1), join(bin, name)])),
    copies: {
      ...Object.fromEntries(folders.map((folder) => [folder, `/${folder}`])),
      ...Object.fromEntries(
        ['UTC', 'GMT', 'Etc/UTC']
          .map((zone) => join(zones, zone))
          .filter((path) => existsSync(path))
          .map((path) => [path.slice(1), path]),
      ),
    },
    // Compilation of queries would bring all of LLVM.
    leaveOut: /\/llvmjit[^/]*$|\/(sepgsql|pgxml)\.so$|\/(bitcode|pgxs|man)(\/|$)|\/extension\/(?!plpgsql)/,
    files: [{ path: 'usr/local/bin/gosu', content: GOSU, mode: 0o755 }],
    folders: { 'var/lib/postgresql': 0o777, 'run/postgresql': 0o777 },
  });
  const path = `ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${bin}`;
  return { tag, tar: await buildArchive(parts), changes: [path, 'EXPOSE 5432'] };
}
