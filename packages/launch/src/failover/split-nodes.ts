import { BenchError, EXIT } from '@bench/core';

export interface NodeSplit {
  active: string[];
  spare: string[];
}

/**
 * The first nodes work, the next ones wait.
 * @param spare how many wait; `auto`: all that are not needed
 * @throws BenchError `BENCH_FAILOVER` when there are not as many
 */
export function splitNodes(nodes: readonly string[], options: { needed: number; spare: 'auto' | number }): NodeSplit {
  const { needed, spare } = options;
  const wanted = spare === 'auto' ? 0 : spare;
  if (needed + wanted > nodes.length)
    throw new BenchError({
      code: 'BENCH_FAILOVER',
      message: `${needed} ${needed === 1 ? 'node' : 'nodes'} and ${wanted} spare ones are more than the ${nodes.length} of the allocation`,
      hint: 'ask the queue for more nodes, or use fewer: --nodes, --spare-nodes',
      exitCode: EXIT.usage,
    });
  return { active: nodes.slice(0, needed), spare: spare === 'auto' ? nodes.slice(needed) : nodes.slice(needed, needed + spare) };
}
