import { figureName } from '../csv/csv-columns.ts';
import { groupBy, metric } from '@bench/core';
import { ownFigures } from '../own-figures.ts';
import { pointLabel } from '../labels.ts';
import type { Report } from '../report.ts';
import type { ReportRow } from '../rows.ts';
import { escapeXml } from './escape-xml.ts';

const MAX_NAME = 400;
const MAX_TEXT = 8000;
const STATISTICS = ['p50', 'p99'] as const;

/**
 * The rows as JUnit XML, for what shows tests: a suite a recipe of a run, a case a point. What failed, or could not be measured in some
 * repeats, is a failure with its message; what was not run is skipped; figures are in the case's output.
 */
export function renderJunit({ rows }: Report): string {
  const suites = groupBy(rows, ({ runId, recipe }) => `${runId}\n${recipe}`);
  const all = `tests="${rows.length}" failures="${rows.filter(isFailure).length}" errors="0" skipped="${rows.filter(isSkipped).length}" time="${timeOf(rows)}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bench" ${all}>
${[...suites.values()].map((suite) => suiteXml(suite, rows)).join('\n')}
</testsuites>
`;
}

const isFailure = (row: ReportRow): boolean => row.status === 'failed' || row.status === 'partial';
const isSkipped = (row: ReportRow): boolean => row.status === 'not_run';
const timeOf = (rows: readonly ReportRow[]): string =>
  rows.reduce((sum, row) => sum + (row.durationS ?? 0) * Math.max(1, row.repeats), 0).toFixed(3);
const attribute = (text: string): string => escapeXml(text, MAX_NAME);

function suiteXml(suite: readonly ReportRow[], all: readonly ReportRow[]): string {
  const [first] = suite;
  const name = [first?.recipe, first?.runId].filter(Boolean).join(', ');
  const began = suite.flatMap((row) => row.measuredAt ?? []).sort()[0];
  const counts = `tests="${suite.length}" failures="${suite.filter(isFailure).length}" errors="0" skipped="${suite.filter(isSkipped).length}"`;
  return `<testsuite name="${attribute(name)}" ${counts} time="${timeOf(suite)}"${began ? ` timestamp="${attribute(began)}"` : ''}>
${suite.map((row) => caseXml(row, all)).join('\n')}
</testsuite>`;
}

function caseXml(row: ReportRow, all: readonly ReportRow[]): string {
  const name = [row.variant, row.point === null ? '' : pointLabel(row)].filter(Boolean).join(', ');
  const message = row.error ?? 'no reason was recorded';
  const outcome = isFailure(row)
    ? `<failure message="${attribute(message)}">${escapeXml(message, MAX_TEXT)}</failure>`
    : isSkipped(row)
      ? '<skipped message="not run"/>'
      : '';
  const figures = figureLines(row, all);
  const output = figures.length > 0 ? `<system-out>${escapeXml(figures.join('\n'), MAX_TEXT)}</system-out>` : '';
  return `<testcase classname="${attribute(row.recipe)}" name="${attribute(name)}" time="${timeOf([row])}">${outcome}${output}</testcase>`;
}

function figureLines(row: ReportRow, all: readonly ReportRow[]): string[] {
  const own = ownFigures(all).flatMap((figure) => {
    const value = figure.of(row);
    return value === null ? [] : [`${figureName(figure.name, figure.unit)}=${value}`];
  });
  return [
    ...Object.entries(row.scalars).flatMap(([name, value]) =>
      row.ownMetrics[name] ? [] : [`${figureName(name, metric(name)?.unit ?? '')}=${value}`],
    ),
    ...Object.entries(row.distributions).flatMap(([name, distribution]) =>
      STATISTICS.flatMap((key) =>
        distribution[key] === undefined ? [] : [`${figureName(name, metric(name)?.unit ?? '', key)}=${distribution[key]}`],
      ),
    ),
    ...own,
  ];
}
