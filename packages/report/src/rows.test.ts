import { describe, expect, it } from 'vitest';
import { renderTable } from './index.ts';
import { reportRows } from './rows.ts';
import { demoRun, mixedRun, ownRun, syntheticRun } from './testing/synthetic-run.ts';

describe('reportRows', () => {
  it('gives one row a point, knowing task, machine, engine and load', () => {
    const rows = reportRows([demoRun()]);
    expect(rows.map((row) => row.load?.maxConcurrency)).toEqual([1, 2, 4, 8, 16]);
    expect(rows[0]).toMatchObject({
      runId: 'rk3v9x0a2b',
      recipe: 'tiny-cpu',
      variant: 'default',
      status: 'ok',
      repeats: 1,
      machine: 'AMD EPYC 7B13, 8 threads',
      model: 'random-tiny',
      priceUsdPerHour: null,
    });
    expect(rows[0]?.engine?.name).toBe('embedded');
    expect(rows[0]?.scalars.cost_per_mtok_total).toBeUndefined();
  });

  it('has what a search found, and its points in the order of their loads', () => {
    const points = [1, 2, 4, 3].map((concurrency) => ({ concurrency, requests: 20 }));
    const run = syntheticRun({ tasks: [{ points }] });
    const [task, planned] = [run.tasks[0], run.run.tasks[0]];
    if (!task || !planned) throw new Error('there is a task');
    const search = {
      axis: 'concurrency' as const,
      slo: { e2el_p99_ms: 9 },
      passes: 3,
      fails: 4,
      confidence: 0.9,
      complete: true,
      probes: [],
    };
    expect(reportRows([run]).map((row) => [row.point, row.search])).toEqual([0, 1, 2, 3].map((point) => [point, null]));
    planned.atMost = true;
    task.file.search = search;
    const rows = reportRows([run]);
    expect(rows.map((row) => row.load?.maxConcurrency)).toEqual([1, 2, 3, 4]);
    expect(rows.every((row) => row.search === search)).toBe(true);
    expect(renderTable(rows, { width: 120, color: false, unicode: true })).toContain('E2EL p99 at most 9 ms: 3 concurrent pass, 4 do not.');
  });

  it('takes repeats together: means of figures, sums of requests, every flag once', () => {
    const flags = [{ code: 'few_samples' as const, message: 'too few' }];
    const run = syntheticRun({ tasks: [{ points: [{ concurrency: 2, requests: 20, repeats: 3, flags }] }] });
    const [row, ...others] = reportRows([run]);
    const results = run.tasks[0]?.points.flatMap((point) => point.result ?? []) ?? [];
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(others).toEqual([]);
    expect(row?.repeats).toBe(3);
    expect(row?.counts).toMatchObject({ sent: 60, ok: 60, failed: 0 });
    expect(row?.flags).toEqual(flags);
    expect(row?.scalars.output_throughput).toBeCloseTo(mean(results.map((r) => r.scalars.output_throughput ?? 0)), 9);
    expect(row?.distributions.ttft_ms?.p99).toBeCloseTo(mean(results.map((r) => r.distributions.ttft_ms?.p99 ?? 0)), 9);
    expect(row?.distributions.ttft_ms?.max).toBe(Math.max(...results.map((r) => r.distributions.ttft_ms?.max ?? 0)));
    expect(row?.distributions.ttft_ms?.count).toBe(60);
  });

  it('keeps unit and direction of what recipes report themselves, and gives a command no engine and a service no model', () => {
    const [redis, , command] = reportRows([ownRun()]);
    expect(redis?.ownMetrics['redis-benchmark.set_p99_ms']).toEqual({ unit: 'ms', better: 'lower' });
    expect(redis?.scalars['redis-benchmark.set_rps']).toBeCloseTo(91_250 * 1.005, 6);
    expect([redis?.load, redis?.model, redis?.engine?.name]).toEqual([null, null, 'redis']);
    expect([command?.kind, command?.model, command?.engine]).toEqual(['command', null, null]);
  });

  it('works out the price of tokens where the machine has a price', () => {
    const row = reportRows([mixedRun()])[0];
    expect(row?.machine).toBe('8xH200');
    expect(row?.scalars.cost_per_mtok_output).toBeCloseTo((28.4 / ((row?.scalars.output_throughput ?? 0) * 3600)) * 1e6, 9);
  });

  it('keeps a row for a task that failed, one that never ran, and a point that failed', () => {
    const rows = reportRows([mixedRun()]);
    expect(rows.find((row) => row.variant === 'vllm-tp4')).toMatchObject({ status: 'failed', point: null, counts: null });
    expect(rows.find((row) => row.variant === 'vllm-tp4')?.error).toContain('CUDA out of memory');
    expect(rows.find((row) => row.variant === 'sglang-tp4')).toMatchObject({ status: 'not_run', recipe: 'qwen3-coder' });
    const broken = reportRows([
      syntheticRun({ tasks: [{ points: [{ concurrency: 1 }, { concurrency: 2, error: 'the engine went away' }] }] }),
    ]);
    expect(broken[1]).toMatchObject({ status: 'failed', error: 'the engine went away', point: 1 });
  });

  it('calls a point partial when a repeat of it is missing, and says why', () => {
    const run = syntheticRun({ tasks: [{ points: [{ concurrency: 1, repeats: 2 }] }] });
    const second = run.tasks[0]?.points[1];
    if (second) second.result = null;
    expect(reportRows([run])[0]).toMatchObject({ status: 'partial', repeats: 1, error: 'its result file is missing or damaged' });
  });
});
