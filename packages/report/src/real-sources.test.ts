import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSources } from '@bench/results';
import { describe, expect, it } from 'vitest';
import { buildReport, type ReportRow } from './index.ts';

const data = join(
  process.env['BENCH_TEST_DATA'] ?? join(dirname(fileURLToPath(import.meta.url)), '../../../../shared/data'),
  'cloudrift/results',
);
const there = existsSync(data);
const files = (folder: string, ending: string) => readdirSync(join(data, folder)).filter((name) => name.endsWith(ending));
const text = (...path: string[]) => readFileSync(join(data, ...path), 'utf8');

async function report() {
  const paths = readdirSync(data).map((name) => join(data, name));
  return buildReport(await readSources(paths, { signal: new AbortController().signal }));
}

/** The row of a file, whichever of its twins it was read from. */
function rowOf(rows: readonly ReportRow[], name: string): ReportRow {
  const stem = (path: string) => basename(path).replace(/\.(txt|json)$/, '');
  const found = rows.filter((row) => stem(row.source.path) === stem(name));
  expect([name, found.length]).toEqual([name, 1]);
  return found[0] as ReportRow;
}

// Real results that are not part of this project: where they are not at hand these are skipped.
describe.skipIf(!there)('a report of results that deplodock’s users measured', () => {
  it('has a row for each measurement, and leaves nothing out', async () => {
    const { rows, problems } = await report();
    expect(problems).toEqual([]);
    expect(rows).toHaveLength(9 + 9 + 12);
    for (const row of rows) {
      expect(row).toMatchObject({ source: { kind: 'deplodock' }, status: 'ok', dataText: 'random prompts, 8000 tokens in, 8000 out' });
      expect([row.machine, row.engine?.name, row.model]).not.toContain(null);
    }
  });

  it('gives the tables that their authors made', async () => {
    const { rows } = await report();
    let lines = 0;
    for (const table of files('summary_01_2026', '.csv')) {
      for (const line of text('summary_01_2026', table).trim().split(/\r?\n/).slice(1)) {
        const [hardware = '', total, output, expert, concurrency] = line.trim().split(',');
        const model = table.replace('.csv', '');
        const file = files('summary_01_2026', '.txt').find(
          (name) => name.startsWith(`${hardware.toLowerCase()}_x_8_`) && name.includes(model),
        );
        const row = rowOf(rows, file ?? '');
        expect([row.recipe, row.variant, row.gpuCount]).toEqual([model, `${hardware.toLowerCase()}x8`, 8]);
        const told = [
          row.scalars['total_token_throughput'],
          row.scalars['output_throughput'],
          row.params['expert_parallel'] === true ? 'on' : 'off',
          row.axis?.value,
        ];
        lines++;
        // The table's figures for this one come from another run: the report has the file's.
        if (hardware === 'B200' && model.startsWith('Qwen3-Coder')) expect(told).toEqual([6438.43, 3219.21, 'off', 256]);
        else expect([file, ...told]).toEqual([file, Number(total), Number(output), expert, Number(concurrency)]);
      }
    }
    expect(lines).toBe(12);
  });

  it.each(['vllm_sweep_b200', 'sglang_sweep_b200'])('gives every figure of the JSON twins of %s as it is', async (folder) => {
    const { rows } = await report();
    const own = rows.filter((row) => row.source.path.startsWith(join(data, folder)));
    const twins = files(folder, '.json').filter((name) => name !== 'tasks.json');
    expect(own).toHaveLength(twins.length);
    for (const name of twins) {
      const row = rowOf(own, name);
      const twin = JSON.parse(text(folder, name)) as Twin;
      const { task, recipe, metrics } = twin;
      expect(row).toMatchObject({
        variant: task.variant,
        machine: `${task.gpu_count}xB200`,
        gpuCount: task.gpu_count,
        model: recipe.model.huggingface,
        axis: { kind: 'concurrency', value: metrics['max_request_concurrency'] },
        engine: folder.startsWith('vllm') ? { name: 'vllm', version: '0.17.0' } : { name: 'sglang', version: '0.5.9' },
        counts: { ok: metrics['successful_requests'], failed: metrics['failed_requests'] },
        durationS: metrics['benchmark_duration_s'],
        params: { max_concurrency: recipe.benchmark['max_concurrency'], tensor_parallel_size: recipe.engine.llm['tensor_parallel_size'] },
        lacks: ['e2el_ms'],
      });
      const { ttft_ms: ttft, tpot_ms: tpot, icl_ms: icl, ...more } = row.distributions;
      expect(more).toEqual({});
      const shown = {
        total_input_tokens: row.scalars['total_input_tokens'],
        total_generated_tokens: row.scalars['total_output_tokens'],
        request_throughput: row.scalars['request_throughput'],
        output_token_throughput: row.scalars['output_throughput'],
        total_token_throughput: row.scalars['total_token_throughput'],
        ...latency('ttft', ttft),
        ...latency('tpot', tpot),
        ...latency('itl', icl),
      };
      // All figures of the twin but the counts above, the peaks (which vLLM counts otherwise), and what it has none of.
      const { successful_requests, failed_requests, max_request_concurrency, benchmark_duration_s, ...rest } = metrics;
      expect([successful_requests, failed_requests, max_request_concurrency, benchmark_duration_s]).not.toContain(undefined);
      const figures = Object.entries(rest).filter(([key, value]) => value !== null && !key.startsWith('peak_'));
      expect([name, shown]).toEqual([name, Object.fromEntries(figures)]);
    }
  });
});

const latency = (name: string, summary: ReportRow['distributions'][string] | undefined) => ({
  [`mean_${name}_ms`]: summary?.mean,
  [`median_${name}_ms`]: summary?.p50,
  [`p99_${name}_ms`]: summary?.p99,
});

interface Twin {
  task: { variant: string; gpu_count: number };
  recipe: { model: { huggingface: string }; engine: { llm: Record<string, unknown> }; benchmark: Record<string, unknown> };
  metrics: Record<string, number | null>;
}
