import { limitsText, searchText } from '@bench/results';
import { clientErrorText } from '../client-error.ts';
import { FLAG_WORDS } from '../flags.ts';
import { formatShort } from '../format.ts';
import { taskGroups } from '../groups.ts';
import { engineLabel } from '../labels.ts';
import type { ReportRow } from '../rows.ts';
import { askedSloNotes } from '../slo/asked-text.ts';
import { oneLine } from '../text.ts';
import { enginesThatDiffer, machinesThatDiffer, promptsThatDiffer } from '../told-apart.ts';
import { figureColumns, type Column } from './columns.ts';
import { flagMarks } from './flag-marks.ts';
import { type Paint, painter, toAscii } from './paint.ts';
import { displayWidth, padEnd, padStart, truncate, truncateMiddle, wrap } from './width.ts';

export interface TableOptions {
  /** Columns of the terminal. */
  width: number;
  /** ANSI colours. */
  color: boolean;
  /** False: ASCII only. */
  unicode: boolean;
}

const GAP = 2;
const MIN_NAME = 12;

/**
 * The rows as a terminal table without a trailing newline: one heading a task, one line a point, flags explained below. Columns
 * that do not fit are left out, least important first, and named below the table.
 */
export function renderTable(rows: readonly ReportRow[], options: TableOptions): string {
  const { width } = options;
  const paint = painter(options.color);
  const glyph = options.unicode ? { rule: '─', dot: '·', cut: '…' } : { rule: '-', dot: '|', cut: '...' };
  const finish = (lines: string[]) => (options.unicode ? lines : lines.map(toAscii)).join('\n');
  if (rows.length === 0) return finish(['Nothing to show: the run has no tasks.']);

  const groups = taskGroups(rows);
  // A heading for every single line would double the height, so tasks of one point carry their name in the line.
  const headed = groups.length === 1 || rows.length >= 2 * groups.length;
  const ordered = groups.flatMap((group) => group.rows);
  const marks = flagMarks(ordered);

  const name: Column = { id: 'name', group: '', head: 'task', keep: Infinity, name: 'task', cells: [] };
  if (!headed) name.cells = groups.flatMap((group) => group.rows.map(() => oneLine(group.name, 200)));
  const load = loadColumn(ordered, headed);
  const flags: Column = {
    id: 'flags',
    group: '',
    head: 'notes',
    keep: Infinity,
    name: 'notes',
    cells: ordered.map((row) => marks.of(row)),
  };
  const measured = ordered.some((row) => row.counts !== null);
  const prompts = measured ? promptsThatDiffer(ordered) : [];
  const lead = [
    // Headings say both.
    ...(headed
      ? []
      : [name, ...words('machine', MACHINE, machinesThatDiffer(ordered)), ...words('engine', ENGINE, enginesThatDiffer(ordered))]),
    ...words(
      'prompts',
      Infinity,
      prompts.length === 0 ? null : ordered.map(({ dataText }) => (dataText === null ? '' : promptsMark(prompts.indexOf(dataText)))),
    ),
    load,
  ];
  const right = [...(measured ? figureColumns(ordered) : []), ...(flags.cells.some(Boolean) ? [flags] : [])];

  const { columns, hidden, widths } = fit(lead, right, width);
  const total = Math.min(width, sum(widths) + GAP * (columns.length - 1));
  const isLeft = (column: Column) => (lead.includes(column) ? column !== load : column.id === 'flags');
  const cell = (column: Column, text: string, i: number) => {
    const room = widths[i] as number;
    if (!isLeft(column)) return padStart(text, room);
    return padEnd((column.id === 'name' ? truncateMiddle : truncate)(text, room, glyph.cut), room);
  };
  const join = (cells: string[]) => cells.join(' '.repeat(GAP)).trimEnd();

  const lines: string[] = [];
  const top = groupLine(columns, widths);
  if (measured && top.trim() !== '') lines.push(paint.dim(top));
  lines.push(paint.dim(join(columns.map((column, i) => cell(column, column.head, i)))), paint.dim(glyph.rule.repeat(Math.max(total, 20))));
  let at = 0;
  for (const group of groups) {
    if (headed) {
      if (at > 0) lines.push('');
      lines.push(...heading(group.name, group.first, width, glyph).map((line, i) => (i === 0 ? paint.bold(line) : paint.dim(line))));
    }
    for (const row of group.rows) {
      const index = at++;
      if (row.counts === null) {
        const what = row.status === 'failed' ? `failed: ${oneLine(row.error ?? 'no reason was recorded')}` : 'not run';
        const before = columns.filter((column) => lead.includes(column)).map((column, i) => cell(column, column.cells[index] ?? '', i));
        const prefix = `${before.join(' '.repeat(GAP))}${' '.repeat(GAP)}`;
        const room = Math.max(MIN_NAME, width - displayWidth(prefix));
        lines.push(prefix + (row.status === 'failed' ? paint.red : paint.dim)(truncate(what, room, glyph.cut)));
        continue;
      }
      const cells = columns.map((column, i) => {
        const text = cell(column, column.cells[index] ?? '', i);
        if (column.id === 'requests failed' && row.counts && row.counts.failed > 0) return paint.red(text);
        return column.id === 'flags' ? paint.yellow(text) : text;
      });
      lines.push(join(cells));
    }
  }
  lines.push(...promptsLines(prompts, width, paint), ...searchLines(groups, width, paint), ...askedLines(ordered, width, paint));
  const { lines: below, named } = ownBelow(ordered, hidden, { width, paint, title: titleOf(groups) });
  lines.push(
    ...below,
    ...notes(
      ordered,
      marks,
      hidden.filter((column) => !named.has(column)),
      { width, paint, measured },
    ),
  );
  return finish(lines);
}

