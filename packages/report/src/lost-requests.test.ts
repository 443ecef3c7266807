import { expect, it } from 'vitest';
import { renderCsv } from './csv/render-csv.ts';
import { renderPage } from './html/page.ts';
import { reportJson } from './json/report-json.ts';
import { withLostRequests } from './lost-requests.ts';
import { renderMarkdown } from './markdown/render-markdown.ts';
import { buildReport } from './report.ts';
import { syntheticRun } from './testing/synthetic-run.ts';

const CUT = 'requests.jsonl.gz is cut: 3 requests are left of it';

it('requests that are cut are told of by every writer, and once', async () => {
  const run = syntheticRun({ tasks: [{ points: [{ concurrency: 1 }, { concurrency: 2 }, { concurrency: 4 }] }] });
  const [whole, cut, gone] = run.tasks[0]?.points ?? [];
  if (!whole || !cut || !gone) throw new Error('no points');
  whole.requestsLost = () => Promise.resolve(null);
  cut.requestsLost = () => Promise.resolve(CUT);
  const { requests } = cut;
  cut.requests = (tell) => {
    tell?.(CUT);
    return requests();
  };
  gone.requests = () => Promise.reject(new Error('no such file'));
  gone.requestsLost = () => Promise.reject(new Error('no such file'));
  const report = await withLostRequests(buildReport({ runs: [run] }));
  const { recipe, variant } = run.tasks[0]?.file ?? {};
  const told = [
    { path: `/runs/${run.run.id}/tasks/${recipe}/${variant}/${cut.entry.path}`, message: CUT },
    { path: `/runs/${run.run.id}/tasks/${recipe}/${variant}/${gone.entry.path}`, message: 'requests could not be read: no such file' },
  ];
  expect(reportJson(report).problems).toEqual(told);
  const [, ...lines] = renderCsv(report).split('\r\n');
  expect(lines.map((line) => line.includes(CUT))).toEqual([false, true, false, false]);
  expect(lines[2]).toContain('requests could not be read: no such file');
  expect(renderMarkdown(report)).toContain('- Left out: 2 files could not be read whole.');
  const page = await renderPage(report, { now: 0 });
  expect(page.split(CUT)).toHaveLength(2);
  expect(page.split('requests could not be read: no such file')).toHaveLength(2);
});

it('is the same report where nothing is cut', async () => {
  const report = buildReport({ runs: [syntheticRun({ tasks: [{ points: [{ concurrency: 1 }] }] })] });
  expect(await withLostRequests(report)).toBe(report);
});
