import { oneLine } from '../text.ts';
import type { TaskGroup } from '../groups.ts';
import { engineLabel } from '../labels.ts';
import type { ReportRow } from '../rows.ts';

/** What can be chosen: a task with all its loads, or one sweep whose loads were written as variants. */
export type Contender = TaskGroup;

/**
 * Tasks as what one chooses among. Several tasks of equal model, data, engine and machine with one measured point each, all of different loads, are a sweep
 * that was written as variants (one file a load, as other tools do): they become one contender. Pure.
 */
export function contenders(groups: readonly TaskGroup[]): Contender[] {
  const setups = new Map<string, TaskGroup[]>();
  for (const group of groups) {
    if (group.measured.length === 0) continue;
    const key = setupKey(group.first, group.measured[0]);
    const list = setups.get(key);
    if (list) list.push(group);
    else setups.set(key, [group]);
  }
  const sweeps = [...setups.values()].filter(isSweep);
  const joined = new Map<TaskGroup, Contender>();
  for (const sweep of sweeps) {
    const one = join(sweep, sweeps);
    for (const group of sweep) joined.set(group, one);
  }
  return [...new Set(groups.flatMap((group) => joined.get(group) ?? (group.measured.length > 0 ? [group] : [])))];
}

/** What is equal for all loads of a sweep. */
function setupKey(row: ReportRow, point: ReportRow | undefined): string {
  return JSON.stringify([
    row.source.kind,
    row.model ?? row.recipe,
    row.machine,
    row.engine?.name,
    row.engine?.version,
    point?.dataText,
    point?.axis?.kind,
  ]);
}

function isSweep(groups: readonly TaskGroup[]): boolean {
  if (groups.length < 2 || groups.some(({ measured }) => measured.length !== 1)) return false;
  const loads = groups.map(({ measured }) => measured[0]?.axis?.value);
  return loads.every((load) => load !== undefined) && new Set(loads).size === loads.length;
}

function join(groups: readonly TaskGroup[], sweeps: readonly (readonly TaskGroup[])[]): Contender {
  const [first] = groups as [TaskGroup];
  const measured = groups.flatMap((group) => group.measured).sort((a, b) => (a.axis?.value ?? 0) - (b.axis?.value ?? 0));
  const { engine, machine, model, recipe } = first.first;
  const models = new Set(sweeps.map(([group]) => group?.first.model ?? group?.first.recipe));
  const parts = [engine ? engineLabel(engine) : null, machine].flatMap((part) => (part ? [oneLine(part, 80)] : []));
  const what = parts.length > 0 ? parts.join(' on ') : recipe;
  return {
    key: groups.map(({ key }) => key).join('\n'),
    name: models.size > 1 ? `${oneLine(model ?? recipe, 60)}, ${what}` : what,
    first: first.first,
    rows: groups.flatMap(({ rows }) => rows),
    measured,
  };
}
