import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** Reads and parses a JSON file. */
export const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/**
 * Every package of the workspace, sorted by folder.
 * @param {string} [root]
 * @returns {{ name: string, folder: string, path: string, manifest: Record<string, any> }[]} `folder` is relative to the root
 */
export function workspacePackages(root = ROOT) {
  return ['apps', 'packages'].flatMap((group) => {
    const groupPath = join(root, group);
    if (!existsSync(groupPath)) return [];
    return readdirSync(groupPath)
      .sort()
      .map((name) => ({ folder: `${group}/${name}`, path: join(groupPath, name) }))
      .filter(({ path }) => existsSync(join(path, 'package.json')))
      .map((entry) => {
        const manifest = readJson(join(entry.path, 'package.json'));
        return { ...entry, name: manifest.name, manifest };
      });
  });
}

/** The packages that are published. */
export const publishablePackages = (root = ROOT) => workspacePackages(root).filter(({ manifest }) => manifest.private !== true);

/** `pnpm@10.34.8`, as pinned in the root's package.json. */
export function pinnedPnpm(root = ROOT) {
  const { packageManager } = readJson(join(root, 'package.json'));
  const match = /^pnpm@\d+\.\d+\.\d+/.exec(packageManager ?? '');
  if (!match) throw new Error(`package.json: packageManager must pin pnpm, like "pnpm@10.34.8"; it is ${JSON.stringify(packageManager)}`);
  return match[0];
}
