import { isAbsolute, posix } from 'node:path';
import { BenchError, EXIT, type Host } from '@bench/core';
import { onNodes, type NodeResult, type OnNodesOptions } from './on-nodes.ts';

export interface StageRequest {
  /** File or folder on this machine; a `.tar`, `.tar.gz` or `.tgz` file is unpacked there when `unpack` is set. */
  source: string;
  /** Absolute path on the nodes: the copy itself, not a folder to put it in. */
  destination: string;
  /** `source` is an archive; `destination` becomes the folder with its content. */
  unpack?: boolean;
  /** What is at the destination is removed for it. Default: a node where something is there has failed. */
  replace?: boolean;
  nodes: readonly string[];
  /** How many nodes must have it: a count, or with `%` a share. Default: all. */
  minSuccess?: string | undefined;
}

export interface StageResult {
  ok: boolean;
  /** How many had to have it. */
  needed: number;
  staged: string[];
  failed: { node: string; error: string; tries: number }[];
}

const TIMEOUT_MS = 3_600_000;
const AT_ONCE = 8;
const RETRIES = 2;

/** Copies something to the node-local storage of all nodes; on each it is there whole or not at all. */
export async function stage(
  request: StageRequest,
  options: Omit<OnNodesOptions, 'timeoutMs' | 'retries'> & { timeoutMs?: number; retries?: number },
): Promise<StageResult> {
  const { source, destination, nodes, unpack = false, replace = false } = request;
  checkDestination(destination);
  const needed = neededOf(request.minSuccess, new Set(nodes).size);
  /** Nodes where nothing was in the way at the first try: what is there at the next one came by that. */
  const free = new Set<string>();
  const results = await onNodes(
    nodes,
    async (host, { signal }) => {
      if (!replace && !free.has(host.name)) await refuseTaken(host, destination, signal);
      free.add(host.name);
      const arrival = unpack ? `${destination}.bench-archive` : destination;
      await host.put(source, arrival, { signal });
      if (!unpack) return;
      const { code, stderr } = await host.exec({ script: UNPACK, args: [arrival, destination] }, { signal });
      if (code !== 0) throw new Error(stderr.trim().split('\n').at(-1) ?? 'tar failed');
    },
    { atOnce: AT_ONCE, timeoutMs: TIMEOUT_MS, retries: RETRIES, ...options },
  );
  const staged = results.filter(({ ok }) => ok).map(({ node }) => node);
  const failed = results.filter((result): result is NodeResult<void> & { ok: false } => !result.ok);
  return { ok: staged.length >= needed, needed, staged, failed: failed.map(({ node, error, tries }) => ({ node, error, tries })) };
}

async function refuseTaken(host: Host, destination: string, signal: AbortSignal): Promise<void> {
  const { code } = await host.exec({ script: '[ ! -e "$1" ] && [ ! -h "$1" ]', args: [destination] }, { repeatable: true, signal });
  if (code !== 0) throw new Error(`${destination} is there already: --replace removes it first`);
}

/** `ARCHIVE DESTINATION`: unpacks beside the destination, then takes its place. */
const UNPACK = String.raw`
LC_ALL=C; export LC_ALL
archive=$1
to=$2
new=$to.bench-new.$$
undo() { rm -rf "$new" "$archive"; exit 1; }
trap undo HUP INT TERM
mkdir -p "$new" && tar -xf "$archive" -C "$new" || undo
rm -rf "$to" && mv "$new" "$to" || undo
rm -f "$archive"
`;

/** @throws BenchError `BENCH_STAGE` */
export function checkDestination(destination: string): void {
  const normal = posix.normalize(destination);
  // It may be replaced: no system's folder may stand here by mistake.
  if (isAbsolute(destination) && normal.split('/').filter(Boolean).length >= 2 && !destination.includes('\0')) return;
  throw new BenchError({
    code: 'BENCH_STAGE',
    message: `"${destination}" cannot be a destination: it must be an absolute path at least two levels deep`,
    hint: 'the destination is the copy itself; name a new path such as /tmp/env or /local/scratch/model',
    exitCode: EXIT.usage,
  });
}

/** How many of `all` nodes `minSuccess` asks for. @throws BenchError `BENCH_STAGE` for what is neither a count nor a share */
export function neededOf(minSuccess: string | undefined, all: number): number {
  if (minSuccess === undefined) return all;
  const share = /^(\d+(?:\.\d+)?)%$/.exec(minSuccess);
  const value = share ? Math.ceil((Number(share[1]) / 100) * all) : /^\d+$/.test(minSuccess) ? Number(minSuccess) : Number.NaN;
  if (value >= 1 && value <= all) return value;
  throw new BenchError({
    code: 'BENCH_STAGE',
    message: `"${minSuccess}" is no number of nodes from 1 to ${all}`,
    hint: 'write a count (7) or a share (90%)',
    exitCode: EXIT.usage,
  });
}
