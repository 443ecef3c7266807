import { describe, expect, it } from 'vitest';
import { prng } from '@bench/core';
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

  /** Rates with these many requests at random times, served `seconds` each; by so many servers at a time, or at once. */
  function poisson(seed: number, { rates = [1, 2, 4], n = 20, seconds = 0.4, servers = Number.POSITIVE_INFINITY } = {}) {
    const random = prng(seed);
    const group = sweep(
      rates.map((rate) => [rate, 64 * rate, 10]),
      'rate',
    )[0] as ReturnType<typeof sweep>[0];
    group.measured.forEach((row, i) => {
      const free = Array.from({ length: Math.min(servers, n) }, () => 0);
      let at = 0;
      let end = 0;
      const taken = Array.from({ length: n }, (_, k) => {
        if (k > 0) at -= Math.log(1 - random.next()) / (rates[i] as number);
        const next = free.indexOf(Math.min(...free));
        const done = Math.max(at, free[next] as number) + seconds;
        free[next] = done;
        end = Math.max(end, done);
        return (done - at) * 1000;
      }).sort((a, b) => a - b);
      row.counts = { sent: n, ok: n, failed: 0, cancelled: 0, warmup: 0 };
      row.durationS = end;
      row.distributions = { e2el_ms: { p50: taken[n / 2] ?? 0, max: taken[n - 1] ?? 0 } };
    });
    return group;
  }

  it('of arrivals at random is not where they came more slowly than was asked', () => {
    const kinds = Array.from({ length: 200 }, (_, seed) => saturation(poisson(seed + 1))?.kind);
    expect(new Set(kinds)).toEqual(new Set(['rising']));
    const full = Array.from({ length: 50 }, (_, seed) => saturation(poisson(seed + 1, { rates: [0.5, 1, 8], servers: 1 })));
    expect(full.filter((found) => found?.kind === 'rising')).toEqual([]);
  });

  it('of request rates is not known without a duration or counts, nor of conversations', () => {
    const without = (change: Partial<ReportRow>) => {
      const group = poisson(1);
      return saturation({ ...group, measured: group.measured.map((row) => ({ ...row, ...change })) });
    };
    expect(without({})?.kind).toBe('rising');
    expect(without({ durationS: null, lacks: ['duration'] })).toBeNull();
    expect(without({ counts: { sent: 0, ok: 0, failed: 0, cancelled: 0, warmup: 0 } })).toBeNull();
    const conversations = poisson(1).measured.map(({ load }) => load && { ...load, conversations: { turns: { min: 2, max: 4 } } });
    expect(without({ load: conversations[0] as ReportRow['load'] })).toBeNull();
  });

  it('says that loads were measured once only where they were', () => {
    const group = poisson(1);
    expect(saturation(group)?.intervalWords).toBe('The limit lies above 4 req/s, by the loads that were tried; each was measured once.');
    const repeated = group.measured.map((row) => ({ ...row, repeats: 5, counts: row.counts && { ...row.counts, sent: 100 } }));
    expect(saturation({ ...group, measured: repeated })?.intervalWords).toBe('The limit lies above 4 req/s, by the loads that were tried.');
  });

  it('of the demo is a sentence about its last step', () => {
    expect(saturation(groupsOf(demoRun())[0] as ReturnType<typeof groupsOf>[0])?.words).toMatch(/^Not reached: from 8 to 16 concurrent/);
  });
});

describe('a load that a task has twice', () => {
  it('is one load of the curve', () => {
    const [group] = sweep([
      [1, 100, 10],
      [2, 190, 11],
      [4, 340, 12],
      [4, 360, 12],
      [8, 380, 30],
      [16, 385, 90],
      [16, 375, 90],
    ]) as [ReturnType<typeof sweep>[0]];
    const found = saturation(group);
    expect(found).toMatchObject({ kind: 'reached', row: { axis: { value: 4 } } });
    expect(found?.words).toMatch(/^At 4 concurrent the engine gives 92 % of its best\. Going on to 16 brings 8\.6 % more/);
    // Not by single measurements: points of one load show how much they differ.
    expect(found?.interval.agreement).toBeGreaterThan(0);
  });

  it('is no step on which throughput stopped growing', () => {
    const [group] = sweep([
      [1, 100, 10],
      [2, 200, 11],
      [4, 400, 12],
      [4, 400, 12],
    ]) as [ReturnType<typeof sweep>[0]];
    expect(saturation(group)?.words).toBe(
      'Not reached: from 2 to 4 concurrent, output tokens per second still grew by 100 %. Try higher loads to find the limit.',
    );
  });
});

describe('a limit that was not reached', () => {
  const repeated = (spread: number) => {
    const [group] = sweep([
      [1, 100, 10],
      [2, 190, 11],
      [4, 350, 12],
    ]) as [ReturnType<typeof sweep>[0]];
    const measured = group.measured.map((row): ReportRow => {
      const value = row.scalars['output_throughput'] ?? 0;
      const bounds = { low: value * (1 - spread), high: value * (1 + spread) };
      return { ...row, repeats: 3, intervals: { from: 'repeats', distributions: {}, scalars: { output_throughput: bounds } } };
    });
    return saturation({ ...group, measured });
  };

  it('is surely above the last load where repeats agree', () => {
    expect(repeated(0.02)?.intervalWords).toBe(
      'The limit lies above 4 concurrent with 95 % confidence, by repeats: 100 % of resampled curves still grow at 4.',
    );
  });

  it('may be lower where they differ, and that is joined to what was said before', () => {
    const found = repeated(1.5);
    expect(found?.words).toMatch(/^Not reached: /);
    expect(found?.intervalWords).toMatch(
      /^Repeats differ so much that the limit may also lie lower: all that has 95 % confidence is that it lies .*, and \d+ % of resampled curves still grow at 4\.$/,
    );
  });
});
