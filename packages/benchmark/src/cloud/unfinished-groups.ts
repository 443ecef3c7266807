import type { ExecutionGroup, Plan } from '@bench/planner';
import type { LaneContext } from '../lane-context.ts';
import { TaskRecord } from '../task-record.ts';
import { hasWork } from '../work-list.ts';

/** Groups with something to do; the others' records are brought up to what the journal says. */
export async function unfinishedGroups(context: LaneContext & { plan: Plan }): Promise<ExecutionGroup[]> {
  const groups: ExecutionGroup[] = [];
  for (const group of context.plan.groups) {
    const tasks = group.deployments.flatMap((planned) => planned.tasks);
    if (hasWork(group, context)) groups.push(group);
    else for (const task of tasks) await TaskRecord.open({ task, writer: context.writer, state: context.state });
  }
  return groups;
}
