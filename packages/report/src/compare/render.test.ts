import { parseGate } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { buildReport } from '../report.ts';
import { displayWidth } from '../table/width.ts';
import { lognormalRepeats, type MeasuredPlan, measuredRun } from '../testing/measured-run.ts';
import { hostileRun, mixedRun } from '../testing/synthetic-run.ts';
import { compareReports, type Comparison } from './compare-reports.ts';
import { comparisonMarkdown } from './render-markdown.ts';
import { renderComparison } from './render-text.ts';

const side = (id: string, seed: number, medianMs: number, plan: MeasuredPlan = {}) =>
  buildReport({
    runs: [measuredRun(id, lognormalRepeats({ seed, medianMs, repeats: 5, requests: 256, within: 0.3, between: 0.02 }), plan)],
  });
const recipe = (seqs: number) => `model: {name: a/b}\nengine: {llm: {vllm: {max_num_seqs: ${seqs}}}}\n`;
const slower = compareReports(
  side('rbase00001', 1, 100, { recipeText: recipe(8), engine: { name: 'vllm', version: '0.11.0' } }),
  side('rcand00001', 2, 110, {
    recipeText: recipe(16),
    engine: { name: 'vllm', version: '0.12.0' },
    flags: [{ code: 'client_bound', message: 'busy' }],
  }),
  { gatesOf: () => [parseGate('e2el_p99_ms<+3%'), parseGate('error_ratio<1%')] },
);
const text = (comparison: Comparison, width = 120, o: { unicode?: boolean; all?: boolean } = {}) =>
  renderComparison(comparison, { width, color: false, unicode: true, ...o });

function many(): Comparison {
  const run = mixedRun();
  return compareReports(buildReport({ runs: [run] }), buildReport({ runs: [{ ...run, dir: '/runs/again' }] }));
}

function hostile(): Comparison {
  const run = hostileRun();
  return compareReports(buildReport({ runs: [run] }), buildReport({ runs: [{ ...run, dir: '/x' }] }), {
    gatesOf: () => [parseGate('e2el_p99_ms<+3%')],
  });
}

/** Nothing has changed, and two repeats do not show it; the base has no price. */
function unsure(): Comparison {
  const run = (id: string, seed: number, plan: MeasuredPlan = {}) => {
    const repeats = lognormalRepeats({ seed, medianMs: 100, repeats: 2, requests: 200, within: 0.3, between: 0.02 });
    return buildReport({ runs: [measuredRun(id, repeats, plan)] });
  };
  return compareReports(run('rbase00001', 5), run('rcand00001', 6));
}

/** A run that is compared with three others, one of them with more tags than are named. */
function tagged(): Comparison {
  const run = (id: string, seed: number, tags: readonly string[]) => ({
    ...measuredRun(id, lognormalRepeats({ seed, medianMs: 100, repeats: 2, requests: 64, within: 0.3, between: 0.02 })),
    notes: { tags: [...tags], remarks: [] },
  });
  return compareReports(
    buildReport({ runs: [run('rbase00001', 1, ['main', 'b', 'c', 'd']), run('rbase00002', 2, []), run('rbase00003', 3, ['main'])] }),
    buildReport({ runs: [run('rcand00001', 4, ['commit=0123456789ab', '[x](y)'])] }),
  );
}

