import { BenchError, type Host } from '@bench/core';

/** What a place must know of a host. */
export interface HostFacts {
  /** Absolute folder for files that are kept under their hash. */
  cacheDir: string;
  /** `Linux x86_64`. */
  platform: string;
  /** Node programs that run, those in the path first. */
  nodes: { path: string; version: string }[];
}

const SCRIPT = String.raw`
cache=$XDG_CACHE_HOME
[ -n "$cache" ] || cache=$HOME/.cache
cache=$cache/bench
( umask 077; mkdir -p "$cache/loadgen" "$cache/node" "$cache/data" ) || exit 1
printf 'cache\t%s\n' "$cache"
printf 'platform\t%s\n' "$(uname -s) $(uname -m)"
for node in "$(command -v node)" "$HOME"/.nvm/versions/node/*/bin/node "$HOME/.local/bin/node"; do
  [ -x "$node" ] && version=$("$node" --version 2>/dev/null) && printf 'node\t%s\t%s\n' "$version" "$node"
done
exit 0
`;

/** Looks around on a host, and makes its cache folders. @throws BenchError `BENCH_LOAD_HOST` when there is no place for files. */
export async function hostFacts(host: Host, signal?: AbortSignal): Promise<HostFacts> {
  const result = await host.exec({ script: SCRIPT }, { timeoutMs: 60_000, repeatable: true, ...(signal ? { signal } : {}) });
  const rows = result.stdout.split('\n').map((line) => line.split('\t'));
  const cell = (name: string) => rows.find(([key]) => key === name)?.[1] ?? '';
  const cacheDir = cell('cache');
  if (result.code !== 0 || !cacheDir.startsWith('/')) {
    throw new BenchError({
      code: 'BENCH_LOAD_HOST',
      message: `${host.name} has no place for files: ${result.stderr.trim() || `the cache folder is "${cacheDir}"`}`,
      hint: 'HOME (or XDG_CACHE_HOME) of the login must be a folder that can be written to',
      exitCode: 3,
    });
  }
  const nodes = rows.flatMap(([key, version = '', path = '']) => (key === 'node' ? [{ version: version.replace(/^v/, ''), path }] : []));
  return { cacheDir, platform: cell('platform'), nodes };
}

/** Node's name of the host's processor, where Node publishes Linux builds for it; null: it does not. */
export function nodeArch(platform: string): 'x64' | 'arm64' | null {
  if (platform === 'Linux x86_64') return 'x64';
  return platform === 'Linux aarch64' || platform === 'Linux arm64' ? 'arm64' : null;
}
