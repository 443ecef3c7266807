import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { writeTree, type MachineFile } from '../files.ts';
import { run } from '../run.ts';

/** An image that needs no registry. */
export interface TestImage {
  /** Name that it is imported under. */
  readonly tag: string;
  /** Its file tree, a tar archive here. */
  readonly tar: string;
  /** Its settings, as `docker import --change` takes them. */
  readonly changes: readonly string[];
}

/** What goes into an image; all of it is from this computer. */
export interface ImageParts {
  /** Begins the name of the archive. */
  kind: string;
  /** Programs by path in the image: their paths here. Their libraries come along. */
  programs: Readonly<Record<string, string>>;
  /** Files and folders by path in the image: their paths here. Libraries in them bring theirs along. */
  copies?: Readonly<Record<string, string>>;
  files?: readonly MachineFile[];
  /** Symbolic links: path in the image and what it points to. */
  links?: Readonly<Record<string, string>>;
  /** Empty folders, and their modes. */
  folders?: Readonly<Record<string, number>>;
  /** Not copied out of `copies`. */
  leaveOut?: RegExp;
}

/** Archives that no test used for so long are removed. */
const KEEP_MS = 24 * 3_600_000;

/** First of the paths where a program lies. @throws when it is nowhere */
export function findProgram(name: string): string {
  const found = ['/usr/local/bin', '/usr/bin', '/usr/sbin', '/bin', '/sbin']
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
  if (!found) throw new Error(`there is no ${name} here to put into an image`);
  return realpathSync(found);
}

/** Every file below a path. */
function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((entry) => (lstatSync(join(path, entry)).isSymbolicLink() ? [] : filesBelow(join(path, entry))));
}

/** Libraries that programs and libraries are linked with, as ldd(1) finds them. */
async function librariesOf(paths: readonly string[]): Promise<string[]> {
  const { stdout } = await run(['ldd', ...paths], { check: false }); // it fails for those that are linked with none
  return [...new Set([...stdout.matchAll(/^\s(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, path]) => path as string))].sort();
}

/**
 * Builds the archive of an image, or takes the one that was built from the same parts. The result is a file in the temporary folder.
 * @throws Error when something is not on this computer
 */
export async function buildArchive(parts: ImageParts): Promise<string> {
  const cache = join(tmpdir(), 'bench-test-images');
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  if (statSync(cache).uid !== process.getuid?.()) throw new Error(`${cache} belongs to somebody else; set TMPDIR`);
  const copies = Object.values(parts.copies ?? {})
    .flatMap(filesBelow)
    .filter((path) => !parts.leaveOut?.test(path));
  const linked = [...Object.values(parts.programs), ...copies.filter((path) => /\.so(\.\d+)*$/.test(path))];
  const libraries = await librariesOf(linked);
  const stamps = [...linked, ...copies, ...libraries].map((path) => [path, statSync(path).size, statSync(path).mtimeMs]);
  const hash = createHash('sha256')
    .update(JSON.stringify([parts, String(parts.leaveOut), stamps]))
    .digest('hex')
    .slice(0, 16);
  const archive = join(cache, `${parts.kind}-${hash}.tar`);
  const now = new Date();
  if (existsSync(archive)) {
    utimesSync(archive, now, now);
    return archive;
  }

  const stage = mkdtempSync(join(cache, 'stage-'));
  try {
    const put = (source: string, target: string) => {
      mkdirSync(dirname(join(stage, target)), { recursive: true });
      copyFileSync(source, join(stage, target));
    };
    // Debian's layout: /bin and /lib are links into /usr.
    for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
      mkdirSync(join(stage, 'usr', name), { recursive: true });
      symlinkSync(`usr/${name}`, join(stage, name));
    }
    for (const [target, source] of Object.entries(parts.programs)) put(source, target);
    for (const library of libraries) put(realpathSync(library), library);
    for (const [target, source] of Object.entries(parts.copies ?? {})) {
      cpSync(source, join(stage, target), { recursive: true, dereference: true, filter: (path) => !parts.leaveOut?.test(path) });
    }
    writeTree(stage, parts.files ?? []);
    for (const [path, target] of Object.entries(parts.links ?? {})) {
      mkdirSync(dirname(join(stage, path)), { recursive: true });
      symlinkSync(target, join(stage, path));
    }
    for (const [path, mode] of Object.entries(parts.folders ?? {})) {
      mkdirSync(join(stage, path), { recursive: true });
      chmodSync(join(stage, path), mode);
    }
    const draft = join(cache, `${randomBytes(6).toString('hex')}.draft`);
    await run(['tar', '-C', stage, '--numeric-owner', '--owner=0', '--group=0', '-cf', draft, '.'], { timeoutMs: 120_000 });
    renameSync(draft, archive);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if (now.getTime() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now.getTime()) > KEEP_MS)
      rmSync(path, { recursive: true, force: true });
  }
  return archive;
}
