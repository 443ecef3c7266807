import { BenchError, type Host } from '@bench/core';
import { standaloneFile } from '@bench/loadgen/standalone';
import { type HostFacts, nodeArch } from './host-facts.ts';
import type { LoadPlace, LoadPlaceOptions } from './load-place.ts';
import { nodeBinaries } from './node-binaries.ts';
import { remoteClientPlace } from './remote-client.ts';
import { uploadByHash } from './upload.ts';

const OLDEST_NODE = 20;
const PROTOCOL = 2;

/** Thrown inside the places: why one of them cannot be used. */
export function unusable(message: string): BenchError {
  return new BenchError({ code: 'BENCH_LOAD_PLACE', message, exitCode: 3 });
}

/** Brings the load generator to the host. Answers with its path there. */
export function uploadClient(options: LoadPlaceOptions, facts: HostFacts): Promise<string> {
  const { host, on, signal } = options;
  return uploadByHash({ host, local: standaloneFile(), folder: `${facts.cacheDir}/loadgen`, what: 'the load client', on, signal });
}

/** @throws BenchError when what was started does not answer as the load generator does. */
export function checkHandshake({ code, stdout, stderr }: { code: number | null; stdout: string; stderr: string }): void {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  let protocol: unknown;
  try {
    protocol = (JSON.parse(line) as { protocol?: unknown }).protocol;
  } catch {
    protocol = undefined;
  }
  if (code === 0 && protocol === PROTOCOL) return;
  const said = stderr.trim().split('\n').slice(-3).join(' ') || line || 'no answer';
  throw unusable(`the load client does not start there (code ${code ?? 'signal'}): ${said.slice(0, 300)}`);
}

/** The host's own Node. */
export async function hostNodePlace(options: LoadPlaceOptions, facts: HostFacts): Promise<LoadPlace> {
  const node = facts.nodes.find(({ version }) => Number(version.split('.')[0]) >= OLDEST_NODE);
  if (!node) {
    const old = facts.nodes.map(({ version }) => version).join(', ');
    throw unusable(old === '' ? 'it has no Node' : `its Node is too old (${old}; ${OLDEST_NODE} or newer is needed)`);
  }
  const file = await uploadClient(options, facts);
  return processPlace('host-node', [node.path, file], options, facts);
}

/** A Node program that is brought there. */
export async function uploadedNodePlace(options: LoadPlaceOptions, facts: HostFacts): Promise<LoadPlace> {
  const { host, on, signal } = options;
  const arch = nodeArch(facts.platform);
  if (!arch) throw unusable(`there is no Node to be copied to it (${facts.platform})`);
  const reasons: string[] = [];
  const binaries = options.nodeBinaries ?? ((a) => nodeBinaries({ arch: a, on, signal }));
  for await (const local of binaries(arch)) {
    const node = await uploadByHash({ host, local, folder: `${facts.cacheDir}/node`, what: 'Node', on, signal });
    const refused = await tryNode(host, node, signal);
    if (refused === null) {
      const file = await uploadClient(options, facts);
      return processPlace('host-uploaded-node', [node, file], options, facts);
    }
    reasons.push(refused);
    await host.exec({ argv: ['rm', '-f', node] }, { timeoutMs: 60_000, repeatable: true, signal });
  }
  throw unusable(reasons.length === 0 ? 'no Node could be had to copy to it' : `a copied Node does not run there: ${reasons.at(-1)}`);
}

/** Null: it runs. */
export async function tryNode(host: Host, node: string, signal: AbortSignal): Promise<string | null> {
  await host.exec({ argv: ['chmod', '755', node] }, { timeoutMs: 60_000, repeatable: true, signal });
  // In a shell, so that a program of another machine or libc is an exit code and not an error of the transport.
  const tried = await host.exec({ script: '"$1" --version', args: [node] }, { timeoutMs: 60_000, repeatable: true, signal });
  const major = Number(/^v(\d+)\./.exec(tried.stdout.trim())?.[1] ?? 0);
  if (tried.code === 0 && major >= OLDEST_NODE) return null;
  return (tried.stderr || tried.stdout).trim().split('\n').slice(-1).join('').slice(0, 200) || `code ${tried.code ?? 'signal'}`;
}

async function processPlace(
  name: 'host-node' | 'host-uploaded-node',
  argv: [string, string],
  options: LoadPlaceOptions,
  facts: HostFacts,
): Promise<LoadPlace> {
  const { io, host, hostDir, on, signal } = options;
  checkHandshake(await host.exec({ argv: [...argv, '--handshake'] }, { timeoutMs: 60_000, repeatable: true, signal }));
  return remoteClientPlace({
    name,
    io,
    host,
    hostDir,
    cacheDir: facts.cacheDir,
    command: ({ folder }) => ({ argv: [...argv, folder] }),
    on,
  });
}
