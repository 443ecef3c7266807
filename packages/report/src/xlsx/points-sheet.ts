import { FLAG_WORDS } from '../flags.ts';
import { engineLabel } from '../labels.ts';
import { requestsOf, type ReportRow } from '../rows.ts';
import { sloText } from '../verdicts/questions.ts';
import { FORMAT, type CellValue, type SheetColumn } from './cells.ts';
import { columnName, costCell, priceCell } from './cost-formulas.ts';
import { allFigures, type Figure, steadyFigures } from './figures.ts';
import type { PriceCells } from './prices-sheet.ts';
import type { SheetPlan } from './sheets.ts';

interface Column extends SheetColumn {
  of(row: ReportRow, line: number): CellValue;
}

/** Every row with every figure that occurs anywhere. */
export function pointsSheet(rows: readonly ReportRow[], prices: PriceCells): SheetPlan {
  const params = [...new Set(rows.flatMap((row) => Object.keys(row.params)))].sort();
  const text = (header: string, width: number, of: Column['of']): Column => ({ header, width, of });
  const count = (header: string, of: Column['of']): Column => ({ header, width: 11, format: FORMAT.integer, of });
  const before: Column[] = [
    text('Run', 14, (row) => row.runId),
    text('Recipe', 22, (row) => row.recipe),
    text('Variant', 26, (row) => row.variant),
    { ...count('Point', (row) => (row.point === null ? null : row.point + 1)), width: 8 },
    text('Status', 10, (row) => (row.status === 'not_run' ? 'not run' : row.status)),
    text('Error', 30, (row) => row.error),
    text('Model', 32, (row) => row.model),
    text('Machine', 20, (row) => row.machine),
    text('Engine', 18, (row) => (row.engine ? engineLabel(row.engine) : null)),
    ...(rows.some(({ dataText }) => dataText !== null) ? [text('Prompts', 40, (row) => row.dataText)] : []),
    ...params.map((name): Column => ({ header: name, of: (row) => row.params[name] })),
    count('Concurrency asked (req)', (row) => row.load?.maxConcurrency ?? (row.axis?.kind === 'concurrency' ? row.axis.value : null)),
    { ...count('Rate asked (req/s)', (row) => (row.axis?.kind === 'rate' ? row.axis.value : null)), format: FORMAT.twoDecimals },
    count('Repeats', (row) => row.repeats || null),
    count('Requests sent', (row) => requestsOf(row)?.sent),
    count('Requests ok', (row) => requestsOf(row)?.ok),
    count('Requests failed', (row) => requestsOf(row)?.failed),
    count('Requests cancelled', (row) => requestsOf(row)?.cancelled),
    { ...count('Duration (s)', (row) => row.durationS), format: FORMAT.twoDecimals },
  ];
  if (rows.some((row) => row.askedSlo))
    before.push(
      text('SLO asked for', 26, (row) => (row.askedSlo ? sloText(row.slo) : null)),
      text('Judged by', 12, (row) => row.askedSlo?.from),
      { ...count('Good requests, at least (ratio)', (row) => row.askedSlo?.share?.low), format: FORMAT.threeDecimals },
      { ...count('Good requests, at most (ratio)', (row) => row.askedSlo?.share?.high), format: FORMAT.threeDecimals },
    );
  const figures = [...allFigures(rows), ...steadyFigures(rows)];
  const at = (name: string, line: number) => {
    const index = figures.findIndex((figure) => figure.scalar === name);
    return index < 0 ? null : `${columnName(before.length + index)}${line}`;
  };
  const columns: Column[] = [
    ...before,
    ...figures.map((figure) => ({ header: figure.header, width: 13, format: formatOf(figure), of: figureOf(figure, prices, at) })),
    { header: 'Price ($/hour)', width: 12, format: FORMAT.money, of: (row) => priceCell(row, prices.of(row)) },
    text('Price source', 20, (row) => row.priceSource),
    text('Output token source', 16, (row) => row.tokenSources?.output.replaceAll('_', ' ')),
    text('Notes', 50, (row) => row.flags.map((flag) => `${FLAG_WORDS[flag.code].title}: ${flag.message}`).join('; ') || null),
    text('Source', 14, (row) => row.source.kind),
    text('Not said by the source', 30, (row) => row.lacks.join(', ') || null),
    text('Measured', 24, (row) => row.measuredAt),
    text('Task key', 20, (row) => row.taskKey),
  ];
  return {
    name: 'Points',
    columns: columns.map(({ of: _of, ...column }) => column),
    rows: rows.map((row, i) => columns.map(({ of }) => of(row, i + 2))),
  };
}

/** Costs follow the price of the machine, and the throughput in their own line. */
function figureOf(figure: Figure, prices: PriceCells, at: (name: string, line: number) => string | null): Column['of'] {
  const { scalar } = figure;
  if (!scalar?.startsWith('cost_')) return figure.of;
  return (row, line) => costCell(row, scalar, { price: prices.of(row), throughput: (name) => at(name, line) });
}

function formatOf(figure: Figure): string {
  if (figure.statistic === 'count') return FORMAT.integer;
  switch (figure.unit) {
    case 'tok':
      return FORMAT.integer;
    case 'ratio':
      return FORMAT.threeDecimals;
    case 'USD/Mtok':
    case 'USD':
      return FORMAT.smallMoney;
    case 'ms':
    case 'J/tok':
      return FORMAT.threeDecimals;
    default:
      return FORMAT.twoDecimals;
  }
}
