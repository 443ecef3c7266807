import { adopt, type DeploymentsContext, endClients, type Live, takeDown } from './deployments.ts';
import { errorFacts } from './error-facts.ts';
import { machineOf, type RunMachine } from './machine.ts';
import { pointKey, type RunState } from './run-state.ts';

/**
 * Whatever an earlier invocation left up is used again where this one needs it, and ended otherwise. `unusable`: machines, by index, on
 * which something may still be up that could be neither, with the reason; a second engine beside it would share its GPUs.
 */
export async function takeOver(o: {
  state: RunState;
  machines: readonly RunMachine[];
  /** Keys of deployments that are needed, with the point that is measured first on each. */
  wanted: ReadonlyMap<string, string | null>;
  context: DeploymentsContext;
  /** Gets what could not be ended, in words. */
  leftBehind: string[];
}): Promise<{ taken: Live[]; unusable: Map<number, string> }> {
  const { state, machines, wanted, context, leftBehind } = o;
  const taken: Live[] = [];
  const unusable = new Map<number, string>();
  for (const left of state.live) {
    const machine = machineOf(left, machines);
    if (!machine) {
      leftBehind.push(`${left.machineName}: ${left.deployment} may still be up, and the machine is not of this site any more`);
      continue;
    }
    try {
      const live = await adopt(left, machine, context);
      // Deployments share a machine's GPUs: one at a time.
      if (live && wanted.has(live.key) && !taken.some((other) => other.machine === machine)) {
        // The client of the point that comes first is followed; any other would send its load beside it.
        const first = wanted.get(live.key);
        const end = (open: RunState['open']) => endClients(left, open, machine, context.writer.run.id);
        await end(state.open.filter(({ key, point, repeat }) => pointKey(key, point, repeat) !== first));
        taken.push({ ...live, endClients: () => end(state.open) });
        const { engine, servedModel } = live.deployment.record;
        const where = context.several ? { machine: machine.name } : {};
        context.on({ type: 'deployment_adopted', engine: engine.name, model: servedModel, ...where });
        continue;
      }
      await endClients(left, state.open, machine, context.writer.run.id);
      const failure = live ? await takeDown(live, context) : null;
      if (failure !== null) {
        leftBehind.push(failure);
        unusable.set(machine.index, failure);
      }
    } catch (error) {
      const reason = `${machine.name}: ${left.deployment} may still be up: ${errorFacts(error, context.io).message}`;
      leftBehind.push(reason);
      unusable.set(machine.index, reason);
    }
  }
  return { taken, unusable };
}
