import { describe, expect, it } from 'vitest';
import { buildReport } from '../report.ts';
import { demoRun, hostileRun, mixedRun, ownRun, syntheticRun } from '../testing/synthetic-run.ts';
import { figureName } from './csv-columns.ts';
import { renderCsv } from './render-csv.ts';

/** A strict reader of RFC 4180: quotes only around whole cells, lines that end with CRLF, as many cells in each. */
function parseCsv(text: string): Record<string, string>[] {
  const lines: string[][] = [[]];
  let at = 0;
  while (at < text.length) {
    const line = lines[lines.length - 1] as string[];
    const quoted = /^"((?:[^"]|"")*)"/.exec(text.slice(at, at + 20_000));
    const raw = quoted ? quoted[0] : (/^[^",\r\n]*/.exec(text.slice(at, at + 20_000))?.[0] ?? '');
    line.push(quoted ? (quoted[1] as string).replaceAll('""', '"') : raw);
    at += raw.length;
    if (text.startsWith(',', at)) at += 1;
    else if (text.startsWith('\r\n', at)) {
      at += 2;
      lines.push([]);
    } else throw new Error(`neither a comma nor the end of a line at ${at}: ${text.slice(at, at + 20)}`);
  }
  expect(lines.pop()).toEqual([]);
  const [names = [], ...rest] = lines;
  expect(new Set(names).size).toBe(names.length);
  for (const cells of rest) expect(cells).toHaveLength(names.length);
  return rest.map((cells) => Object.fromEntries(cells.map((value, i) => [names[i], value])));
}
const namesOf = (text: string) => (text.split('\r\n')[0] ?? '').split(',');
const csv = (...runs: Parameters<typeof buildReport>[0]['runs'] & object) => parseCsv(renderCsv(buildReport({ runs })));

