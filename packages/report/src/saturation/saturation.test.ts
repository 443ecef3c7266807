import { describe, expect, it } from 'vitest';
import { taskGroups } from '../groups.ts';
import { saturation } from './saturation.ts';
import { reportRows, type ReportRow } from '../rows.ts';
import { demoRun, syntheticRun } from '../testing/synthetic-run.ts';
import type { RunView } from '@bench/results';

const groupsOf = (run: RunView) => taskGroups(reportRows([run]));

/** A sweep with these figures: [load, output tok/s, TTFT p50]. */
function sweep(points: [number, number, number][], kind: 'concurrency' | 'rate' = 'concurrency') {
  const run = syntheticRun({
    tasks: [{ points: points.map(([load]) => (kind === 'rate' ? { ratePerS: load, requests: 20 } : { concurrency: load, requests: 4 })) }],
  });
  const rows = reportRows([run]).map((row, i): ReportRow => {
    const [, tokens, ttft] = points[i] as [number, number, number];
    const d = row.distributions.ttft_ms;
    return { ...row, scalars: { ...row.scalars, output_throughput: tokens }, distributions: d ? { ttft_ms: { ...d, p50: ttft } } : {} };
  });
  return taskGroups(rows);
}

describe('saturation', () => {
  const of = (groups: ReturnType<typeof sweep>) => saturation(groups[0] as (typeof groups)[0]);

  it('is the lowest concurrency with 90 % of the best throughput', () => {
    const found = of(
      sweep([
        [1, 100, 10],
        [2, 190, 11],
        [4, 350, 12],
        [8, 380, 30],
        [16, 385, 90],
      ]),
    );
    expect(found?.kind).toBe('reached');
    expect(found?.row.load?.maxConcurrency).toBe(4);
    expect(found?.words).toBe(
      'At 4 concurrent the engine gives 91 % of its best. Going on to 16 brings 10 % more throughput, and waiting for the first token takes 7.5× as long (12 ms to 90 ms at p50).',
    );
  });

  it('is not reached while the last load still adds more than a tenth', () => {
    expect(
      of(
        sweep([
          [1, 100, 10],
          [2, 190, 11],
          [4, 350, 12],
        ]),
      ),
    ).toMatchObject({ kind: 'rising', words: expect.stringContaining('still grew by 84 %') });
  });

  it('is from the start when the first load is already at the limit', () => {
    expect(
      of(
        sweep([
          [1, 100, 10],
          [2, 101, 11],
          [4, 99, 12],
        ]),
      )?.kind,
    ).toBe('from-start');
  });

  it('takes three different loads', () => {
    expect(
      of(
        sweep([
          [1, 100, 10],
          [2, 101, 11],
        ]),
      ),
    ).toBeNull();
    expect(
      of(
        sweep([
          [1, 100, 10],
          [1, 101, 11],
          [1, 99, 12],
        ]),
      ),
    ).toBeNull();
  });

  it('of request rates is where the engine falls behind', () => {
    const groups = sweep(
      [
        [1, 64, 10],
        [2, 128, 10],
        [4, 180, 400],
      ],
      'rate',
    );
    const group = groups[0] as (typeof groups)[0];
    group.measured.forEach((row, i) => {
      row.counts = { sent: 20, ok: 20, failed: 0, cancelled: 0, warmup: 0 };
      row.durationS = [20.4, 10.4, 8][i] as number;
      row.distributions = {
        e2el_ms: { ...row.distributions.ttft_ms, p50: [400, 500, 3000][i] ?? 0 },
      };
    });
    expect(saturation(group)).toMatchObject({ kind: 'reached', words: 'The engine keeps up with 2 req/s, and falls behind at 4 req/s.' });
  });

  it('of the demo is a sentence about its last step', () => {
    expect(saturation(groupsOf(demoRun())[0] as ReturnType<typeof groupsOf>[0])?.words).toMatch(/^Not reached: from 8 to 16 concurrent/);
  });
});
