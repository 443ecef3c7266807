import { FLAG_WORDS } from '../flags.ts';
import { plural } from '../format.ts';
import { taskGroups } from '../groups.ts';
import { pageTitle } from '../html/head.ts';
import { engineLabel, pointLabel } from '../labels.ts';
import type { Report } from '../report.ts';
import type { ReportRow } from '../rows.ts';
import { askedSloNotes } from '../slo/asked-text.ts';
import { figureColumns } from '../table/columns.ts';
import { flagMarks } from '../table/flag-marks.ts';
import { promptsThatDiffer } from '../told-apart.ts';
import { code, inert } from './inert.ts';

const MAX_NAME = 80;
const MAX_ERROR = 200;
const MAX_SENTENCE = 600;

/**
 * The rows as a table of GitHub-flavoured Markdown, for READMEs and pull requests, with what is to be known about its figures below it. Names are
 * inert: no markup, link, mention or further column comes of them.
 */
export function renderMarkdown(report: Report): string {
  const groups = taskGroups(report.rows);
  const rows = groups.flatMap((group) => group.rows);
  const title = `**${inert(pageTitle(groups), 2 * MAX_NAME)}**`;
  if (rows.length === 0) return `${title}\n`;
  const measured = rows.filter((row) => row.counts !== null);
  const marks = flagMarks(rows);
  const columns = measured.length > 0 ? figureColumns(rows) : [];
  const distinct = (of: (row: ReportRow) => string | null) => new Set(rows.map(of)).size > 1;
  const text = (head: string, of: (row: ReportRow, i: number) => string) => ({ head, of, align: ':--' });
  const nameOf = new Map(groups.flatMap((group) => group.rows.map((row) => [row, group.name] as const)));
  const cells = [
    ...(groups.length > 1 ? [text('task', (row) => code(nameOf.get(row) ?? '', MAX_NAME))] : []),
    ...(distinct((row) => row.machine) ? [text('machine', (row) => inert(row.machine ?? '', MAX_NAME))] : []),
    ...(distinct((row) => engineOf(row)) ? [text('engine', (row) => inert(engineOf(row) ?? '', MAX_NAME))] : []),
    ...(promptsThatDiffer(rows).length > 0 ? [text('prompts', (row) => inert(row.dataText ?? '', MAX_NAME))] : []),
    text('load', (row) => inert(row.point === null ? '' : pointLabel(row), MAX_NAME)),
    ...columns.map(({ group, head, cells: figures }) => ({
      head: inert([group, head].filter(Boolean).join(' '), MAX_NAME),
      of: (row: ReportRow, i: number) => (row.counts === null ? '' : inert(figures[i] ?? '', MAX_NAME)),
      align: '--:',
    })),
    ...(marks.marks.size > 0 || measured.length < rows.length
      ? [text('notes', (row) => (row.counts === null ? why(row) : marks.of(row)))]
      : []),
  ];
  const line = (parts: readonly string[]) => `| ${parts.join(' | ')} |`;
  const table = [
    line(cells.map(({ head }) => head)),
    line(cells.map(({ align }) => align)),
    ...rows.map((row, i) => line(cells.map(({ of }) => of(row, i)))),
  ];
  const copies = report.problems.filter(({ kind }) => kind === 'copy').length;
  const unread = report.problems.length - copies;
  const notes = [
    ...marks.everywhere.map((flag) => `- ${FLAG_WORDS[flag].title}: ${FLAG_WORDS[flag].meaning}`),
    ...[...marks.marks].map(([flag, mark]) => `- ${mark}: ${FLAG_WORDS[flag].title}. ${FLAG_WORDS[flag].meaning}`),
    ...askedSloNotes(rows).map((sentence) => `- ${inert(sentence, MAX_SENTENCE)}`),
    ...prices(measured),
    ...(unread > 0 ? [`- Left out: ${plural(unread, 'file')} could not be read whole.`] : []),
    ...(copies > 0 ? [`- Left out: ${plural(copies, 'copy of a run', 'copies of runs')}; a run counts once.`] : []),
  ];
  return `${[title, '', ...table, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n')}\n`;
}

const engineOf = (row: ReportRow): string | null => (row.engine ? engineLabel(row.engine) : null);

function why(row: ReportRow): string {
  if (row.status !== 'failed') return 'not run';
  return `failed: ${inert(row.error ?? 'no reason was recorded', MAX_ERROR)}`;
}

/** What the price of tokens follows from. */
function prices(rows: readonly ReportRow[]): string[] {
  const known = rows.flatMap((row) =>
    row.priceUsdPerHour === null
      ? []
      : [
          `${inert(row.machine ?? 'the machine', MAX_NAME)} at $${row.priceUsdPerHour} an hour${row.priceSource ? ` (${inert(row.priceSource, MAX_NAME)})` : ''}`,
        ],
  );
  return known.length > 0 ? [`- Prices: ${[...new Set(known)].join('; ')}.`] : [];
}
