import { groupBy } from '@bench/core';
import { oneLine } from '../text.ts';
import type { TaskGroup } from '../groups.ts';
import { engineLabel } from '../labels.ts';
import type { ReportRow } from '../rows.ts';
import { offlineText, workOf } from './work.ts';

/** What can be chosen: a task with all its loads of one kind of work, or one sweep whose loads were written as variants. */
export type Contender = TaskGroup;

/**
 * Tasks as what one chooses among. Several tasks of equal model, data, engine and machine with one measured point each, all of different loads, are a sweep
 * that was written as variants (one file a load, as other tools do): they become one contender. A task that was measured with several kinds of work (other prompts, another API) is one
 * contender of each, for a curve, a knee or a price is of one of them. Pure.
 */
export function contenders(groups: readonly TaskGroup[]): Contender[] {
  const setups = groupBy(groups, ({ first, measured: [point] }) => (point ? setupKey(first, point) : null));
  const sweeps = [...setups.values()].filter(isSweep);
  const joined = new Map<TaskGroup, Contender>();
  for (const sweep of sweeps) {
    const one = join(sweep, sweeps);
    for (const group of sweep) joined.set(group, one);
  }
  return [...new Set(groups.flatMap((group) => joined.get(group) ?? byWork(group)))];
}

/** A task's points by what they did, in the order in which it occurs; empty: nothing was measured. */
function byWork(group: TaskGroup): Contender[] {
  const parts = groupBy(group.measured, workOf);
  if (parts.size <= 1) return parts.size === 0 ? [] : [group];
  const datas = [...parts.values()].map(([row]) => row?.dataText);
  return [...parts].map(([work, measured]) => {
    const [row] = measured as [ReportRow];
    const alike = datas.filter((data) => data === row.dataText).length > 1;
    const name = [group.name, row.dataText, alike ? row.load?.api : null, offlineText(row)].filter(Boolean).join(', ');
    return { key: `${group.key}\n${work}`, name, first: group.first, rows: measured, measured };
  });
}

/** What is equal for all loads of a sweep. */
function setupKey(row: ReportRow, point: ReportRow): string {
  return JSON.stringify([
    row.source.kind,
    row.model ?? row.recipe,
    row.machine,
    row.engine?.name,
    row.engine?.version,
    workOf(point),
    point.axis?.kind,
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
