import { BenchError, type Host } from '@bench/core';
import { standaloneFile } from '@bench/loadgen/standalone';
import { nodeArch } from '../load-places/host-facts.ts';
import { tryNode } from '../load-places/host-node.ts';
import { nodeBinaries } from '../load-places/node-binaries.ts';
import { uploadByHash } from '../load-places/upload.ts';
import type { Cluster } from './cluster.ts';

/** Node and the load client on the cluster, absolute. */
export interface LoadClientFiles {
  node: string;
  file: string;
}

/**
 * Brings the load client, and a Node that runs it, to the cluster's cache, each under the hash of its content; what is there already is used.
 * @throws BenchError `BENCH_LOAD_PLACE` (exit code 3) when no Node runs there
 */
export async function uploadPrograms(o: {
  cluster: Cluster;
  /** Absolute folder on the cluster. */
  folder: string;
  /** Programs on this machine to be tried there, nearest first. Default: see {@link nodeBinaries}. */
  nodeBinaries?: ((arch: 'x64' | 'arm64') => AsyncIterable<string>) | undefined;
  /** The load client on this machine. Default: the one that comes with bench. */
  loadClient?: string | undefined;
  on(text: string): void;
  signal: AbortSignal;
}): Promise<LoadClientFiles> {
  const { cluster, folder, on, signal } = o;
  const { host } = cluster;
  const arch = nodeArch(cluster.platform);
  if (!arch) throw unfit(host, `there is no Node for it (${cluster.platform})`);
  await makeFolders(host, [folder], signal);
  const file = await uploadByHash({ host, local: o.loadClient ?? standaloneFile(), folder, what: 'the load client', on, signal });
  const reasons: string[] = [];
  for await (const local of o.nodeBinaries?.(arch) ?? nodeBinaries({ arch, on, signal })) {
    const node = await uploadByHash({ host, local, folder, what: 'Node', on, signal });
    const refused = await tryNode(host, node, signal);
    if (refused === null) return { node, file };
    reasons.push(refused);
  }
  throw unfit(host, reasons.length === 0 ? 'no Node could be had to copy to it' : `a copied Node does not run there: ${reasons.at(-1)}`);
}

/** Makes folders, parents too, that only their owner can enter. */
export async function makeFolders(host: Host, folders: readonly string[], signal: AbortSignal): Promise<void> {
  const { code, stderr } = await host.exec(
    { script: 'umask 077; mkdir -p -- "$@"', args: folders },
    { timeoutMs: 60_000, repeatable: true, signal },
  );
  if (code !== 0) throw unfit(host, `folders cannot be made: ${stderr.trim()}`);
}

function unfit(host: Host, why: string): BenchError {
  const full = /quota|no space/i.test(why);
  return new BenchError({
    code: 'BENCH_LOAD_PLACE',
    message: `${host.name}: ${why}`,
    hint: full ? 'make room there, or set providers.slurm.remote_dir to a larger file system' : undefined,
    exitCode: 3,
  });
}
