import type { JournalLine } from './journal-events.ts';
import { type CostParts, type MachineCost, MachineCounter, NOTHING, PARTS } from './run-cost-machine.ts';
import { timeline } from './timeline.ts';

/** What the rented machines of a run cost, all its invocations together. Never a task's: a task's cost is price × its measured window. */
export interface RunCost {
  /** All machines whose price is known. */
  usd: number;
  /** There is more than that: a price is not known, or a machine is not known to be gone and nobody said until when it counts. */
  atLeast: boolean;
  /** Why, in words; empty: `usd` is all. */
  missing: string[];
  /** Totals of the parts. */
  parts: CostParts;
  machines: MachineCost[];
}

/**
 * Counts from the moment a machine exists (in a queue it costs nothing) until its provider said that it is gone: never less than the bill.
 * One that exists without anybody having been told since when counts from when it was asked for; one of which nobody knows whether it was made
 * counts nothing, and is said to be missing. One that is not gone counts until the last event, or until `now` (milliseconds since the epoch), and then nothing of it is missing. Disk
 * that bills beside its machine counts as long as that is there; of one that was stopped only the disk counts. What is sent out is not counted.
 * A price counts from when it was told; before the first that is known, that one.
 */
export function runCost(events: readonly JournalLine[], options: { now?: number } = {}): RunCost {
  const counted = new Map<number, MachineCounter>();
  const byName = new Map<string, MachineCounter>();
  /** Number of the machine that each deployment is on, or is: it may be rented only after it was planned. */
  const placeOf = new Map<string, number>();
  const at = (deployment: string) => counted.get(placeOf.get(deployment) ?? -1);
  const points = new Map<string, MachineCounter>();
  const servedBy = new Map<string, string>();
  let last = 0;
  for (const { event, t } of timeline(events)) {
    last = t;
    switch (event.type) {
      case 'machine_intent': {
        const counter = new MachineCounter(event, t);
        counted.set(event.machine, counter);
        byName.set(event.name, counter);
        break;
      }
      case 'machine_rented':
        if (event.sinceIntent) byName.get(event.name)?.beginAsked();
        if (event.queued) byName.get(event.name)?.queue();
        else byName.get(event.name)?.begin(t);
        break;
      case 'machine_price':
        byName.get(event.name)?.price(t, event);
        break;
      case 'machine_running':
        byName.get(event.name)?.begin(t);
        break;
      case 'machine_ready':
        byName.get(event.name)?.ready(t);
        break;
      case 'machine_kept':
      case 'machine_adopted':
        byName.get(event.name)?.keep(event.type === 'machine_kept');
        break;
      case 'machine_failed':
        byName.get(event.name)?.fail(event.error.code);
        break;
      case 'machine_lost':
        // Older versions wrote it of one that was only out of reach, too.
        if (!/^BENCH_(SSH_|HOST_LOST)/.test(event.error.code)) byName.get(event.name)?.lose(t);
        break;
      case 'machine_ending':
        if (event.sinceIntent) byName.get(event.name)?.beginAsked();
        byName.get(event.name)?.enter('teardown', t);
        break;
      case 'machine_gone':
        if (event.sinceIntent) byName.get(event.name)?.beginAsked();
        byName.get(event.name)?.end(event.endedAt === undefined ? t : Date.parse(event.endedAt));
        break;
      case 'deployment_planned': {
        placeOf.set(event.deployment, event.machine);
        at(event.deployment)?.enter('deploying', t);
        break;
      }
      case 'deployment_started':
        at(event.deployment)?.enter('deploying', t);
        break;
      case 'deployment_ready':
      case 'deployment_failed':
        at(event.deployment)?.enter('idle', t);
        break;
      case 'attempt_started':
        servedBy.set(event.key, event.deployment);
        break;
      case 'point_started': {
        const counter = at(servedBy.get(event.key) ?? '');
        counter?.enter('failed', t);
        if (counter) points.set(pointOf(event), counter);
        break;
      }
      case 'point_finished':
        points.get(pointOf(event))?.leave('measuring', t);
        break;
      case 'point_failed':
      case 'point_void':
        points.get(pointOf(event))?.leave('failed', t);
        break;
      default:
        break;
    }
  }
  const { now } = options;
  const machines = [...byName.values()].map((counter) => ({
    inDoubt: counter.inDoubt,
    cost: counter.cost(now ?? last),
    kept: counter.kept,
  }));
  return totalOf(machines, { soFar: now !== undefined });
}

const pointOf = ({ key, point, repeat }: { key: string; point: number; repeat: number }) => `${key}/${point}/${repeat}`;

function totalOf(counted: { cost: MachineCost; kept: boolean; inDoubt: boolean }[], { soFar }: { soFar: boolean }): RunCost {
  const machines = counted.map(({ cost }) => cost);
  const parts = { ...NOTHING };
  for (const { usd } of machines) for (const part of PARTS) parts[part] += usd?.[part] ?? 0;
  const missing = counted.flatMap(({ cost: { name, totalUsd, outcome, diskUnknown }, kept, inDoubt }) => [
    ...(inDoubt ? [`nobody knows whether ${name} was made`] : []),
    ...(totalUsd === null && outcome !== 'refused' ? [`the price of ${name} is not known`] : []),
    ...(diskUnknown ? [`what the disk of ${name} costs beside its price, or while it is stopped, is not known`] : []),
    ...(outcome === 'open' && !inDoubt && !soFar
      ? [kept ? `${name} was left up, and goes on costing` : `${name} is not known to be gone`]
      : []),
  ]);
  const usd = machines.reduce((sum, { totalUsd }) => sum + (totalUsd ?? 0), 0);
  return { usd, atLeast: missing.length > 0, missing, parts, machines };
}
