import { prng, summarize } from '@bench/core';
import type { ForeignMeasurement, PointView, RunView } from '@bench/results';
import { describe, expect, it } from 'vitest';
import {
  askSlo,
  buildReport,
  parseSlo,
  renderAdvice,
  renderCsv,
  renderMarkdown,
  renderTable,
  type ReportRow,
  reportJson,
} from '../index.ts';
import { taskGroups } from '../groups.ts';
import { renderPage } from '../html/page.ts';
import { holds } from '../saturation/slo.ts';
import { syntheticRun } from '../testing/synthetic-run.ts';
import { verdictsOf } from '../verdicts/verdicts.ts';
import { shareByPercentiles } from './share-by-percentiles.ts';

const LIMITS = { ttftMs: 100, tpotMs: 20 };

/** A run whose loads promised other limits; of its figures some are of those. */
function promised(): RunView {
  const run = syntheticRun({
    tasks: [
      {
        points: [
          { concurrency: 2, requests: 40, repeats: 2 },
          { concurrency: 16, requests: 80, failed: 3 },
        ],
      },
    ],
  });
  for (const { result } of run.tasks[0]?.points ?? [])
    if (result?.load) {
      result.load.slo = { e2elMs: 1 };
      Object.assign(result.scalars, { good_ratio: 0.123, goodput: 0.5 });
    }
  return run;
}

const without = (run: RunView, change: (view: PointView) => Partial<PointView>): RunView => ({
  ...run,
  tasks: run.tasks.map((task) => ({ ...task, points: task.points.map((view) => ({ ...view, ...change(view) })) })),
});
const lostRequests = (run: RunView) =>
  without(run, () => ({ requests: () => Promise.reject(Object.assign(new Error('no such file'), { code: 'ENOENT' })) }));
const rowsOf = async (run: RunView, limits = LIMITS) => buildReport({ runs: [run] }, { slo: await askSlo([run], limits) }).rows;

const foreign = (path: string, result: Partial<ForeignMeasurement['result']>): ForeignMeasurement => ({
  source: { kind: 'vllm', path },
  recipe: 'model',
  variant: path,
  params: {},
  gpu: { name: 'H100', count: 1 },
  engine: null,
  model: 'org/model',
  system: null,
  recipeText: null,
  data: null,
  result: {
    tool: 'vllm',
    format: 'json',
    kind: 'serve',
    maxConcurrency: 8,
    scalars: { output_throughput: 800, goodput: 3 },
    distributions: {},
    counts: { ok: 200, failed: 0 },
    native: {},
    missing: [],
    problems: [],
    ...result,
  },
});

