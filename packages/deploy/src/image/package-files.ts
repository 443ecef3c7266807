import { access, link, copyFile, lstat, mkdir, readdir, readFile, readlink, realpath, symlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/** A package as it is installed here. */
export interface InstalledPackage {
  name: string;
  version: string;
  /** Absolute, links resolved. */
  dir: string;
  /** Installed packages that it requires, by the name it requires them by; those for other platforms are left out. */
  requires: ReadonlyMap<string, string>;
}

interface Manifest {
  name: string;
  version: string;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

export interface TargetPlatform {
  os: 'linux';
  cpu: 'x64' | 'arm64';
  libc: 'glibc';
}

/**
 * A package and everything that it needs at run time, as installed here, by folder; the package itself first. Optional packages come
 * along when they are here and made for the platform.
 */
export async function packageClosure(manifest: string, platform: TargetPlatform): Promise<InstalledPackage[]> {
  const found = new Map<string, InstalledPackage>();
  const visit = async (path: string): Promise<string> => {
    const dir = dirname(await realpath(path));
    if (found.has(dir)) return dir;
    const content = JSON.parse(await readFile(path, 'utf8')) as Manifest;
    const requires = new Map<string, string>();
    found.set(dir, { name: content.name, version: content.version, dir, requires });
    const optional = new Set(Object.keys(content.optionalDependencies ?? {}));
    for (const name of new Set([...Object.keys(content.dependencies ?? {}), ...optional])) {
      const inner = await findManifest(name, dir);
      if (inner === null) {
        if (optional.has(name)) continue;
        throw new Error(`${content.name} needs ${name}, which is not installed`);
      }
      if (!optional.has(name) || fits(JSON.parse(await readFile(inner, 'utf8')) as Manifest, platform))
        requires.set(name, await visit(inner));
    }
    return dir;
  };
  await visit(manifest);
  return [...found.values()];
}

/** Looks upwards, as Node does. */
async function findManifest(name: string, from: string): Promise<string | null> {
  for (let at = from; ; at = dirname(at)) {
    const path = join(at, 'node_modules', ...name.split('/'), 'package.json');
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
    if (dirname(at) === at) return null;
  }
}

function fits(manifest: Manifest, platform: TargetPlatform): boolean {
  const allows = (list: string[] | undefined, value: string) =>
    list === undefined ||
    list.length === 0 ||
    ((list.includes(value) || list.every((item) => item.startsWith('!'))) && !list.includes(`!${value}`));
  return allows(manifest.os, platform.os) && allows(manifest.cpu, platform.cpu) && allows(manifest.libc, platform.libc);
}

/** Of no use at run time: types, source maps, and the sources that node-llama-cpp would compile. */
const LEFT_OUT = /(\.d\.[cm]?ts|\.map|\.tsbuildinfo)$|^llama[/\\]gitRelease\.bundle$/;

/**
 * Lays packages out below `to` so that each finds exactly the packages it found here: `<n>/node_modules/<name>` holds the files of the
 * n-th, and beside it are links to what it requires. Files are hard links where the file system allows.
 */
export async function layOut(packages: readonly InstalledPackage[], to: string, signal: AbortSignal): Promise<void> {
  const place = new Map(packages.map((p, n) => [p.dir, join(to, String(n), 'node_modules', ...p.name.split('/'))]));
  for (const [n, { dir, requires, name }] of packages.entries()) {
    signal.throwIfAborted();
    await copyFiles(dir, place.get(dir) as string, signal);
    for (const [wanted, from] of requires) {
      if (wanted === name) continue;
      const at = join(to, String(n), 'node_modules', ...wanted.split('/'));
      await mkdir(dirname(at), { recursive: true });
      await symlink(relative(dirname(at), place.get(from) as string), at);
    }
  }
}

async function copyFiles(from: string, to: string, signal: AbortSignal): Promise<void> {
  // A package of a workspace has sources and tests beside what it publishes.
  const installed = from.split(sep).includes('node_modules');
  const walk = async (inner: string): Promise<void> => {
    signal.throwIfAborted();
    await mkdir(join(to, inner), { recursive: true });
    for (const name of await readdir(join(from, inner))) {
      const path = join(inner, name);
      if (name === 'node_modules' || LEFT_OUT.test(path)) continue;
      if (!installed && inner === '' && name !== 'package.json' && name !== 'dist') continue;
      const facts = await lstat(join(from, path));
      if (facts.isDirectory()) await walk(path);
      else if (facts.isSymbolicLink()) await symlink(await readlink(join(from, path)), join(to, path));
      else if (facts.isFile()) await link(join(from, path), join(to, path)).catch(() => copyFile(join(from, path), join(to, path)));
    }
  };
  await walk('');
}
