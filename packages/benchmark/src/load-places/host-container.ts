import type { Command, Host } from '@bench/core';
import { checkHandshake, unusable, uploadClient } from './host-node.ts';
import type { HostFacts } from './host-facts.ts';
import type { LoadPlace, LoadPlaceOptions } from './load-place.ts';
import { remoteClientPlace } from './remote-client.ts';

const DEFAULT_IMAGE = 'node:22-slim';
const PULL_MS = 15 * 60_000;

type Docker = readonly [string, ...string[]];

/** Name of the container of a load. */
export function loadContainer(id: string): string {
  return `bench-load-${id}`;
}

/** A folder of the host at the same path in the container: the value of `--mount`, which is read as CSV. */
export function bindMount(path: string, options: { target?: string; readonly?: boolean } = {}): string {
  const field = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const fields = ['type=bind', field(`source=${path}`), field(`target=${options.target ?? path}`)];
  return [...fields, ...(options.readonly ? ['readonly'] : [])].join(',');
}

/** Makes sure that an image is on the host. @throws BenchError when it cannot be pulled. */
export async function haveImage(options: {
  host: Host;
  docker: Docker;
  image: string;
  on(text: string): void;
  signal: AbortSignal;
}): Promise<void> {
  const { host, docker, image, on, signal } = options;
  const there = await host.exec(
    { argv: [...docker, 'image', 'inspect', '--format', '{{.Id}}', image] },
    { timeoutMs: 60_000, repeatable: true, signal },
  );
  if (there.code === 0) return;
  on(`pulling ${image} on ${host.name}`);
  const pulled = await host.exec({ argv: [...docker, 'pull', '--quiet', image] }, { timeoutMs: PULL_MS, repeatable: true, signal });
  if (pulled.code !== 0) throw unusable(`the image ${image} cannot be had: ${pulled.stderr.trim().split('\n').at(-1) ?? ''}`);
}

/** Sends a signal to a container's program. False: it does not run. */
export async function killContainer(host: Host, docker: Docker, name: string, signal: 'TERM' | 'KILL'): Promise<boolean> {
  const { code } = await host.exec({ argv: [...docker, 'kill', '--signal', signal, name] }, { timeoutMs: 60_000, repeatable: true });
  return code === 0;
}

/** Removes a container, whether it runs, has ended or was never there. */
export async function removeContainer(host: Host, docker: Docker, name: string): Promise<void> {
  await host.exec({ argv: [...docker, 'rm', '--force', name] }, { timeoutMs: 60_000, repeatable: true });
}

/** A container of a Node image, on the host's own network. */
export async function containerPlace(options: LoadPlaceOptions, facts: HostFacts): Promise<LoadPlace> {
  const { io, host, containers, hostDir, on, signal } = options;
  if (!containers) throw unusable('it runs no containers');
  const { docker } = containers;
  const image = options.nodeImage ?? DEFAULT_IMAGE;
  await haveImage({ host, docker, image, on, signal });
  const file = await uploadClient(options, facts);
  const cache = bindMount(facts.cacheDir, { readonly: true });
  const run = (...rest: string[]): [string, ...string[]] => [...docker, 'run', '--rm', '--network', 'host', '--mount', cache, ...rest];
  const client = ['--entrypoint', 'node', image, file];
  checkHandshake(await host.exec({ argv: run(...client, '--handshake') }, { timeoutMs: 120_000, repeatable: true, signal }));
  return remoteClientPlace({
    name: 'host-container',
    io,
    host,
    hostDir,
    cacheDir: facts.cacheDir,
    command: ({ id, folder }): Command => ({
      argv: run('--name', loadContainer(id), '--log-driver', 'none', '--mount', bindMount(folder), ...client, folder),
    }),
    // The signal goes to the container itself: between it and the process there may be a sudo, which passes none on.
    interrupt: ({ id }) => killContainer(host, docker, loadContainer(id), 'TERM'),
    clean: ({ id }) => removeContainer(host, docker, loadContainer(id)),
    on,
  });
}