describe('limits that a report is asked for', () => {
  it('are named as recipes name them', () => {
    expect(parseSlo(['ttft_ms=500', 'tpot_ms = 12.5'])).toEqual({ ttftMs: 500, tpotMs: 12.5 });
    expect(() => parseSlo(['ttf_ms=5'])).toThrow('no limit is called "ttf_ms"');
    expect(() => parseSlo(['ttft_ms=0'])).toThrow('it is no limit');
    expect(() => parseSlo(['ttft_ms'])).toThrow('it is no limit');
    expect(() => parseSlo(['ttft_ms=5', 'ttft_ms=6'])).toThrow('ttft_ms is limited twice');
  });

  it('are held against every request that was kept, in place of what the loads promised', async () => {
    const run = promised();
    const rows = await rowsOf(run);
    for (const row of rows) {
      const views = run.tasks[0]?.points.filter(({ entry }) => entry.point === row.point) ?? [];
      const shares: number[] = [];
      const rates: number[] = [];
      for (const view of views) {
        const records = await view.requests();
        const good = records.filter(
          (r) =>
            r.status === 'ok' &&
            (r.firstTokenMs ?? 0) - r.sentMs <= 100 &&
            ((r.lastTokenMs ?? 0) - (r.firstTokenMs ?? 0)) / ((r.outputTokens ?? 0) - 1) <= 20,
        ).length;
        shares.push(good / records.length);
        rates.push(good / (view.result?.durationS ?? 0));
      }
      const mean = (list: number[]) => list.reduce((sum, each) => sum + each, 0) / list.length;
      expect(row.scalars.good_ratio).toBeCloseTo(mean(shares), 12);
      expect(row.scalars.goodput).toBeCloseTo(mean(rates), 9);
      expect(row).toMatchObject({ slo: LIMITS, askedSlo: { from: 'requests', why: null } });
    }
    expect(rows.map(holds)).toEqual(rows.map((row) => (row.scalars.good_ratio ?? 0) >= 0.9));
    // What the run keeps is as it was.
    expect(buildReport({ runs: [run] }).rows[0]).toMatchObject({ slo: { e2elMs: 1 }, askedSlo: null, scalars: { good_ratio: 0.123 } });
  });

  it('count as figures of requests that the client was to give up, and of classes', async () => {
    const run = without(promised(), (view) => ({
      requests: async () =>
        (await view.requests()).map((r, i) => ({
          ...r,
          class: i % 2 === 0 ? 'a' : 'b',
          ...(i < 4 ? { status: 'cancelled' as const, error: { class: 'given_up' as const, message: '' } } : {}),
        })),
    }));
    for (const { result } of run.tasks[0]?.points ?? [])
      if (result) {
        const part = { counts: { sent: 1, ok: 1, failed: 0, cancelled: 0 }, scalars: { good_ratio: 0.9, goodput: 9 }, distributions: {} };
        result.classes = { a: part, b: part, none: part };
      }
    const [first] = await rowsOf(run, { ttftMs: 1e9, tpotMs: 1e9 });
    expect(first?.scalars.good_ratio).toBe(1);
    expect(first?.classes?.a?.scalars).toMatchObject({ good_ratio: 1 });
    expect(first?.classes?.none?.scalars).toEqual({ goodput: 0 });
  });

  it('stand in place of those that a search had', async () => {
    const run = promised();
    for (const task of run.tasks) task.file.search = { slo: { ttft_p99: 0.001 } } as unknown as NonNullable<ReportRow['search']>;
    expect((await rowsOf(run, { ttftMs: 1e9, tpotMs: 1e9 })).map(holds)).toEqual([true, true]);
  });

  it.each([
    ['are gone', lostRequests, 'its requests were not kept'],
    [
      'are cut',
      (run: RunView) =>
        without(run, (view) => ({
          requests: async (tell) => {
            tell?.('requests.jsonl.gz is cut: 3 requests are left of it');
            return (await view.requests()).slice(0, 3);
          },
        })),
      'requests.jsonl.gz is cut: 3 requests are left of it',
    ],
    [
      'are too few',
      (run: RunView) => without(run, (view) => ({ requests: async () => (await view.requests()).slice(0, 3) })),
      '3 of its 40 requests were kept',
    ],
  ])('judge by percentiles where requests %s, and claim no share that they do not carry', async (_, lose, why) => {
    const exact = await rowsOf(promised());
    const rows = await rowsOf(lose(promised()));
    for (const [i, row] of rows.entries()) {
      expect(row.askedSlo?.from).toBe('percentiles');
      expect(row.scalars).not.toHaveProperty('good_ratio');
      expect(row.scalars).not.toHaveProperty('goodput');
      const { low = 1, high = 0 } = row.askedSlo?.share ?? {};
      expect(low).toBeLessThanOrEqual(exact[i]?.scalars.good_ratio ?? 0);
      expect(high).toBeGreaterThanOrEqual(exact[i]?.scalars.good_ratio ?? 1);
    }
    expect(rows[0]?.askedSlo?.why).toBe(why);
  });

  it('say of other tools’ summaries only what follows, and drop goodput by limits of theirs', () => {
    const slo = { limits: LIMITS, counted: new Map() };
    const at = (result: Partial<ForeignMeasurement['result']>) =>
      buildReport({ foreign: [foreign('a.json', result)] }, { slo }).rows[0] as ReportRow;
    const within = at({ distributions: { ttft_ms: { p50: 20, p99: 90 }, tpot_ms: { p50: 8, p99: 15 } } });
    // Of 200 requests at most 2 break either limit: p99 lies between the samples of rank 197 and 198 of 0 to 199.
    expect(within.askedSlo).toEqual({ from: 'percentiles', share: { low: 0.98, high: 1 }, why: 'another tool’s summary has no requests' });
    expect(holds(within)).toBe(true);
    expect(within.scalars).toEqual({ output_throughput: 800 });
    const over = at({ distributions: { ttft_ms: { p50: 120, p99: 900 }, tpot_ms: { p50: 8, p99: 15 } } });
    expect(over.askedSlo?.share).toEqual({ low: 0, high: 0.5 });
    expect(holds(over)).toBe(false);
    const open = at({ distributions: { ttft_ms: { p50: 20, p99: 900 }, tpot_ms: { p50: 8, p99: 15 } } });
    expect(holds(open)).toBeNull();
    const uncounted = at({ counts: { ok: 200 }, distributions: { ttft_ms: { p50: 20, p99: 90 }, tpot_ms: { p99: 15 } } });
    expect(holds(uncounted)).toBeNull();
    const unknown = at({});
    expect(unknown.askedSlo).toMatchObject({ from: null, share: null });
    expect(holds(unknown)).toBeNull();
  });

  it('are not said to be broken by loads whose percentiles leave that open', async () => {
    const at = (maxConcurrency: number, p50: number, p99: number) =>
      foreign(`c${maxConcurrency}.json`, { maxConcurrency, distributions: { ttft_ms: { p50, p99 } } });
    const report = buildReport(
      { foreign: [at(1, 20, 130), at(4, 60, 180), at(8, 120, 900)] },
      { slo: { limits: { ttftMs: 100 }, counted: new Map() } },
    );
    const advice = renderAdvice(report.rows, { width: 300, color: false, unicode: true });
    const page = await renderPage(report, { now: 0 });
    for (const text of [advice, page])
      expect(text).toContain(
        'No load is known to hold the SLO: 8 concurrent does not, and of 1 concurrent and 4 concurrent it is not known.',
      );
    expect(page).toContain('no point is known to hold it, which is 90 %');
    expect(`${advice}${page}`).not.toMatch(/No load that was tried|no point holds it/);
  });

  it('are said in every writer to be asked for', async () => {
    const run = lostRequests(promised());
    const report = buildReport(
      {
        runs: [promised()],
        foreign: [foreign('b.json', {}), foreign('c.json', { distributions: { ttft_ms: { p99: 90 }, tpot_ms: { p99: 15 } } })],
      },
      { slo: await askSlo([run], LIMITS) },
    );
    const said = 'SLO asked for at report time: TTFT ≤ 100 ms, TPOT ≤ 20 ms.';
    const table = renderTable(report.rows, { width: 300, color: false, unicode: true });
    expect(table).toContain(said);
    expect(table).toMatch(/in SLO/);
    expect(table).toMatch(/≥ 98\.0/);
    expect(table).toMatch(/not known: .*b\.json.*another tool’s summary has no requests/);
    expect(renderMarkdown(report)).toMatch(/SLO asked for at report time: TTFT ≤ 100 ms/);
    expect(renderCsv(report).split('\n')[0]).toMatch(/slo_asked_for,slo_judged_by,slo_good_ratio_at_least,slo_good_ratio_at_most/);
    expect(reportJson(report).rows.at(-1)?.slo).toEqual({
      limits: { ttft_ms: 100, tpot_ms: 20 },
      asked: true,
      judgedBy: 'percentiles',
      goodRatio: { low: 0.98, high: 1 },
      why: 'another tool’s summary has no requests',
    });
    expect(await renderPage(report, { now: 0 })).toContain(said);
  });

  it('name what is best under them as what was asked for', async () => {
    const run = promised();
    const slo = await askSlo([run], { ttftMs: 1e9 });
    const [contest] = verdictsOf(taskGroups(buildReport({ runs: [run] }, { slo }).rows));
    expect(contest?.verdicts.find(({ kind }) => kind === 'slo')).toMatchObject({ title: 'Best under the SLO asked for' });
  });
});