describe('renderCsv', () => {
  it('has a line a point, with figures as exact as they are and units in the names', () => {
    const report = buildReport({ runs: [mixedRun()] });
    const rows = parseCsv(renderCsv(report));
    expect(rows).toHaveLength(report.rows.length);
    const [first] = rows;
    expect(first).toMatchObject({
      source: 'run',
      recipe: 'qwen3-coder',
      machine: '8xH200',
      concurrency_req: '1',
      point: '1',
      status: 'ok',
    });
    expect(Number(first?.['ttft_p99_ms'])).toBe(report.rows[0]?.distributions.ttft_ms?.p99);
    expect(Number(first?.['output_throughput_tok_per_s'])).toBe(report.rows[0]?.scalars.output_throughput);
    expect(Number(first?.['cost_per_mtok_total_usd'])).toBe(report.rows[0]?.scalars.cost_per_mtok_total);
    expect(rows.map(({ status }) => status).slice(-2)).toEqual(['failed', 'not_run']);
    expect(rows[8]?.['error']).toContain('CUDA out of memory');
    expect(rows[9]?.['ttft_p99_ms']).toBe('');
  });

  it('names figures by metric, statistic and unit', () => {
    expect(figureName('ttft_ms', 'ms', 'p999')).toBe('ttft_p999_ms');
    expect(figureName('ttft_ms', 'ms', 'count')).toBe('ttft_count');
    expect(figureName('request_throughput', 'req/s')).toBe('request_throughput_req_per_s');
    expect(figureName('error_ratio', 'ratio')).toBe('error_ratio');
    expect(figureName('gpu_temperature_max', '°C')).toBe('gpu_temperature_max_celsius');
    expect(figureName('redis.set_p99_ms', 'ms')).toBe('redis.set_p99_ms');
  });

  it('has the bounds of a figure directly after it, where any row knows them, and all else as without them', () => {
    const once = { concurrency: 1, requests: 64 };
    const report = buildReport({
      runs: [syntheticRun({ tasks: [{ points: [once, { ...once, repeats: 3 }, { ...once, error: 'lost' }] }] })],
    });
    const text = renderCsv(report);
    const [first, second, third] = parseCsv(text);
    const [requests, repeats] = report.rows.map(({ intervals }) => intervals);
    expect([requests?.from, repeats?.from]).toEqual(['requests', 'repeats']);
    expect(Number(first?.['ttft_p50_ms_low'])).toBe(requests?.distributions['ttft_ms']?.p50?.low);
    expect(Number(second?.['ttft_p99_ms_high'])).toBe(repeats?.distributions['ttft_ms']?.p99?.high);
    expect(first?.['output_throughput_tok_per_s_low']).toBe('');
    expect(Number(second?.['output_throughput_tok_per_s_low'])).toBe(repeats?.scalars['output_throughput']?.low);
    expect(third).toMatchObject({ ttft_p50_ms_low: '', ttft_p50_ms_high: '' });

    const bounds = /_(?:low|high)$/;
    const names = namesOf(text);
    for (const [i, name] of names.entries())
      if (name.endsWith('_low')) expect(names.slice(i - 1, i + 2)).toEqual([name.slice(0, -4), name, `${name.slice(0, -4)}_high`]);
    for (const statistic of ['count', 'mean_ms', 'std_ms', 'min_ms', 'max_ms']) expect(names).not.toContain(`ttft_${statistic}_low`);
    const without = renderCsv({ ...report, rows: report.rows.map((row) => ({ ...row, intervals: null })) });
    expect(namesOf(without).filter((name) => bounds.test(name))).toEqual([]);
    expect(names.filter((name) => !bounds.test(name))).toEqual(namesOf(without));
  });

  it('has bounds of what recipes measured themselves, and none of the steady state', () => {
    const own = { concurrency: 1, own: { rps: { value: 12, unit: 'req/s', better: 'higher' as const } } };
    const run = syntheticRun({ tasks: [{ points: [{ ...own, repeats: 3 }] }] });
    for (const { result } of run.tasks[0]?.points ?? [])
      if (result) {
        const { scalars, distributions } = result;
        result.steady = { fromMs: 200, toMs: 900, counts: { sent: 7, ok: 7, failed: 0, cancelled: 0 }, scalars, distributions };
      }
    const text = renderCsv(buildReport({ runs: [run] }));
    const [row] = parseCsv(text);
    expect(row).toHaveProperty('rps_req_per_s');
    expect(Number(row?.['rps_req_per_s_low'])).toBeLessThanOrEqual(Number(row?.['rps_req_per_s']));
    expect(row?.['rps_req_per_s_high']).toMatch(/^\d/);
    expect(namesOf(text).filter((name) => /^steady_state_.*_(?:low|high)$/.test(name))).toEqual([]);
  });

  it('has the steady state beside the whole run, and what recipes measured themselves', () => {
    const run = demoRun();
    for (const { result } of run.tasks[0]?.points ?? [])
      if (result) {
        const { scalars, distributions } = result;
        result.steady = { fromMs: 200, toMs: 900, counts: { sent: 7, ok: 7, failed: 0, cancelled: 0 }, scalars, distributions };
      }
    expect(csv(run)[0]).toMatchObject({
      steady_state_from_ms: '200',
      steady_state_requests: '7',
      steady_state_ttft_p50_ms: expect.stringMatching(/^\d/),
    });
    expect(csv(demoRun())[0]).not.toHaveProperty('steady_state_from_ms');
    expect(csv(ownRun())[0]).toMatchObject({
      'redis-benchmark.set_rps_req_per_s': expect.stringMatching(/^9170\d/),
    });
  });

  it('keeps hostile names in their cells, on one line, and from being formulas', () => {
    const rows = csv(hostileRun());
    expect(rows).toHaveLength(4);
    for (const row of rows) for (const text of Object.values(row)) expect(text).not.toMatch(/^[=+\-@\t]|[\r\n\u202E\u001B]/);
    expect(rows[0]?.['variant']).toBe(`'=1+1`);
    expect(rows[3]?.['error']?.length).toBeLessThanOrEqual(4001);
  });

  it('is a line of names for a run without tasks', () => {
    expect(csv(syntheticRun({ tasks: [] }))).toEqual([]);
  });
});
