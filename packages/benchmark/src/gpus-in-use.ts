import type { Host } from '@bench/core';
import { type ContainerFacts, gpuHolders } from '@bench/deploy';

/** GPUs that containers of other runs were given, by id, with the run: what they serve would be measured with. */
export async function gpusInUse(o: {
  host: Host;
  docker: ContainerFacts['docker'];
  /** A run whose own containers do not count. */
  runId: string | null;
  signal: AbortSignal;
}): Promise<Map<string, string>> {
  const others = (await gpuHolders(o)).filter(({ run }) => run !== o.runId);
  return new Map(others.flatMap(({ gpus, run }) => gpus.map((gpu): [string, string] => [gpu, run])));
}
