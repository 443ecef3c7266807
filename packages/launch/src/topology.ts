import { BenchError } from '@bench/core';
import type { Allocation, LaunchRequest, Topology } from './types.ts';

/** Ranks on a machine of which nothing is known, outside of any job. */
const LOCAL_RANKS = 2;

/** How many ranks are laid out on how many nodes, and what a person should know about it. */
export interface FoundTopology {
  topology: Topology;
  notes: string[];
}

/**
 * Ranks, ranks per node and nodes from the ones that are given; `ranks = nodes * ranksPerNode`, always.
 *
 * - none: all nodes; per node what the job was asked for, else a rank for each GPU, else one (outside of a job `WORLD_SIZE` in all, else 2);
 * - ranks and ranks per node give the nodes, ranks and nodes the ranks per node: they must divide;
 * - ranks alone take as few nodes as have room for them, evenly;
 * - all three must agree. No more nodes than there are.
 *
 * @throws BenchError `BENCH_TOPOLOGY` when they do not fit together or into the allocation.
 */
export function findTopology(
  asked: Pick<LaunchRequest, 'ranks' | 'ranksPerNode' | 'nodes' | 'nodeNames'>,
  allocation: Allocation,
): FoundTopology {
  const available = asked.nodeNames?.length ?? allocation.nodes.length;
  for (const [name, value] of Object.entries({ ranks: asked.ranks, 'ranks per node': asked.ranksPerNode, nodes: asked.nodes })) {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 1))
      throw invalid(`${name}: ${value} is not a positive whole number`);
  }
  const topology = solve(asked, { available, allocation });
  if (topology.nodes > available) {
    throw invalid(`${counted(topology.nodes, 'node')} wanted, but there ${available === 1 ? 'is 1' : `are ${available}`}`);
  }
  return { topology, notes: remarks(topology, { available, allocation }) };
}

type Asked = Pick<LaunchRequest, 'ranks' | 'ranksPerNode' | 'nodes'>;
interface Room {
  available: number;
  allocation: Allocation;
}

function solve({ ranks, ranksPerNode, nodes }: Asked, room: Room): Topology {
  if (ranks === undefined) {
    const perNode =
      ranksPerNode ?? usualPerNode(room.allocation) ?? (room.allocation.jobId === null && room.available === 1 ? LOCAL_RANKS : 1);
    const on = nodes ?? room.available;
    return { nodes: on, ranksPerNode: perNode, ranks: on * perNode };
  }
  if (ranksPerNode !== undefined) {
    const on = divide(ranks, ranksPerNode, `${counted(ranks, 'rank')} cannot be divided into ${ranksPerNode} per node`);
    if (nodes !== undefined && nodes !== on) {
      throw invalid(`${counted(ranks, 'rank')} of ${ranksPerNode} per node are ${counted(on, 'node')}, not ${nodes}`);
    }
    return { nodes: on, ranksPerNode, ranks };
  }
  if (nodes !== undefined) {
    return {
      nodes,
      ranksPerNode: divide(ranks, nodes, `${counted(ranks, 'rank')} cannot be divided over ${counted(nodes, 'node')}`),
      ranks,
    };
  }
  return fewestNodes(ranks, room);
}

/** Ranks that fit on a node as the job or the machine says; null when neither does. */
function usualPerNode({ slotsPerNode, gpusPerNode, jobId, worldSize, nodes }: Allocation): number | null {
  if (slotsPerNode !== null) return slotsPerNode;
  if (jobId === null && worldSize !== null && worldSize % nodes.length === 0) return worldSize / nodes.length;
  return gpusPerNode > 0 ? gpusPerNode : null;
}

function fewestNodes(ranks: number, { available, allocation }: Room): Topology {
  const usual = allocation.slotsPerNode ?? (allocation.gpusPerNode > 0 ? allocation.gpusPerNode : null);
  // One machine takes what it is given. So do nodes of which nothing is known, all of them.
  const most = available === 1 || usual === null ? ranks : usual;
  for (let on = usual === null ? available : 1; on <= available; on++) {
    if (ranks % on === 0 && ranks / on <= most) return { nodes: on, ranksPerNode: ranks / on, ranks };
  }
  const room = usual === null ? '' : ` with at most ${usual} on each`;
  throw invalid(`${counted(ranks, 'rank')} cannot be laid out evenly on ${counted(available, 'node')}${room}`);
}

function divide(a: number, b: number, message: string): number {
  if (a % b !== 0) throw invalid(message);
  return a / b;
}

function remarks({ nodes, ranksPerNode }: Topology, { available, allocation }: Room): string[] {
  const notes: string[] = [];
  if (nodes < available) notes.push(`${nodes} of ${counted(available, 'node')} used`);
  const { gpusPerNode } = allocation;
  if (gpusPerNode > 0 && ranksPerNode < gpusPerNode)
    notes.push(`${ranksPerNode} of ${counted(gpusPerNode, 'GPU')} of each node get a rank`);
  if (gpusPerNode > 0 && ranksPerNode > gpusPerNode) {
    notes.push(`${counted(ranksPerNode, 'rank')} share ${counted(gpusPerNode, 'GPU')} on each node`);
  }
  return notes;
}

const counted = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`;

function invalid(message: string): BenchError {
  return new BenchError({
    code: 'BENCH_TOPOLOGY',
    message,
    hint: 'give --ranks (-n), --ranks-per-node (-ppn) or --nodes (-nh) so that ranks = nodes * ranks per node',
    exitCode: 2,
  });
}
