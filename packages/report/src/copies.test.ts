import { describe, expect, it } from 'vitest';
import { adviceOf } from './advice/advice.ts';
import { taskGroups } from './groups.ts';
import { renderPage } from './html/page.ts';
import { reportJson } from './json/report-json.ts';
import { renderMarkdown } from './markdown/render-markdown.ts';
import { buildReport } from './report.ts';
import { syntheticRun } from './testing/synthetic-run.ts';

const LOADS = [1, 2, 4, 8, 16];
const sweep = (dir: string, loads = LOADS) => ({
  ...syntheticRun({ id: 'rsame', tasks: [{ points: loads.map((concurrency) => ({ concurrency, requests: 8 })) }] }),
  dir,
});

describe('a run that was given twice', () => {
  it('counts once, and changes no verdict', () => {
    const alone = buildReport({ runs: [sweep('/runs/rsame')] });
    const twice = buildReport({
      runs: [sweep('/runs/rsame'), sweep('/other/x'), syntheticRun({ id: 'rother', tasks: [{ points: [{}] }] })],
    });
    expect(twice.rows.map(({ source, loadText }) => [source.path, loadText])).toEqual([
      ...alone.rows.map(({ loadText }) => ['/runs/rsame', loadText]),
      ['/runs/rother', expect.any(String)],
    ]);
    const words = (report: typeof alone) => adviceOf(taskGroups(report.rows))[0]?.saturation?.words;
    expect(words(alone)).toBeTypeOf('string');
    expect(words(twice)).toBe(words(alone));
    expect(twice.runs.map(({ dir }) => dir)).toEqual(['/runs/rsame', '/runs/rother']);
    expect(twice.problems).toEqual([
      { path: '/other/x', message: 'a copy of run rsame, which counts once; its figures are those of /runs/rsame', kind: 'copy' },
    ]);
  });

  it('is told of as it is most complete', () => {
    const report = buildReport({ runs: [sweep('/runs/early', [1, 2]), sweep('/runs/late')] });
    expect(report.runs.map(({ dir }) => dir)).toEqual(['/runs/late']);
    expect(report.problems).toEqual([
      {
        path: '/runs/early',
        message:
          'a copy of run rsame, which counts once; its figures are those of /runs/late, which is more complete: 5 measurements, here 2',
        kind: 'copy',
      },
    ]);
  });

  it('is no damage: nothing of it could not be read', async () => {
    const report = buildReport({ runs: [sweep('/runs/rsame'), sweep('/other/x')] });
    const markdown = renderMarkdown(report);
    expect(markdown).not.toContain('could not be read');
    expect(markdown).toContain('- Left out: 1 copy of a run; a run counts once.');
    const page = await renderPage(report, { now: 0 });
    expect(page).not.toContain('could not be read');
    expect(page).toContain('<strong>1 copy of a run was left out,</strong>');
    expect(page).toContain('a copy of run rsame, which counts once');
    expect(reportJson(report).problems).toEqual([{ path: '/other/x', message: expect.stringMatching(/^a copy of run rsame/) }]);
  });

  it('is counted apart from what could not be read', async () => {
    const lost = { path: '/runs/cut', message: 'no run.json' };
    const report = buildReport({ runs: [sweep('/runs/rsame'), sweep('/other/x'), sweep('/other/y')], problems: [lost] });
    expect(renderMarkdown(report)).toMatch(
      /^- Left out: 1 file could not be read whole\.\n- Left out: 2 copies of runs; a run counts once\.$/m,
    );
    const page = await renderPage(report, { now: 0 });
    expect(page).toContain('<strong>1 file could not be read whole;</strong>');
    expect(page).toContain('<strong>2 copies of runs were left out,</strong>');
  });
});
