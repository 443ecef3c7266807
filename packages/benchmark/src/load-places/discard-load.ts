import type { ContainerFacts } from '@bench/deploy';
import type { Host } from '@bench/core';
import { loadContainer, removeContainer } from './host-container.ts';
import { loadFolder } from './remote-client.ts';
import { forgetJob } from './remote-process.ts';

/**
 * Ends what a load of a lost `bench` may have left on a host, whatever place it was sent from, and removes its files. Idempotent.
 * @throws BenchError `BENCH_CLEANUP_INCOMPLETE` when its folder cannot be removed.
 */
export async function discardLoad(options: {
  host: Host;
  containers: ContainerFacts | null;
  hostDir: string;
  /** {@link LoadOrder.id} */
  id: string;
  /** The engine's, which is on the host: in it root's files are removed that a client of the engine's left. Default: `sudo -n` does, or none. */
  image?: string | undefined;
}): Promise<void> {
  const { host, containers, hostDir, id, image } = options;
  if (containers) await removeContainer(host, containers.docker, loadContainer(id));
  await forgetJob({ host, id, folder: loadFolder(hostDir, id) }, { docker: containers?.docker, image });
}
