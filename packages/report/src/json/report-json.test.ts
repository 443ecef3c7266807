import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildReport } from '../report.ts';
import { hostileRun, mixedRun, ownRun, syntheticRun } from '../testing/synthetic-run.ts';
import { reportJson } from './report-json.ts';
import { reportJsonSchema, reportSchema } from './report-schema.ts';

// After a change of it: npx vitest run -u
it('the committed JSON Schema is that of the code', async () => {
  await expect(`${JSON.stringify(reportJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(
    join(import.meta.dirname, '../../report.schema.json'),
  );
});

describe('reportJson', () => {
  it('keeps to its schema, with what is read back', () => {
    const odd = syntheticRun({ tasks: [{ points: [{ concurrency: 2, requests: 8 }] }] });
    const [first] = odd.tasks[0]?.points ?? [];
    if (!first?.result) throw new Error('there is a result');
    const part = { counts: { sent: 4, ok: 4, failed: 0, cancelled: 0 }, scalars: { request_throughput: 4 }, distributions: {} };
    first.result.steady = { fromMs: 100, toMs: 900, ...part };
    first.result.classes = { chat: part };
    const report = buildReport({ runs: [mixedRun(), ownRun(), hostileRun(), odd], problems: [{ path: 'x', message: 'no run' }] });
    const json = reportJson(report, ['/a/report.html']);
    expect(reportSchema.parse(JSON.parse(JSON.stringify(json)))).toEqual(json);
    expect(json.reports).toEqual(['/a/report.html']);
    expect(json.problems[0]).toEqual({ path: 'x', message: 'no run' });
    expect(json.rows).toHaveLength(report.rows.length);
    expect(json.rows[json.rows.length - 1]).toMatchObject({
      steady: {
        fromMs: 100,
        toMs: 900,
        counts: { sent: 4 },
        figures: { request_throughput: { value: 4, unit: 'req/s', source: 'bench' } },
      },
      classes: { chat: { counts: { ok: 4 } } },
    });
  });

  it('has every figure with its unit and who says so, and intervals where they are known', () => {
    const report = buildReport({ runs: [mixedRun()] });
    const [row] = reportJson(report).rows;
    const given = report.rows[0];
    expect(row?.figures['ttft_ms']).toEqual({
      unit: 'ms',
      source: 'bench',
      ...given?.distributions.ttft_ms,
      intervals: given?.intervals?.distributions.ttft_ms,
    });
    expect(row?.figures['output_throughput']).toMatchObject({ unit: 'tok/s', value: given?.scalars.output_throughput });
    expect(row).toMatchObject({
      price: { value: 28.4, unit: 'USD/hour', source: 'list price, 2026-05-01' },
      load: { axis: { value: 1, unit: 'req' } },
    });
    for (const { figures } of reportJson(report).rows)
      for (const name of Object.keys(figures)) expect(reportJson(report).metrics).toHaveProperty(name);
  });

  it('has the conversations of all repeats, with figures of first and of later turns', () => {
    const run = syntheticRun({ tasks: [{ points: [{ concurrency: 4, requests: 40, repeats: 2 }, { concurrency: 8 }] }] });
    const turns = (ok: number, tokens: number) => ({
      counts: { sent: ok, ok, failed: 0, cancelled: 0 },
      scalars: { mean_input_tokens: tokens, cached_ratio: 0.25 },
      distributions: {},
    });
    for (const [i, { result }] of run.tasks[0]?.points.slice(0, 2).entries() ?? [])
      if (result)
        result.conversations = {
          asked: 10,
          finished: 7,
          broken: 2,
          cut: 1,
          turnsNotSent: { failed: 3, givenUp: 1, ended: 2 },
          turns: { first: turns(10, 30), later: turns(27, 100 + 10 * i) },
        };
    const json = reportJson(buildReport({ runs: [run] }));
    expect(reportSchema.parse(JSON.parse(JSON.stringify(json)))).toEqual(json);
    expect(json.rows.map(({ conversations }) => conversations)).toEqual([
      {
        asked: 20,
        finished: 14,
        broken: 4,
        cut: 2,
        turnsNotSent: { failed: 6, givenUp: 2, ended: 4 },
        turns: {
          first: {
            counts: { sent: 20, ok: 20, failed: 0, cancelled: 0 },
            figures: { cached_ratio: { unit: 'ratio', source: 'bench', value: 0.25 } },
            meanPromptTokens: 30,
          },
          later: {
            counts: { sent: 54, ok: 54, failed: 0, cancelled: 0 },
            figures: { cached_ratio: { unit: 'ratio', source: 'bench', value: 0.25 } },
            meanPromptTokens: 105,
          },
        },
      },
      null,
    ]);
    expect(json.metrics['cached_ratio']).toMatchObject({ unit: 'ratio' });
    expect(json.metrics).not.toHaveProperty('mean_input_tokens');
  });

  it('tells what recipes report themselves apart', () => {
    const json = reportJson(buildReport({ runs: [ownRun()] }));
    expect(json.metrics['redis-benchmark.set_rps']).toMatchObject({ unit: 'req/s', better: 'higher' });
    expect(json.rows[0]?.figures['redis-benchmark.set_rps']).toMatchObject({ unit: 'req/s', source: 'recipe' });
    expect(json.rows[0]?.counts).toBeNull();
  });
});
