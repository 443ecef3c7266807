import { shortGpuName } from '@bench/core';
import type { Offer } from '@bench/provisioning';
import { formatTimeLimit, partitionOf } from '@bench/provisioning/slurm';
import { usdPerHour } from './money.ts';

export const QUEUE_HEADER = ['QUEUE', 'PARTITION', 'GPUS OF A NODE', 'NODES', 'TIME LIMIT', 'CPUS', 'MEMORY', 'PRICE OF A GPU'];

/** What a partition has, as a row of a table. CPUs and memory are those of its smallest such node. */
export function queueRow(offer: Offer): string[] {
  const { gpu, cpus, memoryGb, priceUsdPerHour: price } = offer;
  const facts = partitionOf(offer);
  return [
    offer.provider,
    offer.region,
    // Nobody tells the memory of one that the catalogue does not know.
    gpu === null ? '-' : `${gpu.count}× ${gpu.id === null ? shortGpuName(gpu.name) : `${gpu.id} ${Math.round(gpu.memoryGb)} GB`}`,
    facts === null ? offer.availability : nodesText(facts),
    facts === null ? '' : facts.timeLimitS === null ? 'none' : formatTimeLimit(facts.timeLimitS),
    cpus === null ? '' : String(cpus),
    memoryGb === null ? '' : `${Math.round(memoryGb)} GB`,
    gpu === null ? '-' : usdPerHour(price === null ? null : price / gpu.count),
  ];
}

/** `2 of 4 free, 1 in part`: without a job, and with room beside one. */
function nodesText({ nodes, idle, mixed }: { nodes: number; idle: number; mixed: number }): string {
  return [`${idle} of ${nodes} free`, ...(mixed === 0 ? [] : [`${mixed} in part`])].join(', ');
}
