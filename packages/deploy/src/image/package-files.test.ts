import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { layOut, packageClosure } from './package-files.ts';

const LINUX = { os: 'linux', cpu: 'x64', libc: 'glibc' } as const;
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'bench-packages-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A package in `dir` whose main file says its name and version. */
async function add(dir: string, manifest: Record<string, unknown>, files: Record<string, string> = {}) {
  const at = join(root, dir);
  const all = {
    'package.json': JSON.stringify({ version: '1.0.0', main: 'main.js', ...manifest }),
    'main.js': `exports.who = ${JSON.stringify(`${String(manifest['name'])}@${String(manifest['version'] ?? '1.0.0')}`)};
exports.of = (name) => require(name);`,
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    await mkdir(dirname(join(at, path)), { recursive: true });
    await writeFile(join(at, path), content);
  }
}

interface Loaded {
  who: string;
  of(name: string): Loaded;
}

describe('files of packages', () => {
  it('lets each package find what it found here, two versions and a circle among it', async () => {
    await add('node_modules/@scope/app', { name: '@scope/app', dependencies: { a: '*', b: '*' } });
    await add('node_modules/a', { name: 'a', version: '1.0.0', dependencies: { b: '*' } });
    await add('node_modules/b', { name: 'b', version: '2.0.0' });
    await add('node_modules/a/node_modules/b', { name: 'b', version: '1.0.0', dependencies: { a: '*' } });
    const packages = await packageClosure(join(root, 'node_modules/@scope/app/package.json'), LINUX);
    expect(packages.map(({ name, version }) => `${name}@${version}`)).toEqual(['@scope/app@1.0.0', 'a@1.0.0', 'b@1.0.0', 'b@2.0.0']);
    const out = join(root, 'out');
    await layOut(packages, out, new AbortController().signal);
    await rm(join(root, 'node_modules'), { recursive: true });
    const app = createRequire(join(out, 'x.js'))(join(out, '0/node_modules/@scope/app')) as Loaded;
    expect([app.of('b').who, app.of('a').who, app.of('a').of('b').who, app.of('a').of('b').of('a').who]).toEqual([
      'b@2.0.0',
      'a@1.0.0',
      'b@1.0.0',
      'a@1.0.0',
    ]);
  });

  it('takes optional packages that are here and made for the platform', async () => {
    await add('node_modules/app', {
      name: 'app',
      optionalDependencies: { x64: '*', arm: '*', mac: '*', musl: '*', unix: '*', absent: '*' },
    });
    await add('node_modules/x64', { name: 'x64', os: ['linux'], cpu: ['x64'] });
    await add('node_modules/arm', { name: 'arm', os: ['linux'], cpu: ['arm64'] });
    await add('node_modules/mac', { name: 'mac', os: ['darwin'] });
    await add('node_modules/musl', { name: 'musl', libc: ['musl'] });
    await add('node_modules/unix', { name: 'unix', os: ['!win32'] });
    const packages = await packageClosure(join(root, 'node_modules/app/package.json'), LINUX);
    expect(packages.map(({ name }) => name).sort()).toEqual(['app', 'unix', 'x64']);
  });

  it('takes of a workspace’s package what it publishes, and of none what only developers need', async () => {
    await add(
      'packages/app',
      { name: 'app', dependencies: { lib: '*' } },
      { 'dist/bin.js': '', 'dist/bin.js.map': '', 'dist/bin.d.ts': '', 'src/secret.ts': '' },
    );
    await add('packages/app/node_modules/lib', { name: 'lib' }, { 'README.md': 'x', 'dist/a.d.ts': '' });
    await symlink(join(root, 'packages/app'), join(root, 'app-link'));
    const out = join(root, 'out');
    await layOut(await packageClosure(join(root, 'app-link/package.json'), LINUX), out, new AbortController().signal);
    expect((await readdir(join(out, '0/node_modules/app'), { recursive: true })).sort()).toEqual(['dist', 'dist/bin.js', 'package.json']);
    expect((await readdir(join(out, '1/node_modules/lib'), { recursive: true })).sort()).toEqual([
      'README.md',
      'dist',
      'main.js',
      'package.json',
    ]);
    expect(await readFile(join(out, '0/node_modules/lib/README.md'), 'utf8')).toBe('x');
  });

  it('says what is missing', async () => {
    await add('node_modules/app', { name: 'app', dependencies: { gone: '*' } });
    await expect(packageClosure(join(root, 'node_modules/app/package.json'), LINUX)).rejects.toThrow(
      'app needs gone, which is not installed',
    );
  });
});
