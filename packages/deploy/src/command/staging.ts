import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, mkdtemp, readdir, readlink, realpath, rm, symlink } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, relative, sep } from 'node:path';
import { BenchError, type Host, type TransferOptions } from '@bench/core';
import { localHost } from '@bench/host';

/** Why a path of `command.stage` cannot be staged; null: it can. Pure. */
export function stagePathProblem(path: string): string | null {
  const plain = normalize(path);
  if (isAbsolute(path) || plain === '..' || plain.startsWith(`..${sep}`)) return `"${path}" is outside of the folder that bench runs in`;
  return null;
}

/**
 * The files that `command.stage` stands for, relative to `cwd`: in a git work tree those of the paths that git tracks, with their
 * content of now; elsewhere everything below the paths but `.git`. Links are listed, never followed.
 * @throws BenchError `BENCH_STAGE` for a path outside of `cwd`, one that is missing, or one that holds nothing to stage.
 */
export async function stagedFiles(options: { cwd: string; paths: readonly string[]; signal: AbortSignal }): Promise<string[]> {
  const { cwd, paths, signal } = options;
  const files = new Set<string>();
  const isGit = await inWorkTree(cwd, signal);
  for (const path of paths) {
    await mustBeInside(path, cwd);
    const found = isGit ? await tracked(path, cwd, signal) : await walk(path, cwd, signal);
    if (found.length === 0) {
      throw stageError(
        `command.stage: "${path}" holds nothing to stage`,
        isGit ? `only what git tracks is staged: git add ${path}` : 'name a folder with files',
      );
    }
    for (const file of found) files.add(file);
  }
  return [...files].sort();
}

/** Copies exactly the staged files to a folder on the host. */
export async function stage(
  options: { cwd: string; paths: readonly string[]; host: Host; remote: string; scratch: string; signal: AbortSignal } & Pick<
    TransferOptions,
    'onProgress'
  >,
): Promise<string[]> {
  const { cwd, host, remote, scratch, signal, onProgress } = options;
  const files = await stagedFiles(options);
  await mkdir(scratch, { recursive: true });
  const folder = await mkdtemp(join(scratch, '.stage-'));
  try {
    for (const file of files) {
      signal.throwIfAborted();
      const to = join(folder, file);
      await mkdir(dirname(to), { recursive: true });
      const from = join(cwd, file);
      if ((await lstat(from)).isSymbolicLink()) await symlink(await readlink(from), to);
      else await copyFile(from, to, constants.COPYFILE_FICLONE);
    }
    await host.put(folder, remote, { signal, ...(onProgress ? { onProgress } : {}) });
    return files;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function mustBeInside(path: string, cwd: string): Promise<void> {
  const problem = stagePathProblem(path);
  if (problem !== null) throw stageError(`command.stage: ${problem}`, 'run bench from the folder that holds it');
  if (normalize(path) === '.') return;
  const at = join(cwd, path);
  if (!(await lstat(at).catch(() => null)))
    throw stageError(`command.stage: there is no "${path}" in ${cwd}`, 'paths are relative to where bench runs');
  // The last part may be a link, which is staged as one; a link on the way leads somewhere else.
  const way = relative(await realpath(cwd), await realpath(dirname(at)));
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) {
    throw stageError(
      `command.stage: "${path}" is outside of the folder that bench runs in, by a link`,
      'name what it points to from its own folder',
    );
  }
}

async function git(args: readonly string[], cwd: string, signal: AbortSignal) {
  return localHost().exec(
    { argv: ['git', '--literal-pathspecs', ...args] },
    { cwd, signal, timeoutMs: 60_000, maxOutputBytes: 1 << 28, env: { GIT_OPTIONAL_LOCKS: '0', LC_ALL: 'C' } },
  );
}

async function inWorkTree(cwd: string, signal: AbortSignal): Promise<boolean> {
  const result = await git(['rev-parse', '--is-inside-work-tree'], cwd, signal).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  });
  if (result === null) return false;
  if (result.code === 0) return result.stdout.trim() === 'true';
  if (/not a git repository/i.test(result.stderr)) return false;
  // Without git's word, everything would be sent: also what .gitignore keeps back.
  if (/not found/.test(result.stderr)) return false;
  throw stageError(`git cannot say what ${cwd} holds: ${result.stderr.trim().split('\n')[0] ?? ''}`, 'see git status');
}

async function tracked(path: string, cwd: string, signal: AbortSignal): Promise<string[]> {
  const { code, stdout, stderr } = await git(['ls-files', '-z', '--recurse-submodules', '--', path], cwd, signal);
  if (code !== 0) throw stageError(`git ls-files ${path}: ${stderr.trim().split('\n')[0] ?? ''}`, 'see git status');
  const listed = stdout.split('\0').filter((file) => file !== '');
  const there = await Promise.all(listed.map((file) => lstat(join(cwd, file)).catch(() => null)));
  // Tracked and deleted since is gone; a folder here is a submodule that was not fetched.
  return listed.filter((_, i) => there[i] && !there[i].isDirectory());
}

async function walk(path: string, cwd: string, signal: AbortSignal): Promise<string[]> {
  signal.throwIfAborted();
  const facts = await lstat(join(cwd, path));
  if (facts.isFile() || facts.isSymbolicLink()) return [normalize(path)];
  if (!facts.isDirectory()) return [];
  const inner: string[] = [];
  for (const name of await readdir(join(cwd, path))) if (name !== '.git') inner.push(...(await walk(join(path, name), cwd, signal)));
  return inner;
}

function stageError(message: string, hint: string): BenchError {
  return new BenchError({ code: 'BENCH_STAGE', message, hint, exitCode: 2 });
}