describe('shareByPercentiles', () => {
  it('holds the true share, whatever the sample, of either definition, and with answers of one token', () => {
    const random = prng(7);
    for (let i = 0; i < 800; i++) {
      const n = 1 + Math.floor(random.next() * 300);
      const failed = Math.floor(random.next() * 5);
      const draw = () => Array.from({ length: n }, () => Math.round(100 * -Math.log(1 - random.next())));
      const oneToken = i % 2 === 0 ? 0 : random.next();
      const ttft = draw();
      const tpot = draw().map((value) => (random.next() < oneToken ? null : value));
      const limits = { ttftMs: 40 + 500 * random.next(), tpotMs: 10 + 500 * random.next() };
      const good = ttft.filter((value, k) => value <= limits.ttftMs && (tpot[k] ?? 0) <= limits.tpotMs).length;
      const nearest = random.next() < 0.5;
      const summary = (values: number[]) => {
        const sorted = values.toSorted((a, b) => a - b);
        const { p50, p90, p99 } = summarize(values) ?? {};
        const rank = (q: number) => sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1];
        const given = Object.entries(nearest ? { p50: rank(0.5), p90: rank(0.9), p99: rank(0.99) } : { p50, p90, p99 });
        return Object.fromEntries(given.filter((each): each is [string, number] => each[1] !== undefined));
      };
      const of = n + failed;
      const timed = tpot.filter((value) => value !== null);
      const count = i % 4 === 1 ? { count: timed.length } : {};
      const distributions = { ttft_ms: summary(ttft), tpot_ms: { ...summary(timed), ...count } };
      const share = shareByPercentiles({ ok: n, of, distributions }, limits);
      expect(share?.low ?? 0).toBeLessThanOrEqual(good / of);
      expect(share?.high ?? 1).toBeGreaterThanOrEqual(good / of);
    }
  });

  it('says of TPOT how many may break it, and how many do only where it says of how many requests it is', () => {
    const share = (tpot: Record<string, number>) =>
      shareByPercentiles({ ok: 100, of: 100, distributions: { tpot_ms: tpot } }, { tpotMs: 50 });
    // 60 of the 100 answers may have one token, and no TPOT that could break the limit.
    expect(share({ p50: 80 })).toBeNull();
    expect(share({ p50: 80, min: 60 })).toBeNull();
    expect(share({ p50: 80, count: 40 })).toEqual({ low: 0.6, high: 0.8 });
    expect(share({ p50: 80, count: 100 })).toEqual({ low: 0, high: 0.5 });
    expect(share({ p90: 40 })).toEqual({ low: 0.9, high: 1 });
  });
});
