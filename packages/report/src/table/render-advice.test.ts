import { describe, expect, it } from 'vitest';
import { renderAdvice } from '../index.ts';
import { reportRows, type ReportRow } from '../rows.ts';
import { syntheticRun } from '../testing/synthetic-run.ts';

const OPTIONS = { width: 90, color: false, unicode: true };
const TOKENS = [100, 190, 350, 380, 385];

function rows(change: (row: ReportRow) => Partial<ReportRow> = () => ({}), tasks = 1): ReportRow[] {
  const points = TOKENS.map((_, i) => ({ concurrency: 2 ** i, requests: 4 }));
  const run = syntheticRun({ tasks: Array.from({ length: tasks }, (_, i) => ({ variant: `v${i + 1}`, points })) });
  return reportRows([run]).map((row, i) => ({
    ...row,
    intervals: null,
    scalars: { output_throughput: TOKENS[i % TOKENS.length] as number, error_ratio: 0 },
    distributions: { ttft_ms: { p50: 10 + (i % TOKENS.length), p99: 40 }, tpot_ms: { p50: 5 } },
    ...change(row),
  }));
}

describe('renderAdvice', () => {
  it('says where to run, how sure that is, what limits it, and what could not be judged', () => {
    const flagged = rows((row) => (row.axis?.value === 16 ? { flags: [{ code: 'client_bound', message: 'its loop was busy' }] } : {}));
    expect(renderAdvice(flagged, OPTIONS)).toBe(
      `What it says
  Run at 4 concurrent: 91 % of the best throughput at TTFT p99 40 ms. More load adds
    little but waiting.
  Likely: each load was measured once, and nothing speaks against it.
  At 4 concurrent the engine gives 91 % of its best. Going on to 16 brings 10 % more
    throughput, and waiting for the first token takes 1.2× as long (12 ms to 14 ms at
    p50).
  The limit lies above 2 and up to 4 concurrent, by the loads that were tried; each was
    measured once.
  The client: At 16 concurrent, the program that sent the load was at its own limit: its
    loop was busy.
  Try: send from a machine with more or freer cores, or from several clients: what is
    measured here is not the server.
  Not judged: KV cache, CPU of the machine (nothing was sampled).`,
    );
  });

  it('names tasks where there are several, and stops before the table is buried', () => {
    const text = renderAdvice(
      rows((row) => ({ machine: row.variant }), 6),
      OPTIONS,
    );
    expect(text.match(/^v\d$/gm)).toEqual(['v1', 'v2', 'v3', 'v4']);
    expect(text).toMatch(/2 more tasks: see the page\.$/);
  });

  it('says nothing of what was not measured under loads', () => {
    expect(renderAdvice(rows().slice(0, 2), OPTIONS)).toBe('');
    expect(renderAdvice([], OPTIONS)).toBe('');
  });

  it('is plain where the terminal is', () => {
    const text = renderAdvice(
      rows(() => ({ flags: [{ code: 'tunnelled', message: 'a round trip of 5 µs × 2' }] })),
      { ...OPTIONS, unicode: false },
    );
    // oxlint-disable-next-line no-control-regex
    expect(text).toMatch(/^[\u0000-\u007F]*$/);
  });
});
