import { BenchError, EXIT } from '@bench/core';
import type { Plan } from '@bench/planner';
import type { Live } from './deployments.ts';
import type { Lane, LaneContext, Shared } from './lane-context.ts';
import { endLane, failGroup, runGroup } from './lane.ts';
import { loadPlaces } from './load-places-of.ts';
import type { RunMachine } from './machine.ts';
import { groupQueue, type Placement } from './placement.ts';
import { newTally, nothingRented, type Tally } from './tally.ts';

export interface GroupsContext extends LaneContext {
  plan: Plan;
  machines: readonly RunMachine[];
  placement: Placement;
  /** Machines, by index, that may not be used, with the reason. */
  unusable: ReadonlyMap<number, string>;
  /** What earlier invocations left up and this one took over. */
  adopted: readonly Live[];
  nodeImage?: string | undefined;
}

/** Runs every group, one at a time on a machine, one deployment after another. Never throws for a task's failure. */
export async function runGroups(context: GroupsContext): Promise<Tally> {
  const tally = newTally(context.state.finished.size);
  const shared: Shared = { context, tally, progress: { position: 0 }, lost: new Map(context.unusable) };
  const upOn = (key: string) => context.adopted.find((live) => live.key === key)?.machine.index ?? null;
  const queue = groupQueue(context.plan, context.placement, upOn);
  // A lane that breaks (this machine's disk is full) does not take the machines from under the others.
  const lanes = await Promise.allSettled(
    context.machines.map(async (machine) => {
      const lane: Lane = {
        machine,
        closed: context.unusable.get(machine.index) ?? null,
        live: context.adopted.find((live) => live.machine === machine) ?? null,
        left: [],
        places: loadPlaces({ ...context, machine, runId: context.writer.run.id }),
      };
      try {
        while (lane.closed === null) {
          const group = queue.next(machine.index);
          if (!group) break;
          await runGroup(group, lane, shared);
        }
      } finally {
        await endLane(lane, shared);
      }
    }),
  );
  for (const lane of lanes) if (lane.status === 'rejected') throw lane.reason;
  const reasons = [...shared.lost.values()].join('\n');
  for (const group of queue.left())
    await failGroup(group, new BenchError({ code: 'BENCH_HOST_LOST', message: `no machine is left to run it on: ${reasons}` }), shared);
  return tally;
}

/** How a run ended, from its tally. What may still cost money wins over everything. */
export function verdict(
  tally: Tally,
  o: { interrupted: boolean; deployOnly: boolean },
): { status: 'done' | 'failed' | 'interrupted'; exitCode: number } {
  const status = o.interrupted ? 'interrupted' : tally.failedTasks > 0 ? 'failed' : 'done';
  if (tally.leftBehind.length > 0) return { status, exitCode: EXIT.cleanupIncomplete };
  if (status === 'interrupted') return { status, exitCode: EXIT.interrupted };
  if (status === 'done') return { status, exitCode: EXIT.ok };
  if (nothingRented(tally)) return { status, exitCode: EXIT.provider };
  return { status, exitCode: !o.deployOnly && tally.measured + tally.alreadyDone === 0 ? EXIT.nothingMeasured : EXIT.taskFailed };
}
