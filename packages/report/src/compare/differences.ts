import { maskSettings } from '@bench/core';
import { parse } from 'yaml';
import { formatUsd } from '../format.ts';
import { engineLabel, systemFacts } from '../labels.ts';
import type { Report } from '../report.ts';
import type { ReportRow } from '../rows.ts';
import type { SidePoint } from './match.ts';
import { measurementOf, runOf, taskOf } from './samples.ts';

/** Something that is not the same on both sides. */
export interface Difference {
  /** `setting`: of the resolved recipe. `environment`: of what it ran on. */
  kind: 'setting' | 'environment';
  /** Key of the recipe (`engine.llm.tensor_parallel_size`), or `Engine`, `GPU driver`. */
  name: string;
  /** Null: it is not there, or not known. */
  base: string | null;
  candidate: string | null;
}

/** Where one side's text of a point comes from. */
interface Side {
  report: Report;
  point: Pick<SidePoint, 'rows' | 'first'>;
}

/** Differences of a pair: settings of the recipe key by key, then engine, machine, price and bench itself. */
export function differencesOf(base: Side, candidate: Side): Difference[] {
  return [...settingDifferences(base, candidate), ...between('environment', environment(base), environment(candidate))];
}

function settingDifferences(base: Side, candidate: Side): Difference[] {
  const [from, to] = [recipeTextOf(base.report, base.point.first), recipeTextOf(candidate.report, candidate.point.first)];
  // Of a side whose settings are not known nothing differs; and keys of two tools do not compare.
  if (from === null || to === null || from === to || base.point.first.source.kind !== candidate.point.first.source.kind) return [];
  return between('setting', settingsOf(from), settingsOf(to));
}

/** The resolved recipe of a row; null: none is known. */
export function recipeTextOf(report: Report, row: ReportRow): string | null {
  return (taskOf(report, row) ?? measurementOf(report, row))?.recipeText ?? null;
}

function between(kind: Difference['kind'], from: ReadonlyMap<string, string>, to: ReadonlyMap<string, string>): Difference[] {
  const names = [...new Set([...from.keys(), ...to.keys()])];
  return names
    .map((name) => ({ kind, name, base: from.get(name) ?? null, candidate: to.get(name) ?? null }))
    .filter((found) => found.base !== found.candidate);
}

/** More keys than this no recipe has. */
const MAX_KEYS = 5000;

/** A recipe's values by their path: `engine.llm.model` → `org/model`. A list of plain values is one value. Values of secrets are `***`. Empty for what is no map. */
export function settingsOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    if (found.size >= MAX_KEYS) return;
    if (Array.isArray(value)) {
      if (value.some((item) => typeof item === 'object' && item !== null)) value.forEach((item, i) => walk(item, `${path}[${i}]`));
      else found.set(path, value.map(String).join(', '));
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) walk(item, path === '' ? key : `${path}.${key}`);
    } else if (path !== '') found.set(path, String(value));
  };
  try {
    walk(maskSettings(parse(text, { uniqueKeys: false, logLevel: 'silent' })), '');
  } catch {
    // What is no YAML, or nested too deeply, is no recipe that bench wrote.
  }
  return found;
}

/** What a point ran on, label by label. */
function environment({ report, point }: Side): Map<string, string> {
  const facts = new Map<string, Set<string>>();
  for (const row of point.rows) {
    for (const [name, value] of rowFacts(report, row)) facts.set(name, (facts.get(name) ?? new Set()).add(value));
  }
  return new Map([...facts].map(([name, values]) => [name, [...values].sort().join(' · ')]));
}

/** Not what a result depends on. */
const IDLE = new Set(['Free disk', 'Host']);

/** What a row ran on, label by label: engine, image, machine, price, load, bench. What is not known is left out. */
export function rowFacts(report: Report, row: ReportRow): [string, string][] {
  const task = taskOf(report, row);
  const view = runOf(report, row);
  const system = task?.machine?.system;
  const facts: [string, string | null | undefined][] = [
    ['Measured by', row.source.kind === 'run' ? 'bench' : row.source.kind],
    ['Model', row.model],
    ['Engine', row.engine && engineLabel(row.engine)],
    ['Image', row.engine?.image],
    ['Image digest', row.engine?.digest],
    ['Machine', row.machine],
    ...(system ? systemFacts(system).filter(([label]) => !IDLE.has(label)) : []),
    ['Host', system?.hostname],
    ['Site', view?.run.asked.site],
    ['Price', row.priceUsdPerHour === null ? null : `${formatUsd(row.priceUsdPerHour)} an hour`],
    ['Load', row.loadText],
    ['Prompts', row.dataText],
    ['bench', view?.run.tools['@bench/cli']],
  ];
  return facts.filter((fact): fact is [string, string] => Boolean(fact[1]));
}
