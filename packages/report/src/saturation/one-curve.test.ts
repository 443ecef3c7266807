import type { LoadSpec } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { taskGroups } from '../groups.ts';
import { reportRows, type ReportRow } from '../rows.ts';
import { syntheticRun } from '../testing/synthetic-run.ts';
import { recommendation } from './recommendation.ts';
import { saturation } from './saturation.ts';

type Point = { rate?: number; concurrency?: number; load?: Partial<LoadSpec>; change?: Partial<ReportRow> };

function groupOf(points: readonly Point[]) {
  const run = syntheticRun({
    tasks: [
      {
        points: points.map(({ rate, concurrency }) => ({
          requests: 20,
          ...(rate ? { ratePerS: rate } : { concurrency: concurrency ?? 1 }),
        })),
      },
    ],
  });
  const rows = reportRows([run]).map((row, i): ReportRow => {
    const { load, change } = points[i] as Point;
    return { ...row, load: row.load && { ...row.load, ...load }, intervals: null, ...change };
  });
  return taskGroups(rows)[0] as ReturnType<typeof taskGroups>[0];
}

/** 20 requests in so many seconds, each answered in 400 ms. */
const took = (durationS: number): Partial<ReportRow> => ({
  counts: { sent: 20, ok: 20, failed: 0, cancelled: 0, warmup: 0 },
  durationS,
  distributions: { e2el_ms: { p50: 400, p99: 400, max: 400 } },
});
const gives = (output_throughput: number): Partial<ReportRow> => ({ scalars: { output_throughput } });

describe('a rate that was sent with two caps', () => {
  const point = (rate: number, maxConcurrency: number, seconds = 20 / rate + 0.4): Point => ({
    rate,
    load: { maxConcurrency },
    change: took(seconds),
  });

  it('is kept up with though a cap of fewer does not let it', () => {
    const held = { ...point(8, 4, 8), change: { ...took(8), distributions: { e2el_ms: { p50: 1600, p99: 1600, max: 1600 } } } };
    const found = saturation(groupOf([point(4, 64), held, point(8, 64), point(16, 64)]));
    expect(found).toMatchObject({
      kind: 'rising',
      words:
        'Not reached: the engine kept up with 16 req/s, the highest rate tried. Left out, for a curve is of one kind of load: 8 req/s with another max_concurrency.',
    });
  });

  it('is no step of one curve: of kinds with as many loads the first counts, and what has too few loads says nothing', () => {
    const found = saturation(groupOf([point(2, 64), point(4, 64), point(8, 64), point(8, 4, 8), point(16, 4, 8), point(32, 4, 8)]));
    expect(found).toMatchObject({ kind: 'rising', row: { axis: { value: 8 } } });
    expect(found?.words).toMatch(/: 8 req\/s with another max_concurrency, 16 req\/s with another max_concurrency and 32 req\/s with/);
    expect(saturation(groupOf([point(4, 64), point(8, 64), point(8, 4, 8), point(16, 4, 8)]))).toBeNull();
  });

  it('is one curve where each rate has one cap', () => {
    expect(saturation(groupOf([point(4, 16), point(8, 32), point(16, 64)]))?.words).toBe(
      'Not reached: the engine kept up with 16 req/s, the highest rate tried.',
    );
  });
});

describe('a concurrency with loads of two kinds', () => {
  const level = [100, 190, 350, 380, 385].map((tokens, i): Point => ({ concurrency: 2 ** i, change: gives(tokens) }));
  const words = (more: readonly Point[]) => saturation(groupOf([...level, ...more]))?.words;
  const alone = words([]);

  it('is one load where only the seed, or what does not change the work, differs', () => {
    const again = { concurrency: 4, change: gives(370) };
    const merged = words([again]);
    expect(merged).toMatch(/^At 4 concurrent the engine gives 94 %/);
    expect(words([{ ...again, load: { seed: 7, slo: { ttftMs: 100 } } }])).toBe(merged);
  });

  it('is the load with the number of prompts that the others have, and says what is left out', () => {
    expect(words([{ concurrency: 4, load: { numPrompts: 2000 }, change: gives(200) }])).toBe(
      `${alone} Left out, for a curve is of one kind of load: 4 concurrent with another num_prompts.`,
    );
  });

  it('is the load of the kind that has most loads', () => {
    const group = groupOf([{ concurrency: 4, load: { temperature: 1 }, change: gives(900) }, ...level]);
    expect(saturation(group)?.words).toMatch(
      /^At 4 concurrent the engine gives 91 % .* Left out, .*: 4 concurrent with another temperature\.$/,
    );
    expect(recommendation(group)?.words).toMatch(/^Run at 4 concurrent: 91 % of the best throughput/);
    expect(recommendation(group)?.words).not.toContain('Left out');
  });

  it('is one curve where each load has its own number of prompts', () => {
    const own = level.map((point, i) => ({ ...point, load: { numPrompts: 10 * 2 ** i } }));
    expect(saturation(groupOf(own))?.words).toBe(alone);
  });
});

it('a recommendation by the SLO says what is left out where there is no knee', () => {
  const at = (concurrency: number, good: number, load: Partial<LoadSpec> = {}): Point => ({
    concurrency,
    load,
    change: { scalars: { output_throughput: 100 * concurrency, good_ratio: good }, slo: { ttftMs: 100 } },
  });
  const found = recommendation(groupOf([at(2, 1), at(4, 0.99), at(4, 0.1, { temperature: 1 })]));
  expect(found).toMatchObject({ row: { axis: { value: 4 } } });
  expect(found?.words).toMatch(/Left out, for a curve is of one kind of load: 4 concurrent with another temperature\.$/);
});