/** Ranks of what tells rows apart beside their names: an engine stays longest, for names are cut; a machine goes among the lesser figures. */
const ENGINE = 105;
const MACHINE = 45;

function words(head: string, keep: number, cells: string[] | null): Column[] {
  return cells === null ? [] : [{ id: head, group: '', head, keep, name: head, cells }];
}

const promptsMark = (index: number): string => (index < 0 ? '' : `P${index + 1}`);

/** What the prompts are that the marks stand for. */
function promptsLines(prompts: readonly string[], width: number, paint: Paint): string[] {
  const lines = prompts.slice(0, MAX_BELOW).flatMap((text, i) => wrap(`${promptsMark(i)} ${oneLine(text, 200)}`, width, 3).map(paint.dim));
  const more = prompts.length - MAX_BELOW;
  return lines.length === 0 ? [] : ['', ...lines, ...(more > 0 ? [paint.dim(`${more} more kinds of prompts: see the page.`)] : [])];
}

function loadColumn(rows: readonly ReportRow[], indent: boolean): Column {
  const axes = rows.map((row) => row.axis);
  const kinds = new Set(axes.flatMap((axis) => (axis ? [axis.kind] : [])));
  const mixed = kinds.size > 1;
  const cells = axes.map((axis, i) => {
    const row = rows[i] as ReportRow;
    const text = axis
      ? formatShort(axis.value) + (mixed ? (axis.kind === 'rate' ? '/s' : ' at once') : '')
      : row.point === null
        ? ''
        : row.kind === 'inference'
          ? `#${row.point + 1}`
          : row.kind === 'command'
            ? 'command'
            : 'clients';
    return (indent ? '  ' : '') + text;
  });
  const own = rows.every((row) => row.kind !== 'inference');
  const head = own ? 'by' : mixed || kinds.size === 0 ? 'load' : kinds.has('rate') ? 'asked' : 'concurrent';
  return { id: 'load', group: kinds.has('rate') && !mixed ? 'req/s' : '', head, keep: Infinity, name: 'load', cells };
}

/** Leaves out columns until the rest fits; a name gives way last. */
function fit(lead: Column[], right: Column[], width: number): { columns: Column[]; hidden: Column[]; widths: number[] } {
  const hidden: Column[] = [];
  let columns = [...lead, ...right];
  const natural = () => columnWidths(columns);
  const needed = (widths: number[]) =>
    sum(widths.map((w, i) => (columns[i]?.id === 'name' ? Math.min(w, 24) : w))) + GAP * (columns.length - 1);
  while (needed(natural()) > width) {
    const candidates = columns.filter((column) => Number.isFinite(column.keep));
    const weakest = candidates.sort((a, b) => a.keep - b.keep)[0];
    if (!weakest) break;
    hidden.push(weakest);
    columns = columns.filter((column) => column !== weakest);
  }
  const widths = natural();
  const over = sum(widths) + GAP * (columns.length - 1) - width;
  const nameAt = columns.findIndex((column) => column.id === 'name');
  if (over > 0 && nameAt >= 0) widths[nameAt] = Math.max(MIN_NAME, (widths[nameAt] as number) - over);
  return { columns, hidden, widths };
}

/** Wide enough for head and cells; a group that is wider than its columns widens the first of them. */
function columnWidths(columns: readonly Column[]): number[] {
  const widths = columns.map((column) => Math.max(displayWidth(column.head), ...column.cells.map(displayWidth)));
  for (const { from, to, group } of spans(columns)) {
    const span = sum(widths.slice(from, to)) + GAP * (to - from - 1);
    if (group.length > span) widths[from] = (widths[from] as number) + group.length - span;
  }
  return widths;
}

function spans(columns: readonly Column[]): { from: number; to: number; group: string }[] {
  const out: { from: number; to: number; group: string }[] = [];
  columns.forEach((column, i) => {
    const last = out[out.length - 1];
    if (last && column.group !== '' && last.group === column.group) last.to = i + 1;
    else out.push({ from: i, to: i + 1, group: column.group });
  });
  return out;
}

