import type { Bounds } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { taskGroups } from '../groups.ts';
import { reportRows, type ReportRow } from '../rows.ts';
import { syntheticRun } from '../testing/synthetic-run.ts';
import { recommendation } from './recommendation.ts';
import { verdictsOf } from '../verdicts/verdicts.ts';
import { holds, roomOf, sloBracket } from './slo.ts';

interface Plan {
  load: number;
  tokens: number;
  ttft: number;
  good?: number;
}

/** A sweep; TTFT p50 is given, p90 is 2 and p99 3 times that. */
function sweep(points: readonly Plan[], more: Partial<ReportRow> = {}) {
  const run = syntheticRun({ tasks: [{ points: points.map(({ load }) => ({ concurrency: load, requests: 4 })) }] });
  const rows = reportRows([run]).map((row, i): ReportRow => {
    const { tokens, ttft, good } = points[i] as Plan;
    return {
      ...row,
      intervals: null,
      scalars: { output_throughput: tokens, ...(good === undefined ? {} : { good_ratio: good }) },
      distributions: { ttft_ms: { p50: ttft, p90: 2 * ttft, p99: 3 * ttft } },
      ...more,
    };
  });
  const [group] = taskGroups(rows);
  if (!group) throw new Error('a run has a task');
  return group;
}

const LEVEL: Plan[] = [
  { load: 1, tokens: 100, ttft: 10, good: 1 },
  { load: 2, tokens: 190, ttft: 11, good: 1 },
  { load: 4, tokens: 350, ttft: 20, good: 0.95 },
  { load: 8, tokens: 380, ttft: 60, good: 0.5 },
  { load: 16, tokens: 385, ttft: 200, good: 0 },
];

describe('recommendation', () => {
  it('is the knee, with what it gives and how sure that is', () => {
    expect(recommendation(sweep(LEVEL))).toMatchObject({
      row: { axis: { value: 4 } },
      words: 'Run at 4 concurrent: 91 % of the best throughput at TTFT p99 60 ms. More load adds little but waiting.',
      room: [],
      confidence: { level: 'likely', words: 'Likely: each load was measured once, and nothing speaks against it.' },
    });
  });

  it('is within the SLO, by so much', () => {
    const found = recommendation(sweep(LEVEL, { slo: { ttftMs: 50 } }));
    expect(found?.words).toBe(
      'Run at 4 concurrent: 91 % of the best throughput at TTFT p99 60 ms, within the SLO by 5.6 % (good requests 95 % of 90 %). More load adds little but waiting.',
    );
    expect(found?.room).toEqual([
      { label: 'good requests', limit: '90 %', value: '95 %', room: expect.closeTo(0.05 / 0.9, 12) as number, sure: null },
      { label: 'TTFT p90', limit: '50 ms', value: '40 ms', room: expect.closeTo(0.2, 12) as number, sure: null },
    ]);
  });

  it.each([
    ['89.6 %', 0.896, {}],
    ['89.9998 %', 0.899998, {}],
    ['500.4 ms', undefined, { 500.4: 500 }],
  ])('never writes what is past a limit like the limit: %s', (text, good, latency) => {
    const [[p90, ttftMs] = [null, 100]] = Object.entries(latency);
    const never = LEVEL.map((plan) => ({ ...plan, ...(good === undefined ? {} : { good }) }));
    const group = sweep(never, { slo: { ttftMs } });
    const measured = group.measured.map((row) => ({
      ...row,
      scalars: { ...row.scalars, good_ratio: good ?? 0.5 },
      distributions: p90 === null ? row.distributions : { ttft_ms: { p90: Number(p90) } },
    }));
    expect(recommendation({ ...group, measured })?.room.map(({ value }) => value)).toContain(text);
  });

  it('is below the knee where the SLO does not hold there', () => {
    const early = LEVEL.map((plan) => ({ ...plan, good: plan.load <= 2 ? 1 : 0.3 }));
    expect(recommendation(sweep(early, { slo: { ttftMs: 25 } }))).toMatchObject({
      row: { axis: { value: 2 } },
      words: expect.stringMatching(/^Run at 2 concurrent: .* At 4 concurrent the SLO does not hold any more\.$/) as string,
    });
  });

  it('is unsure where the load above may hold the SLO as well, by its interval', () => {
    const early = LEVEL.map((plan) => ({ ...plan, good: plan.load <= 2 ? 1 : 0.889 }));
    const of = (low: number, high: number) => {
      const intervals = { from: 'repeats' as const, scalars: { good_ratio: { low, high } }, distributions: {} };
      const group = sweep(early, { slo: { ttftMs: 100 }, repeats: 3 });
      return recommendation({ ...group, measured: group.measured.map((row) => (row.axis?.value === 4 ? { ...row, intervals } : row)) });
    };
    expect(of(0.41, 1)?.confidence).toEqual({
      level: 'unsure',
      words: 'Unsure: at 4 concurrent the interval of good requests crosses the limit.',
    });
    expect(of(0.86, 0.895)?.confidence.level).toBe('firm');
  });

  it('is none where no load holds the SLO', () => {
    const never = LEVEL.map((plan) => ({ ...plan, good: 0.1 }));
    expect(recommendation(sweep(never, { slo: { ttftMs: 5 } }))).toMatchObject({
      row: null,
      words: 'No load that was tried holds the SLO, not even 1 concurrent: TTFT p90 is 20 ms, the limit 5 ms.',
    });
  });

  it('asks for higher loads while throughput grows', () => {
    expect(recommendation(sweep(LEVEL.slice(0, 3)))?.words).toBe(
      'Run at 4 concurrent: the best throughput that was measured at TTFT p99 60 ms. It is the highest load that was tried, and throughput still grows: try higher ones.',
    );
  });

  it('is unsure where the curve is uneven, or the point is in doubt', () => {
    const uneven = LEVEL.map((plan) => (plan.load === 2 ? { ...plan, tokens: 80 } : plan));
    expect(recommendation(sweep(uneven))?.confidence).toEqual({
      level: 'unsure',
      words: 'Unsure: the curve is uneven (2 concurrent gives 20 % less than the load before it).',
    });
    const doubt = recommendation(sweep(LEVEL, { flags: [{ code: 'client_bound', message: 'busy' }] }));
    expect(doubt?.confidence).toEqual({ level: 'unsure', words: 'Unsure: the point is marked “Client at its limit”.' });
  });

  it('says nothing of two loads without an SLO', () => {
    expect(recommendation(sweep(LEVEL.slice(0, 2)))).toBeNull();
  });
});

