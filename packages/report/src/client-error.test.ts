import { expect, it } from 'vitest';
import { clientErrorText } from './client-error.ts';
import { buildReport } from './report.ts';
import { reportRows } from './rows.ts';
import { renderTable } from './table/render-table.ts';
import { syntheticRun } from './testing/synthetic-run.ts';
import { environmentSheet } from './xlsx/sheets.ts';

const at = (streams: number) => ({
  checkedAt: '2026-05-04T10:00:00.000Z',
  streams,
  tokensPerS: 50,
  ttftP50Ms: 0.2,
  ttftP99Ms: 1.5,
  itlP50Ms: 0.1,
  itlP99Ms: 0.9,
  tpotP99Ms: 0.05,
});

it('is told of the highest load, with its date and what was not checked', () => {
  const text = clientErrorText([at(10), null, at(200), 'not checked']);
  expect(text).toMatch(
    /^at 200 streams of 50 tokens\/s; TTFT p50 200 µs, p99 1\.5 ms; gaps p50 100 µs, p99 900 µs; TPOT p99 50 µs; checked on 2026-05-04; /,
  );
  expect(text).toMatch(/; not checked of 1 of 3 points$/);
  expect(clientErrorText([null])).toBeNull();
});

it('is in the table and in the workbook, or how to check it', () => {
  const run = syntheticRun({ tasks: [{ points: [{ concurrency: 4, requests: 8 }] }] });
  const shown = () => ({
    table: renderTable(reportRows([run]), { width: 200, color: false, unicode: true }),
    sheet: environmentSheet(buildReport({ runs: [run] }), 0).rows.map((row) => row.join(' ')),
  });
  expect(shown().table).toContain('The client’s own error: not checked: bench selfcheck');
  const { client } = run.tasks[0]?.points[0]?.result ?? {};
  Object.assign(client as object, { accuracy: at(10) });
  expect(shown().table).toContain('The client’s own error: at 10 streams of 50 tokens/s');
  expect(shown().sheet).toContainEqual(expect.stringMatching(/Client’s own error at 10 streams/));
});
