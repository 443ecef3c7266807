import { type ExecutionGroup, machineKey, type Plan } from '@bench/planner';
import type { Problem } from '@bench/deploy';
import type { Task } from '@bench/recipe';
import { type AskedCloud, readJournal, rentedMachines, runPaths, type RunWriter } from '@bench/results';
import { errorFacts } from '../error-facts.ts';
import type { CloudAccess, RunOptions } from '../run-options.ts';
import { stateOf } from '../run-state.ts';
import { hasWork } from '../work-list.ts';
import { findLeft, type FoundMachine, withoutMachine } from './left-machines.ts';
import { refuseUnrentable } from './refuse.ts';

/** For which groups of a run machines may be rented. */
export interface Permission {
  given(group: ExecutionGroup): boolean;
  /**
   * Refuses what cannot be rented, and asks whether it may be. From then on it is given.
   * @param o.more groups that could also wait for a machine that is there: for them it is not given where they are refused
   * @throws BenchError of `refuseUnrentable`, or what the question throws
   */
  ask(o: { groups: readonly ExecutionGroup[]; more?: readonly ExecutionGroup[]; left?: readonly FoundMachine[] }): Promise<void>;
}

export function permission(o: {
  tasks: readonly Task[];
  cloud: AskedCloud;
  access: CloudAccess;
  options: RunOptions;
  known: readonly Problem[];
}): Permission {
  const { tasks, cloud, access, options, known } = o;
  const { io } = options;
  const allowed = new Set<number>();
  const refuse = async (groups: readonly ExecutionGroup[]) => {
    if (groups.length > 0) for (const name of cloud.providers ?? []) access.providers.get(name);
    await refuseUnrentable({ plan: { groups: [...groups] }, cloud, access, options, io, known });
    return groups;
  };
  return {
    given: ({ index }) => allowed.has(index),
    ask: async ({ groups, more = [], left = [] }) => {
      await refuse(groups);
      const extra = await refuse(more).catch((error: unknown) => {
        io.signal.throwIfAborted();
        io.logger.log('warn', `no further machine is rented, and the machines that are there do all: ${errorFacts(error, io).message}`);
        return [];
      });
      const asked = [...groups, ...extra];
      await options.confirm?.({ tasks, groups: asked.map(({ index }) => index), left });
      for (const { index } of asked) allowed.add(index);
    },
  };
}

/** What a run that goes on would rent: its groups that have work and no machine any more; and every machine that earlier invocations left. */
export async function leftToRent(o: {
  writer: RunWriter;
  plan: Plan;
  cloud: AskedCloud;
  access: CloudAccess;
  options: RunOptions;
}): Promise<Parameters<Permission['ask']>[0]> {
  const { writer, plan, cloud, access, options } = o;
  const { events } = await readJournal(runPaths.journal(writer.dir), { missing: 'empty' });
  const left = await findLeft({ run: writer.run.id, views: rentedMachines(events), access, io: options.io });
  const there = left.flatMap(({ group, problem }) => {
    const planned = problem === null ? plan.groups.find(({ index }) => index === group) : undefined;
    return planned ? [{ group: planned.index, key: machineKey(planned) }] : [];
  });
  const work = { deployOnly: options.asked.mode === 'deploy', state: stateOf(events) };
  const bare = withoutMachine(
    plan.groups.filter((group) => hasWork(group, work)),
    there,
  );
  const fits = (group: ExecutionGroup) => there.some(({ key }) => key === machineKey(group));
  return {
    groups: bare.filter((group) => !fits(group)),
    // With as many machines as may be there at a time, they wait for one of these.
    more: there.length >= cloud.maxWorkers ? [] : bare.filter(fits),
    left,
  };
}
