import { metric, type RequestRecord } from '@bench/core';
import type { RunView } from '@bench/results';
import { clientErrorText } from '../client-error.ts';
import { COST_PARTS, machineCostLines } from '../cost.ts';
import { FLAG_WORDS } from '../flags.ts';
import { engineImage, engineLabel, recipePath, systemFacts } from '../labels.ts';
import { ownFigures, ownHeader } from '../own-figures.ts';
import { reportRows, requestsOf, type ReportRow } from '../rows.ts';
import { FORMAT, type CellValue, type SheetColumn } from './cells.ts';
import { usedMetrics } from '../used-metrics.ts';
import { allFigures, type Figure } from './figures.ts';

/** A sheet whose rows fit in memory. */
export interface SheetPlan {
  name: string;
  columns: SheetColumn[];
  rows: CellValue[][];
}

/** deplodock's columns, and what tells the rows apart. Only what was measured. */
export function summarySheet(rows: readonly ReportRow[]): SheetPlan {
  const measured = rows.filter((row) => row.counts !== null);
  const text = (header: string, width: number, of: (row: ReportRow) => CellValue) => ({ header, width, of });
  const figure = (header: string, width: number, format: string, of: (row: ReportRow) => CellValue) => ({ header, width, format, of });
  const load = [
    text('Load', 16, (row) => row.loadText),
    figure('Throughput (tok/s)', 14, FORMAT.oneDecimal, (row) => row.scalars.total_token_throughput),
    figure('GPU Price ($/hour)', 14, FORMAT.money, (row) => row.priceUsdPerHour),
    figure('Token Price ($/mtok)', 14, FORMAT.smallMoney, (row) => row.scalars.cost_per_mtok_total),
    figure('Output tokens (tok/s)', 14, FORMAT.oneDecimal, (row) => row.scalars.output_throughput),
    figure('TTFT p50 (ms)', 12, FORMAT.twoDecimals, (row) => row.distributions.ttft_ms?.p50),
    figure('TPOT p50 (ms)', 12, FORMAT.twoDecimals, (row) => row.distributions.tpot_ms?.p50),
  ];
  const own = ownFigures(measured).map((each) => figure(ownHeader(each), 16, FORMAT.twoDecimals, each.of));
  const columns = [
    text('Model', 36, (row) => row.model),
    text('Machine', 28, (row) => row.machine),
    text('Engine', 18, (row) => (row.engine ? engineLabel(row.engine) : null)),
    text('Recipe', 22, (row) => row.recipe),
    text('Variant', 26, (row) => row.variant),
    // Of recipes that only measure themselves, none of these says anything.
    ...load.filter(({ of }) => own.length === 0 || measured.some((row) => row.loadText !== null || (of(row) ?? null) !== null)),
    ...own,
    text('Notes', 40, (row) => row.flags.map((flag) => FLAG_WORDS[flag.code].title).join(', ') || null),
  ];
  return {
    name: 'Summary',
    columns: columns.map(({ of: _of, ...column }) => column),
    rows: measured.map((row) => columns.map(({ of }) => of(row))),
  };
}