describe('in a terminal', () => {
  it('says what came out first, then gates, figures, differences and cautions', async () => {
    await expect(`${text(slower)}\n`).toMatchFileSnapshot('testing/comparison.txt');
  });

  it('names the tags of runs', () => {
    expect(text(tagged(), 200).split('\n')[1]).toBe(
      'rcand00001 [commit=0123456789ab, [x](y)] against 3 runs (rbase00001 [main, b, c, …], rbase00002, rbase00003 [main]), 1 point',
    );
    expect(tagged().base).toEqual({
      runs: ['rbase00001', 'rbase00002', 'rbase00003'],
      tags: [['main', 'b', 'c', 'd'], [], ['main']],
    });
  });

  it('fits into its width, and is ASCII where it is asked to', () => {
    for (const width of [120, 80, 60, 40])
      for (const line of text(slower, width).split('\n')) expect(displayWidth(line), line).toBeLessThanOrEqual(width);
    // oxlint-disable-next-line no-control-regex
    expect(text(slower, 100, { unicode: false })).toMatch(/^[\x20-\x7E\n]*$/);
    expect(text(slower, 50)).not.toContain('candidate  ');
  });

  it('of many points shows the main figures', () => {
    const comparison = many();
    const [shown, all] = [text(comparison), text(comparison, 120, { all: true })];
    expect(shown).toContain('Without a sure change, and left out: figures that are not among the main ones; --all shows them.');
    for (const each of [shown, all]) expect(each.match(/^figure /gm)).toHaveLength(8);
    expect([shown.match(/^TPOT p99, ms /gm), all.match(/^TPOT p99, ms /gm)?.length]).toEqual([null, 8]);
  });

  it('of very many points counts those where nothing changed', () => {
    const [pair] = slower.pairs as [Comparison['pairs'][number]];
    const quiet = pair.metrics.map((metric) => ({ ...metric, verdict: 'same' as const }));
    const pairs = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? { ...pair, metrics: quiet } : { ...pair, name: `changed ${i}` }));
    const shown = text({ ...slower, pairs });
    expect(shown.match(/^changed /gm)).toHaveLength(25);
    expect(shown).toContain('left out: 25 whole points; --all shows them.');
  });

  it('says what would tell', async () => {
    await expect(`${text(unsure(), 80)}\n`).toMatchFileSnapshot('testing/comparison-unsure.txt');
    expect(unsure().pairs[0]?.metrics.map(({ verdict, toTell }) => [verdict, toTell])).toContainEqual([
      'cannot tell',
      { aSide: 8, of: 'repeats', why: 'spread' },
    ]);
  });

  it('obeys no control characters of names', () => {
    // oxlint-disable-next-line no-control-regex
    expect(text(hostile())).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u202E]/);
  });
});

describe('as a comment', () => {
  it('folds what is not news', async () => {
    await expect(comparisonMarkdown(slower)).toMatchFileSnapshot('testing/comparison.md');
  });

  it('names the tags of runs, which mean nothing to Markdown', () => {
    expect(comparisonMarkdown(tagged())).toContain('rcand00001 &#91;commit=0123456789ab, &#91;x&#93;(y)&#93; against 3 runs (');
  });

  it('means nothing that names say', () => {
    const written = comparisonMarkdown(hostile());
    const outside = written.replace(/`[^`\n]*`/g, '');
    expect(outside.match(/<[^>]*>/g)?.filter((tag) => !/^<(\/?(details|summary)|!-- bench compare --)>$/.test(tag))).toEqual([]);
    expect(written).not.toContain('http://');
    const rows = written.split('\n').filter((line) => line.startsWith('|'));
    const cells = (row: string) => row.split('|').length;
    for (const row of rows) expect([5, 6, 8, 9]).toContain(cells(row));
    const named = compareReports(
      side('r1', 1, 100, { variant: '@user #1 [x](y) `z` | a\n# b' }),
      side('r2', 2, 100, { variant: '@user #1 [x](y) `z` | a\n# b' }),
    );
    expect(comparisonMarkdown(named)).not.toMatch(/@user|#1\b(?!;)|\[x\]|`z`/);
  });

  it('fits into a comment, however much there is to say', () => {
    const pair = slower.pairs[0] as Comparison['pairs'][number];
    const huge = { ...slower, pairs: Array.from({ length: 2000 }, (_, i) => ({ ...pair, name: `${i} ${'<x>'.repeat(80)}` })) };
    const written = comparisonMarkdown(huge);
    expect(written.length).toBeLessThan(65_536);
    expect(written).toMatch(/and 7,9\d\d others/);
  });
});
