import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { capture, pnpmArgs, QUIET_ENV } from './run.mjs';
import { publishablePackages, ROOT } from './workspace.mjs';

/** `@bench/core`, `0.1.0` -> `bench-core-0.1.0.tgz`, as npm and pnpm name it. */
const tarballName = ({ name, manifest }) => `${name.replace(/^@/, '').replace('/', '-')}-${manifest.version}.tgz`;

/**
 * Packs every publishable package (which must be built) into a folder that is emptied first.
 * @param {string} [folder]
 * @returns {Promise<{ name: string, folder: string, manifest: Record<string, any>, tarball: string }[]>}
 */
export async function packAll(folder = join(ROOT, 'node_modules/.cache/bench/tarballs')) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await capture('npx', pnpmArgs('-r', '--filter', './packages/*', '--filter', './apps/*', 'pack', '--pack-destination', folder), {
    env: QUIET_ENV,
  });
  const made = new Set(readdirSync(folder));
  return publishablePackages().map((pkg) => {
    const file = tarballName(pkg);
    if (!made.has(file)) throw new Error(`pnpm pack made no ${file}; it made: ${[...made].join(', ')}`);
    return { name: pkg.name, folder: pkg.folder, manifest: pkg.manifest, tarball: join(folder, file) };
  });
}

/** Paths inside a tarball, without its leading `package/`. */
export async function listTarball(tarball) {
  const listing = await capture('tar', ['tzf', tarball]);
  return listing
    .split('\n')
    .filter(Boolean)
    .map((path) => path.replace(/^package\//, ''));
}

/** The package.json inside a tarball. */
export const packedManifest = async (tarball) => JSON.parse(await capture('tar', ['xzOf', tarball, 'package/package.json']));