/** Every row with every figure that occurs anywhere. */
export function pointsSheet(rows: readonly ReportRow[]): SheetPlan {
  const params = [...new Set(rows.flatMap((row) => Object.keys(row.params)))].sort();
  const figures = allFigures(rows);
  const columns: SheetColumn[] = [
    { header: 'Run', width: 14 },
    { header: 'Recipe', width: 22 },
    { header: 'Variant', width: 26 },
    { header: 'Point', width: 8, format: FORMAT.integer },
    { header: 'Status', width: 10 },
    { header: 'Error', width: 30 },
    { header: 'Model', width: 32 },
    { header: 'Machine', width: 20 },
    { header: 'Engine', width: 18 },
    ...params.map((name) => ({ header: name })),
    { header: 'Concurrency asked (req)', width: 12, format: FORMAT.integer },
    { header: 'Rate asked (req/s)', width: 12, format: FORMAT.twoDecimals },
    { header: 'Repeats', width: 10, format: FORMAT.integer },
    { header: 'Requests sent', width: 11, format: FORMAT.integer },
    { header: 'Requests ok', width: 11, format: FORMAT.integer },
    { header: 'Requests failed', width: 11, format: FORMAT.integer },
    { header: 'Requests cancelled', width: 11, format: FORMAT.integer },
    { header: 'Duration (s)', width: 11, format: FORMAT.twoDecimals },
    ...figures.map((figure) => ({ header: figure.header, width: 13, format: formatOf(figure) })),
    { header: 'Price ($/hour)', width: 12, format: FORMAT.money },
    { header: 'Price source', width: 20 },
    { header: 'Output token source', width: 16 },
    { header: 'Notes', width: 50 },
    { header: 'Task key', width: 20 },
  ];
  return {
    name: 'Points',
    columns,
    rows: rows.map((row) => {
      const axis = row.axis;
      return [
        row.runId,
        row.recipe,
        row.variant,
        row.point === null ? null : row.point + 1,
        row.status === 'not_run' ? 'not run' : row.status,
        row.error,
        row.model,
        row.machine,
        row.engine ? engineLabel(row.engine) : null,
        ...params.map((name) => row.params[name]),
        row.load?.maxConcurrency,
        axis?.kind === 'rate' ? axis.value : null,
        row.repeats || null,
        requestsOf(row)?.sent,
        requestsOf(row)?.ok,
        requestsOf(row)?.failed,
        requestsOf(row)?.cancelled,
        row.durationS,
        ...figures.map((figure) => figure.of(row)),
        row.priceUsdPerHour,
        row.priceSource,
        row.tokenSources?.output.replaceAll('_', ' '),
        row.flags.map((flag) => `${FLAG_WORDS[flag.code].title}: ${flag.message}`).join('; ') || null,
        row.taskKey,
      ];
    }),
  };
}

function formatOf(figure: Figure): string {
  if (figure.statistic === 'count') return FORMAT.integer;
  switch (figure.unit) {
    case 'tok':
      return FORMAT.integer;
    case 'ratio':
      return FORMAT.threeDecimals;
    case 'USD/Mtok':
    case 'USD/1000 req':
    case 'USD':
      return FORMAT.smallMoney;
    case 'ms':
    case 'J/tok':
      return FORMAT.threeDecimals;
    default:
      return FORMAT.twoDecimals;
  }
}

export function environmentSheet(runs: readonly RunView[], now: number): SheetPlan {
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
    add('Run', 'Client’s own error', clientErrorText(reportRows([view]).map((row) => row.accuracy)));
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
      add(part, 'Price ($/hour)', machine.priceUsdPerHour);
      add(part, 'Price source', machine.priceSource);
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

export const REQUEST_COLUMNS: SheetColumn[] = [
  { header: 'Run', width: 14 },
  { header: 'Recipe', width: 20 },
  { header: 'Variant', width: 22 },
  { header: 'Point', width: 8 },
  { header: 'Repeat', width: 10 },
  { header: 'Request', width: 10, format: FORMAT.integer },
  { header: 'Phase', width: 10 },
  { header: 'Status', width: 10 },
  ...['Intended', 'Sent', 'First byte', 'First token', 'Last token', 'End', 'TTFT', 'E2EL'].map((name) => ({
    header: `${name} (ms)`,
    width: 12,
    format: FORMAT.threeDecimals,
  })),
  ...['Prompt tokens', 'Cached tokens', 'Output tokens', 'Chunks'].map((header) => ({ header, width: 11, format: FORMAT.integer })),
  { header: 'Finish reason', width: 12 },
  { header: 'HTTP status', width: 9 },
  { header: 'Error class', width: 12 },
  { header: 'Error', width: 40 },
];

/** One line of the Requests sheet. */
export function requestCells(
  where: { run: string; recipe: string; variant: string; point: number; repeat: number },
  record: RequestRecord,
): CellValue[] {
  const since = (ms: number | null) => (ms === null ? null : ms - record.sentMs);
  return [
    where.run,
    where.recipe,
    where.variant,
    where.point + 1,
    where.repeat + 1,
    record.index,
    record.phase,
    record.status,
    record.intendedMs,
    record.sentMs,
    record.firstByteMs,
    record.firstTokenMs,
    record.lastTokenMs,
    record.endMs,
    since(record.firstTokenMs),
    since(record.lastTokenMs ?? record.endMs),
    record.promptTokens,
    record.cachedTokens,
    record.outputTokens,
    record.chunks,
    record.finishReason,
    record.httpStatus,
    record.error?.class,
    record.error?.message,
  ];
}
