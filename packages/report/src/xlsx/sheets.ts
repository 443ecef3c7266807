import { metric } from '@bench/core';
import { clientErrorText } from '../client-error.ts';
import { COST_PARTS, machineCostLines } from '../cost.ts';
import { FLAG_WORDS } from '../flags.ts';
import { engineImage, engineLabel, recipePath, systemFacts } from '../labels.ts';
import { ownFigures } from '../own-figures.ts';
import { machinePrices } from '../prices/machine-price.ts';
import type { Report } from '../report.ts';
import type { ReportRow } from '../rows.ts';
import type { CellValue, SheetColumn } from './cells.ts';
import { usedMetrics } from '../used-metrics.ts';

/** A sheet whose rows fit in memory. */
export interface SheetPlan {
  name: string;
  columns: SheetColumn[];
  rows: CellValue[][];
  /** Said below the rows. */
  note?: string;
}

export function environmentSheet({ runs, rows: all }: Pick<Report, 'runs' | 'rows'>, now: number): SheetPlan {
  const rows: CellValue[][] = [];
  for (const view of runs) {
    const { run, tasks, machines, status, problems, notes, cost } = view;
    const add = (part: string, fact: string, value: CellValue) => rows.push([run.id, part, fact, value]);
    add('Run', 'Status', status);
    add('Run', 'Started', run.createdAt);
    add('Run', 'Ended', run.endedAt);
    add('Run', 'Site', run.asked.site);
    add('Run', 'Recipes', run.asked.recipes.map(recipePath).join(', '));
    if (run.asked.filter.length > 0) add('Run', 'Filter', run.asked.filter.join(', '));
    add('Run', 'Seed', run.asked.seed);
    add('Run', 'Report written', new Date(now).toISOString());
    add('Run', 'Client’s own error', clientErrorText(all.filter(({ source }) => source.path === view.dir).map((row) => row.accuracy)));
    if (cost) {
      add('Cost', cost.atLeast ? 'Rented machines, at least ($)' : 'Rented machines ($)', cost.usd);
      for (const [part, words] of COST_PARTS) if (cost.parts[part] > 0) add('Cost', `of it ${words} ($)`, cost.parts[part]);
      for (const why of cost.missing) add('Cost', 'More than that', why);
      for (const [name, text] of machineCostLines(cost)) add('Cost', name, text);
    }
    for (const [tool, version] of Object.entries(run.tools)) add('Tools', tool, version);
    for (const tag of notes.tags) add('Notes', 'Tag', tag);
    for (const remark of notes.remarks) add('Notes', remark.at, remark.text);
    machines.forEach((machine, i) => {
      const part = machines.length > 1 ? `Machine ${i + 1}` : 'Machine';
      add(part, 'Name', machine.name);
      for (const [fact, value] of systemFacts(machine.system)) add(part, fact, value);
      for (const { usdPerHour, source } of machinePrices(machine, view, all)) {
        add(part, 'Price ($/hour)', usdPerHour);
        add(part, 'Price source', source);
      }
    });
    const seen = new Set<string>();
    for (const { deployment } of tasks) {
      if (!deployment || seen.has(deployment.id)) continue;
      seen.add(deployment.id);
      const part = `Deployment ${deployment.id}`;
      add(part, 'Engine', engineLabel(deployment.engine));
      add(part, 'Model', deployment.engine.model);
      add(part, 'Image', engineImage(deployment));
      add(part, 'Command', deployment.engine.command?.join(' '));
      add(part, 'Weights', deployment.engine.randomWeights ? 'generated (random)' : null);
      for (const phase of deployment.phases)
        add(
          part,
          `Phase ${(phase.within === undefined ? phase.name : `${phase.within}: ${phase.name}`).replaceAll('_', ' ')} (s)`,
          phase.durationMs / 1000,
        );
      if (deployment.error) add(part, 'Error', deployment.error.message);
    }
    for (const problem of problems) add('Problems while reading', problem.path, problem.message);
  }
  return {
    name: 'Environment',
    columns: [
      { header: 'Run', width: 14 },
      { header: 'Part', width: 24 },
      { header: 'Fact', width: 28 },
      { header: 'Value', width: 90, wrap: true },
    ],
    rows: rows.filter((row) => row[3] !== null && row[3] !== undefined && row[3] !== ''),
  };
}

export function definitionsSheet(rows: readonly ReportRow[]): SheetPlan {
  const used = usedMetrics(rows);
  const own = ownFigures(rows);
  const names = new Set(own.map(({ name }) => name));
  const notOurs = 'Reported by the recipe’s own clients or command; bench did not measure it.';
  const reported = own.map(({ name, unit, better }): CellValue[] => [name, name, unit || null, better, notOurs]);
  const metrics = [...used.scalars.filter((name) => !names.has(name)), ...used.distributions].map((name): CellValue[] => {
    const definition = metric(name);
    return [definition?.label ?? name, name, definition?.unit ?? null, definition?.better ?? null, definition?.definition ?? notOurs];
  });
  const codes = [...new Set(rows.flatMap((row) => row.flags.map((flag) => flag.code)))];
  const flags = codes.map((code): CellValue[] => [FLAG_WORDS[code].title, code, null, null, FLAG_WORDS[code].meaning]);
  return {
    name: 'Definitions',
    columns: [
      { header: 'Metric or note', width: 26 },
      { header: 'Name in files', width: 26 },
      { header: 'Unit', width: 10 },
      { header: 'Better', width: 10 },
      { header: 'Definition', width: 100, wrap: true },
    ],
    rows: [...metrics, ...reported, ...flags],
  };
}