describe('the room below an SLO', () => {
  it('is told of the limits that a search had', () => {
    const search = {
      axis: 'concurrency' as const,
      slo: { ttft_p99: 100, goodput: 0.99 },
      passes: 4,
      fails: 8,
      confidence: 0.9,
      complete: true,
      probes: [],
    };
    const group = sweep(LEVEL, { search });
    expect(group.measured.map(holds)).toEqual([true, true, false, false, false]);
    expect(roomOf(group.measured[1] as ReportRow)).toEqual([
      { label: 'good requests', limit: '99 %', value: '100 %', room: expect.closeTo(0.01 / 0.99, 12) as number, sure: null },
      { label: 'TTFT p99', limit: '100 ms', value: '33 ms', room: expect.closeTo(0.67, 12) as number, sure: null },
    ]);
    expect(sloBracket(group.measured)).toMatchObject({ holds: { axis: { value: 2 } }, breaks: { axis: { value: 4 } } });
  });

  it('is sure when the interval of a figure is on one side of its limit', () => {
    const intervals = { from: 'repeats' as const, scalars: {}, distributions: { ttft_ms: { p90: { low: 30, high: 45 } } } };
    const [first] = sweep(LEVEL.slice(2), { slo: { ttftMs: 50 }, intervals }).measured;
    expect(roomOf(first as ReportRow).find(({ label }) => label === 'TTFT p90')?.sure).toBe(true);
    const [other] = sweep(LEVEL.slice(2), { slo: { ttftMs: 42 }, intervals }).measured;
    expect(roomOf(other as ReportRow).find(({ label }) => label === 'TTFT p90')?.sure).toBe(false);
  });

  it('is held only when the figure of every limit is known; one that breaks says no', () => {
    const [first] = sweep(LEVEL.map(({ load, tokens, ttft }) => ({ load, tokens, ttft }))).measured as [ReportRow];
    expect(holds({ ...first, slo: { ttftMs: 50 } })).toBe(true);
    expect(holds({ ...first, slo: { ttftMs: 50, tpotMs: 5 } })).toBeNull();
    expect(holds({ ...first, slo: { ttftMs: 15, tpotMs: 5 } })).toBe(false);
    const search = { axis: 'concurrency' as const, passes: 1, fails: 2, confidence: 0.9, complete: true, probes: [] };
    expect(holds({ ...first, search: { ...search, slo: { ttft_p99: 100, goodput: 0.99 } } })).toBeNull();
    expect(holds({ ...first, search: { ...search, slo: { ttft_p99: 20, goodput: 0.99 } } })).toBe(false);
    expect(holds({ ...first, search: { ...search, slo: { ttft_p99: 100 } } })).toBe(true);
  });

  it('is the same for the best under the SLO: by the limits that a search had', () => {
    const search = {
      axis: 'concurrency' as const,
      slo: { goodput: 0.99 },
      passes: 2,
      fails: 4,
      confidence: 0.9,
      complete: true,
      probes: [],
    };
    const group = sweep(LEVEL, { search, slo: { ttftMs: 50 } });
    const best = verdictsOf([group])[0]?.verdicts.find(({ kind }) => kind === 'slo');
    expect(best?.winner.row.axis?.value).toBe(2);
    expect(recommendation(group)?.row?.axis?.value).toBe(2);
  });

  it('is not known of a load without limits', () => {
    expect(roomOf(sweep(LEVEL).measured[0] as ReportRow)).toEqual([]);
    expect(holds(sweep(LEVEL).measured[0] as ReportRow)).toBeNull();
    expect(sloBracket(sweep(LEVEL).measured)).toBeNull();
  });
});