function groupLine(columns: readonly Column[], widths: readonly number[]): string {
  return spans(columns)
    .map(({ from, to, group }) => padStart(group, sum(widths.slice(from, to)) + GAP * (to - from - 1)))
    .join(' '.repeat(GAP))
    .trimEnd();
}

function heading(name: string, first: ReportRow, width: number, glyph: { dot: string; cut: string }): string[] {
  const facts = [first.model, first.engine && engineLabel(first.engine), first.machine].flatMap((fact) =>
    fact ? [oneLine(fact, 120)] : [],
  );
  const title = oneLine(name, 200);
  const rest = facts.join(` ${glyph.dot} `);
  return [truncate(title, width, glyph.cut), ...(rest ? [truncate(rest, width, glyph.cut)] : [])];
}

/** What searches found, one a task. */
function searchLines(groups: ReturnType<typeof taskGroups>, width: number, paint: Paint): string[] {
  const found = groups.flatMap(({ name, first: { search } }) =>
    search ? [`${oneLine(name, 60)}, ${limitsText(search)}: ${searchText(search)}.`] : [],
  );
  return found.length === 0 ? [] : ['', ...found.flatMap((line) => wrap(line, width, 2)).map(paint.bold)];
}

/** Whose limits the SLO is. */
function askedLines(rows: readonly ReportRow[], width: number, paint: Paint): string[] {
  const text = askedSloNotes(rows).join(' ');
  return text === '' ? [] : ['', ...wrap(text, width, 2).map(paint.bold)];
}

/** More rows than this would bury the table. */
const MAX_BELOW = 12;

const titleOf = (groups: ReturnType<typeof taskGroups>) => (row: ReportRow) =>
  oneLine(groups.find((group) => group.rows.includes(row))?.name ?? row.recipe, 60);

/** What recipes reported themselves and what found no room as a column, in words; those columns need not be named as left out. */
function ownBelow(
  rows: readonly ReportRow[],
  hidden: readonly Column[],
  { width, paint, title }: { width: number; paint: Paint; title(row: ReportRow): string },
): { lines: string[]; named: ReadonlySet<Column> } {
  const own = hidden.filter((column) => column.own).reverse();
  const lines = rows.flatMap((row, i) => {
    const facts = own.flatMap((column) => {
      const cell = column.cells[i] ?? '';
      return cell === '' || cell === '–' ? [] : [`${column.group} ${cell}${column.head === '' ? '' : ` ${column.head}`}`];
    });
    return facts.length === 0 ? [] : [`${title(row)}: ${facts.join(', ')}`];
  });
  if (lines.length === 0 || lines.length > MAX_BELOW) return { lines: [], named: new Set() };
  return { lines: ['', ...lines.flatMap((line) => wrap(line, width, 2)).map(paint.dim)], named: new Set(own) };
}

interface NoteContext {
  width: number;
  paint: Paint;
  measured: boolean;
}

function notes(
  rows: readonly ReportRow[],
  marks: ReturnType<typeof flagMarks>,
  hidden: Column[],
  { width, paint, measured }: NoteContext,
): string[] {
  const out: string[] = [];
  const flag = (mark: string, title: string, meaning: string) =>
    wrap(`${title}. ${meaning}`, width - 3).map((line, i) => paint.yellow(`${(i === 0 ? mark : '').padEnd(3)}${line}`));
  for (const code of marks.everywhere) out.push(...flag('*', `${FLAG_WORDS[code].title}, all points`, FLAG_WORDS[code].meaning));
  for (const [code, mark] of marks.marks) out.push(...flag(mark, FLAG_WORDS[code].title, FLAG_WORDS[code].meaning));
  const partial = rows.filter((row) => row.status === 'partial');
  for (const row of partial.slice(0, 5)) {
    out.push(
      ...wrap(`Point ${(row.point ?? 0) + 1} of ${oneLine(row.variant, 60)}: a repeat failed (${oneLine(row.error, 160)}).`, width, 2),
    );
  }
  if (measured) {
    const repeats = Math.max(...rows.map((row) => row.repeats));
    const own = clientErrorText(rows.map((row) => row.accuracy));
    if (own !== null) out.push(...wrap(`The client’s own error: ${own}.`, width, 2).map(paint.dim));
    if (repeats > 1) out.push(...wrap(`Figures are means of up to ${repeats} repeats; requests are their sum.`, width, 2).map(paint.dim));
    if (hidden.length > 0)
      out.push(...wrap(`Not shown at this width: ${hidden.map((column) => column.name).join(', ')}.`, width, 2).map(paint.dim));
  }
  return out.length > 0 ? ['', ...out] : [];
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
