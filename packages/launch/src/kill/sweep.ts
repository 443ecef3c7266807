import type { LaunchPlan } from '../types.ts';
import type { OnNodesOptions } from '../stage/on-nodes.ts';
import { killLaunch } from './kill.ts';

const TIMEOUT_MS = 30_000;

/**
 * Ends what is left of a launch that did not end well, on all its nodes and here.
 * @returns what could not be ended or looked at, a line each
 */
export async function sweepLaunch(
  plan: Pick<LaunchPlan, 'id' | 'nodes' | 'allocation'>,
  options: Pick<OnNodesOptions, 'io' | 'hostname' | 'via'>,
): Promise<string[]> {
  const { failed, nodes } = await killLaunch(
    { launchId: plan.id, nodes: ['localhost', ...plan.nodes], graceMs: 2000 },
    // The stop that led here shall not stop this.
    { ...options, allocation: plan.allocation, signal: new AbortController().signal, timeoutMs: TIMEOUT_MS },
  );
  return [
    ...failed.map(({ node, error }) => `${node}: cannot tell whether something is left: ${error}`),
    ...nodes.flatMap(({ node, left }) => left.map(({ pid, command }) => `${node}: process ${pid} does not end: ${command}`)),
  ];
}