const NO = { low: 0, high: 0.5 };
const YES = { low: 0.98, high: 1 };
const OPEN = { low: 0.5, high: 0.99 };

/** A sweep under limits that were asked for, with between which values the share of good requests lies at each load. */
function bounded(...shares: (Bounds | null)[]) {
  const group = sweep(LEVEL.slice(0, shares.length).map(({ load, tokens, ttft }) => ({ load, tokens, ttft })));
  const measured = group.measured.map((row, i): ReportRow => {
    const share = shares[i] ?? null;
    return { ...row, slo: { ttftMs: 15 }, askedSlo: { from: share && 'percentiles', share, why: 'no requests' } };
  });
  return { ...group, measured };
}

function fiveOpen() {
  const group = bounded(OPEN, OPEN, OPEN, OPEN, OPEN);
  const [top] = atOneLoad(bounded(NO).measured, 32) as [ReportRow];
  return { ...group, measured: [...group.measured, top] };
}

/** The same load measured as several points. */
const atOneLoad = (rows: readonly ReportRow[], load: number) =>
  rows.map((row) => ({ ...row, axis: { ...row.axis, value: load } }) as ReportRow);

describe('loads of which it is not known whether they hold the SLO', () => {
  it('are not said to break it where a higher one does', () => {
    expect(recommendation(bounded(OPEN, null, NO))).toMatchObject({
      row: null,
      words:
        'No load is known to hold the SLO: 4 concurrent does not (TTFT p90 is 40 ms, the limit 15 ms), and of 1 concurrent and 2 concurrent it is not known.',
      confidence: { level: 'unsure', words: 'Unsure: the figures of lower loads do not say whether they hold it.' },
    });
    expect(recommendation(bounded(NO, OPEN, NO))?.words).toMatch(/^No load that was tried holds the SLO, not even 1 concurrent/);
  });

  it('are counted where they are many', () => {
    expect(recommendation(fiveOpen())?.words).toContain('of 1 concurrent, 2 concurrent, 4 concurrent and 2 more it is not known');
  });

  it('leave the highest that is known to hold it, and what that may lack is said', () => {
    expect(recommendation(bounded(YES, OPEN, NO))).toMatchObject({
      row: { axis: { value: 1 } },
      words: expect.stringMatching(/At 4 concurrent the SLO does not hold any more\.$/) as string,
      confidence: { level: 'unsure', words: 'Unsure: whether 2 concurrent holds the SLO is not known.' },
    });
    expect(recommendation(bounded(YES, OPEN, OPEN))).toMatchObject({
      row: { axis: { value: 1 } },
      words: expect.stringMatching(/It is the highest load that is known to hold the SLO\.$/) as string,
      confidence: { level: 'unsure', words: 'Unsure: whether 2 concurrent and 4 concurrent hold the SLO is not known.' },
    });
    expect(recommendation(bounded(OPEN, YES, NO))).toMatchObject({
      row: { axis: { value: 2 } },
      confidence: { level: 'likely' },
    });
  });

  it('have a point of which it is not known, and none that breaks it', () => {
    const same = (...shares: Bounds[]) => {
      const [first, ...rest] = bounded(...shares, NO).measured as [ReportRow, ...ReportRow[]];
      const last = rest.pop() as ReportRow;
      return sloBracket([...atOneLoad([first, ...rest], 1), last]);
    };
    expect(same(YES, OPEN)).toMatchObject({ holds: null, breaks: { axis: { value: 4 } }, open: [{ axis: { value: 1 } }] });
    expect(same(YES, YES)).toMatchObject({ holds: { axis: { value: 1 } }, breaks: { axis: { value: 4 } }, open: [] });
    expect(same(OPEN, NO)).toMatchObject({ holds: null, breaks: { axis: { value: 1 } }, open: [] });
  });

  it('are all there are: then the knee alone counts', () => {
    expect(sloBracket(bounded(OPEN, OPEN, null).measured)).toBeNull();
    const open = bounded(OPEN, OPEN, OPEN, OPEN, OPEN);
    const wide = { ...open, measured: open.measured.map((row) => ({ ...row, slo: { ttftMs: 1000 } })) };
    expect(recommendation(wide)?.words).toBe(recommendation(sweep(LEVEL))?.words);
  });
});
