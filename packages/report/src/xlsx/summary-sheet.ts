import { FLAG_WORDS } from '../flags.ts';
import { engineLabel } from '../labels.ts';
import { ownFigures, ownHeader } from '../own-figures.ts';
import type { ReportRow } from '../rows.ts';
import { askedShareText, askedSloNotes } from '../slo/asked-text.ts';
import { promptsThatDiffer } from '../told-apart.ts';
import { FORMAT, type CellValue, type SheetColumn } from './cells.ts';
import { columnName, costCell, priceCell } from './cost-formulas.ts';
import type { PriceCells } from './prices-sheet.ts';
import type { SheetPlan } from './sheets.ts';

const THROUGHPUT = 'Throughput (tok/s)';

interface Column extends SheetColumn {
  of(row: ReportRow, line: number): CellValue;
}

/** deplodock's columns, and what tells the rows apart. Only what was measured. */
export function summarySheet(rows: readonly ReportRow[], prices: PriceCells): SheetPlan {
  const measured = rows.filter((row) => row.counts !== null);
  const text = (header: string, width: number, of: Column['of']): Column => ({ header, width, of });
  const figure = (header: string, width: number, format: string, of: Column['of']): Column => ({ header, width, format, of });
  const columns: Column[] = [];
  const total = (row: ReportRow, line: number) =>
    costCell(row, 'cost_per_mtok_total', {
      price: prices.of(row),
      throughput: () => `${columnName(columns.findIndex(({ header }) => header === THROUGHPUT))}${line}`,
    });
  const load = [
    text('Load', 16, (row) => row.loadText),
    figure(THROUGHPUT, 14, FORMAT.oneDecimal, (row) => row.scalars.total_token_throughput),
    figure('GPU Price ($/hour)', 14, FORMAT.money, (row) => priceCell(row, prices.of(row))),
    figure('Token Price ($/mtok)', 14, FORMAT.smallMoney, total),
    figure('Output tokens (tok/s)', 14, FORMAT.oneDecimal, (row) => row.scalars.output_throughput),
    figure('TTFT p50 (ms)', 12, FORMAT.twoDecimals, (row) => row.distributions.ttft_ms?.p50),
    figure('TPOT p50 (ms)', 12, FORMAT.twoDecimals, (row) => row.distributions.tpot_ms?.p50),
  ];
  const own = ownFigures(measured).map((each) => figure(ownHeader(each), 16, FORMAT.twoDecimals, each.of));
  const foreign = measured.some(({ source }) => source.kind !== 'run');
  // Of recipes that only measure themselves, none of these says anything.
  const said = ({ of }: Column) => measured.some((row) => row.loadText !== null || isSaid(of(row, 2)));
  const runOf = ({ source, runId }: ReportRow) => (source.kind === 'run' ? runId : null);
  columns.push(
    ...(new Set(measured.map(runOf)).size > 1 ? [text('Run', 14, runOf)] : []),
    text('Model', 36, (row) => row.model),
    text('Machine', 28, (row) => row.machine),
    text('Engine', 18, (row) => (row.engine ? engineLabel(row.engine) : null)),
    text('Recipe', 22, (row) => row.recipe),
    text('Variant', 26, (row) => row.variant),
    ...(promptsThatDiffer(measured).length > 0 ? [text('Prompts', 40, (row) => row.dataText)] : []),
  );
  columns.push(...load.filter((column) => own.length === 0 || said(column)));
  const asked = askedSloNotes(rows).join(' ');
  columns.push(
    ...(asked === '' ? [] : [text('Within the SLO asked for (%)', 14, askedShareText)]),
    ...own,
    ...(foreign ? [text('Source', 14, (row) => row.source.kind), text('Not said', 30, (row) => row.lacks.join(', ') || null)] : []),
    text('Notes', 40, (row) => row.flags.map((flag) => FLAG_WORDS[flag.code].title).join(', ') || null),
  );
  return {
    name: 'Summary',
    columns: columns.map(({ of: _of, ...column }) => column),
    rows: measured.map((row, i) => columns.map(({ of }) => of(row, i + 2))),
    ...(asked === '' ? {} : { note: asked }),
  };
}

/** A formula without a value waits for a price. */
function isSaid(value: CellValue): boolean {
  return value !== null && value !== undefined && (typeof value !== 'object' || value instanceof Date || value.result !== '');
}
