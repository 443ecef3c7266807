import type { JournalLine } from './journal-events.ts';

/** A deployment that was planned and not seen to end: it may be up. */
export interface LiveDeployment {
  deployment: string;
  /** Name of the target that made it. */
  target: string;
  machine: number;
  machineName: string;
  /** As the target last described it. */
  record: unknown;
}

/** What may still be up after the events of a journal, in the order of planning. */
export function liveDeployments(events: readonly JournalLine[]): LiveDeployment[] {
  const live = new Map<string, LiveDeployment>();
  const names = new Map<number, string>();
  for (const event of events) {
    if (event.type === 'machine_ready') names.set(event.machine, event.name);
    else if (event.type === 'deployment_planned') {
      const { deployment, target, machine, record } = event;
      live.set(deployment, { deployment, target, machine, machineName: names.get(machine) ?? '', record });
    } else if (event.type === 'deployment_started') {
      const known = live.get(event.deployment);
      if (known) live.set(event.deployment, { ...known, record: event.record });
    } else if (event.type === 'deployment_failed' || event.type === 'deployment_stopped') live.delete(event.deployment);
    else if (event.type === 'machine_gone' || event.type === 'machine_lost') {
      // What was on it went with it.
      for (const [id, { machine }] of live) if (machine === event.machine) live.delete(id);
    }
  }
  return [...live.values()];
}
