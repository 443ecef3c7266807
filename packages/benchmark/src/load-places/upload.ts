import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { cp, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BenchError, formatBytes, type Host } from '@bench/core';

const HASH = String.raw`
if [ -d "$1" ]; then echo folder; exit 0; fi
[ -f "$1" ] || exit 0
sha256sum "$1" 2>/dev/null || shasum -a 256 "$1" 2>/dev/null || openssl dgst -sha256 -r "$1" 2>/dev/null || echo unknown
`;

export interface UploadOptions {
  host: Host;
  local: string;
  /** Absolute folder on the host; it exists. */
  folder: string;
  /** Names the file to people. */
  what: string;
  on(text: string): void;
  signal: AbortSignal;
}

/**
 * Brings a file, or a folder with what is not hidden in it, to the host under the hash of its content, unless it is there already. Answers with its path there.
 * @throws BenchError `BENCH_LOAD_UPLOAD` when what arrived is not what was sent.
 */
export async function uploadByHash(options: UploadOptions): Promise<string> {
  if (!(await stat(options.local)).isDirectory()) return upload(options, await hashOfFile(options.local));
  const stage = await mkdtemp(join(tmpdir(), 'bench-data-'));
  try {
    // Files of a cache are links to others, which would lead nowhere on the host.
    const local = join(stage, 'data');
    await cp(options.local, local, {
      recursive: true,
      dereference: true,
      filter: (path) => path === options.local || !basename(path).startsWith('.'),
    });
    return await upload({ ...options, local }, await hashOfFolder(local));
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

async function upload({ host, local, folder, what, on, signal }: UploadOptions, hash: string): Promise<string> {
  const path = `${folder}/${hash}${extname(local)}`;
  // A folder is there whole or not at all.
  if ([hash, 'folder'].includes((await hashThere(host, path, signal)) ?? '')) return path;
  on(`copying ${what} to ${host.name}`);
  let toldBytes = 0;
  await host.put(local, path, {
    signal,
    onProgress({ bytes, totalBytes }) {
      if (bytes - toldBytes < 8 * 1024 ** 2) return;
      toldBytes = bytes;
      on(`copying ${what} to ${host.name}: ${formatBytes(bytes)}${totalBytes === null ? '' : ` of ${formatBytes(totalBytes)}`}`);
    },
  });
  const arrived = await hashThere(host, path, signal);
  // A host without any of the three programs cannot tell.
  if (arrived === hash || arrived === 'unknown' || arrived === 'folder') return path;
  throw new BenchError({
    code: 'BENCH_LOAD_UPLOAD',
    message: `${what} did not arrive whole on ${host.name} (${path})`,
    hint: 'is its disk full? (df -h ~)',
    exitCode: 3,
  });
}

export async function hashOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function hashOfFolder(path: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(path, { recursive: true })).sort())
    if ((await stat(join(path, name))).isFile()) hash.update(`${JSON.stringify(name)} ${await hashOfFile(join(path, name))}\n`);
  return hash.digest('hex');
}

async function hashThere(host: Host, path: string, signal: AbortSignal): Promise<string | null> {
  const { stdout } = await host.exec({ script: HASH, args: [path] }, { timeoutMs: 120_000, repeatable: true, signal });
  return /^(unknown|folder|[0-9a-f]{64})/.exec(stdout.trim())?.[1] ?? null;
}
