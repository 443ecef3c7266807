import { BenchError, EXIT } from '@bench/core';
import type { LaunchArguments } from '../arguments/parse.ts';
import { detectAllocation } from '../detect/allocation.ts';
import { type NodeSplit, splitNodes } from '../failover/split-nodes.ts';
import { launchContext } from '../launch-context.ts';
import type { MachineProfile } from '../machines/profile.ts';
import { planLaunch } from '../plan-launch.ts';
import { testCommand } from '../test-command.ts';
import type { Allocation, LaunchContext, LaunchPlan, LaunchRequest, SchedulerPlugin, System } from '../types.ts';

export interface PrepareOptions {
  system: System;
  /** Id of this launch. */
  id: string;
  /** Absolute path for files of the plan. */
  folder: string;
  /** Path of Node, here and on all nodes. */
  node: string;
  plugins?: readonly SchedulerPlugin[] | undefined;
  /** Machine profiles of the user. */
  machines?: readonly MachineProfile[] | undefined;
}

/** A launch that could begin now. */
export interface PreparedLaunch {
  parsed: LaunchArguments;
  request: LaunchRequest;
  allocation: Allocation;
  context: LaunchContext;
  /** The first attempt. */
  plan: LaunchPlan;
  /** Nodes that work and nodes that wait, for failover; null without it. */
  split: NodeSplit | null;
}

/**
 * From a command line to a plan: looks at where it is, starts nothing.
 * @throws BenchError of {@link detectAllocation}, {@link launchContext} and {@link planLaunch}; `BENCH_FAILOVER`; `BENCH_USAGE` for a variable that is not set
 */
export function prepareLaunch(parsed: LaunchArguments, options: PrepareOptions): PreparedLaunch {
  const { system, id, folder, node, plugins, machines } = options;
  const { hostfile } = parsed.request;
  const request: LaunchRequest = {
    ...parsed.request,
    command: parsed.test ? testCommand(node) : parsed.request.command,
    env: environment(parsed.env, system),
  };
  const allocation = detectAllocation(system, { scheduler: parsed.scheduler, hostfile, machine: parsed.machine, machines, plugins });
  const context = launchContext(system, { id, folder, request, allocation, plugins, node });
  const plan = planLaunch(request, allocation, context);
  if (parsed.failover === null) return { parsed, request, allocation, context, plan, split: null };
  const split = splitNodes(allocation.nodes, { needed: plan.topology.nodes, spare: parsed.failover.spare });
  return { parsed, request, allocation, context, plan: planOn({ request, allocation, context, plan }, split.active), split };
}

/** The same launch on these nodes. */
export function planOn(
  { request, allocation, context, plan }: Pick<PreparedLaunch, 'request' | 'allocation' | 'context' | 'plan'>,
  nodes: readonly string[],
): LaunchPlan {
  const { ranks, ranksPerNode } = plan.topology;
  return planLaunch({ ...request, nodeNames: nodes, ranks, ranksPerNode, nodes: nodes.length }, allocation, context);
}

function environment(asked: LaunchArguments['env'], system: System): Record<string, string> {
  const env: Record<string, string> = {};
  for (const { name, value } of asked) {
    const found = value ?? system.env[name];
    if (found === undefined)
      throw new BenchError({
        code: 'BENCH_USAGE',
        message: `bench launch: --env ${name}: it is not set here`,
        hint: `--env ${name}=value sets it`,
        exitCode: EXIT.usage,
      });
    env[name] = found;
  }
  return env;
}
