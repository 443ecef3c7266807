import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pnpmArgs, QUIET_ENV, run, say } from './run.mjs';
import { ROOT, workspacePackages } from './workspace.mjs';

/** What an install depends on, as one hash. */
function fingerprint(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch} ${process.versions.modules}\n`);
  const files = [
    'package.json',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    '.npmrc',
    ...workspacePackages(root).map(({ folder }) => `${folder}/package.json`),
  ];
  for (const file of files) {
    const path = join(root, file);
    hash.update(`${file}\n`).update(existsSync(path) ? readFileSync(path) : '');
  }
  return hash.digest('hex');
}

/**
 * Installs the workspace's dependencies unless that was done for this very lock file.
 * @returns {Promise<{ code: number, interrupted: boolean }>}
 */
export async function ensureInstalled(root = ROOT) {
  const stamp = join(root, 'node_modules/.cache/bench/installed');
  const wanted = fingerprint(root);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
    say('Dependencies are up to date');
    return { code: 0, interrupted: false };
  }
  say('Installing dependencies (about 450 MB on disk; only the first time)');
  const args = pnpmArgs('install', '--frozen-lockfile', '--prefer-offline');
  const result = await run('npx', args, { cwd: root, env: { ...QUIET_ENV, CI: 'true' } });
  if (result.code !== 0) {
    if (!result.interrupted)
      console.error(
        '\nThe installation failed. It needs the npm registry that `npm config get registry` names, and about 1 GB of free disk.',
      );
    return result;
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
  return result;
}
