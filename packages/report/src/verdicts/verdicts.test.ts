import { describe, expect, it } from 'vitest';
import type { PointFlag } from '@bench/core';
import type { ForeignMeasurement } from '@bench/results';
import { taskGroups } from '../groups.ts';
import { reportRows, type ReportRow } from '../rows.ts';
import { mixedRun, syntheticRun } from '../testing/synthetic-run.ts';
import { buildReport } from '../report.ts';
import { contenders } from './contenders.ts';
import { verdictsOf } from './verdicts.ts';

interface Given {
  variant: string;
  tokens: number;
  low?: number;
  high?: number;
  repeats?: number;
  flags?: PointFlag[];
  good?: number;
  gpus?: number;
  usd?: number;
}

/** Variants of one point each at the same load, with these figures. */
function variants(given: readonly Given[], options: { slo?: ReportRow['slo']; model?: string[] } = {}): ReportRow[] {
  const run = syntheticRun({
    tasks: given.map(({ variant }, i) => ({ variant, points: [{ requests: 8 }], engine: { model: options.model?.[i] ?? 'm' } })),
  });
  return reportRows([run]).map((row, i): ReportRow => {
    const { tokens, low, high, repeats = 1, flags = [], good, gpus = 1, usd } = given[i] as Given;
    const bounds = low !== undefined && high !== undefined ? { low, high } : null;
    return {
      ...row,
      repeats,
      flags,
      gpuCount: gpus,
      slo: options.slo ?? null,
      scalars: {
        output_throughput: tokens,
        total_token_throughput: tokens * 2,
        ...(good === undefined ? {} : { good_ratio: good }),
        ...(usd === undefined ? {} : { cost_per_mtok_total: usd }),
      },
      intervals: bounds && {
        from: 'repeats',
        distributions: {},
        scalars: { output_throughput: bounds, total_token_throughput: { low: bounds.low * 2, high: bounds.high * 2 } },
      },
    };
  });
}

const of = (rows: readonly ReportRow[], kind = 'fastest') => {
  const [contest] = verdictsOf(taskGroups(rows));
  return contest?.verdicts.find((verdict) => verdict.kind === kind);
};

describe('the best of several', () => {
  it('is clear when intervals over repeats lie apart', () => {
    const verdict = of(
      variants([
        { variant: 'a', tokens: 100, low: 98, high: 102, repeats: 5 },
        { variant: 'b', tokens: 120, low: 117, high: 123, repeats: 5 },
      ]),
    );
    expect(verdict).toMatchObject({ value: '120', where: 'b, 8 concurrent' });
    expect(verdict?.reason).toMatch(/^20 % more than a \(100 at 8 concurrent\)\. Half of the requests wait /);
    expect(verdict?.confidence).toEqual({ level: 'clear', words: 'Sure: its 95 % interval, of 5 repeats, does not overlap that of a.' });
  });

  it('cannot be told from all whose intervals overlap its own, the second best or not', () => {
    const verdict = of(
      variants([
        { variant: 'a', tokens: 112, low: 111, high: 113, repeats: 5 },
        { variant: 'b', tokens: 120, low: 117, high: 123, repeats: 5 },
        { variant: 'c', tokens: 110, low: 90, high: 130, repeats: 2 },
      ]),
    );
    expect(verdict?.confidence).toEqual({ level: 'open', words: 'Cannot tell it from c: their 95 % intervals overlap.' });
  });

  it('says when things were measured once: near figures are not told apart, others are not proven', () => {
    const near = variants([
      { variant: 'a', tokens: 100 },
      { variant: 'b', tokens: 103 },
    ]);
    expect(of(near)?.confidence).toEqual({
      level: 'open',
      words: 'Cannot tell it from a: less than 5 % apart, and each was measured once.',
    });
    const far = variants([
      { variant: 'a', tokens: 100 },
      { variant: 'b', tokens: 230 },
    ]);
    expect(of(far)?.reason).toMatch(/^2\.3× as much as a /);
    expect(of(far)?.confidence).toEqual({ level: 'once', words: 'Each was measured once: how much runs differ is not known.' });
    expect(of(far.slice(0, 1))?.confidence).toEqual({ level: 'alone', words: 'Measured once: how much runs differ is not known.' });
  });

  it('is not a point that looks better than it is, unless there is no other', () => {
    const warm: PointFlag[] = [{ code: 'cache_warm', message: '40 % from the cache' }];
    const rows = variants([
      { variant: 'a', tokens: 100 },
      { variant: 'b', tokens: 230, flags: warm },
    ]);
    expect(of(rows)).toMatchObject({
      where: 'a, 8 concurrent',
      caveats: ['b, 8 concurrent reads better (230), but is doubted: warm cache.'],
    });
    expect(of(rows.slice(1))).toMatchObject({ value: '230', caveats: ['Warm cache: 40 % from the cache.'] });
  });

  it('may be one whose client was at its limit, which is said: the server is at least that fast', () => {
    const flags: PointFlag[] = [{ code: 'client_bound', message: 'its busiest thread was at work 99 % of the time' }];
    const verdict = of(
      variants([
        { variant: 'a', tokens: 100 },
        { variant: 'b', tokens: 230, flags },
      ]),
    );
    expect(verdict).toMatchObject({
      where: 'b, 8 concurrent',
      caveats: ['Client at its limit: its busiest thread was at work 99 % of the time.'],
    });
  });

  it('names who gives most per GPU where that is another', () => {
    const verdict = of(
      variants([
        { variant: 'a', tokens: 100, gpus: 1 },
        { variant: 'b', tokens: 230, gpus: 8 },
      ]),
    );
    expect(verdict?.caveats).toEqual(['Per GPU, a, 8 concurrent gives most: 100 output tok/s.']);
  });

  it('says who was not tried at as low a load, or as high a one', () => {
    const [low, high] = [
      { concurrency: 2, requests: 8 },
      { concurrency: 16, requests: 32 },
    ];
    const run = syntheticRun({
      tasks: [
        { variant: 'a', points: [low, high], speed: { tpotMs: 2, slope: 0.01, ttftMs: 9 } },
        { variant: 'b', points: [low] },
        { variant: 'c', points: [high] },
      ],
    });
    const rows = reportRows([run]).filter(({ variant }) => variant !== 'c');
    expect(of(rows)).toMatchObject({ where: 'a, 16 concurrent', unequal: 'b was not tried beyond 2 concurrent.', caveats: [] });
    const others = reportRows([run]).filter(({ variant }) => variant !== 'b');
    expect(of(others, 'quickest')?.unequal).toBe('c was not tried below 16 concurrent.');
  });

  it('says so of every contender and every question, of cost and under the SLO too', () => {
    const run = syntheticRun({
      tasks: [
        { variant: 'pro', points: [{ concurrency: 64, requests: 64 }], speed: { tpotMs: 2, slope: 0.01, ttftMs: 9 } },
        { variant: 'h100', points: [{ concurrency: 64, requests: 64 }] },
        { variant: 'h200', points: [{ concurrency: 128, requests: 128 }] },
        { variant: 'b200', points: [{ concurrency: 256, requests: 256 }] },
        { variant: 'rate', points: [{ ratePerS: 4, requests: 8 }] },
      ],
    });
    const rows = reportRows([run]).map((row): ReportRow => ({
      ...row,
      slo: { ttftMs: 500 },
      distributions: row.distributions.ttft_ms ? { ttft_ms: { ...row.distributions.ttft_ms, p50: row.variant === 'pro' ? 5 : 50 } } : {},
      scalars: {
        ...row.scalars,
        good_ratio: 1,
        output_throughput: row.variant === 'pro' ? 900 : 100,
        cost_per_mtok_total: row.variant === 'pro' ? 1 : 2,
      },
    }));
    const sentence =
      'h200 was not tried below 128 concurrent; b200 was not tried below 256 concurrent; rate was not tried with a fixed number of concurrent requests.';
    for (const kind of ['fastest', 'quickest', 'cheapest', 'slo'])
      expect(of(rows, kind)).toMatchObject({ where: 'pro, 64 concurrent', unequal: sentence });
    expect(of(rows.slice(0, 2))?.unequal).toBeNull();
  });

  it('are named without what all of one kind of work are called', () => {
    const task = (recipe: string, variant: string, model: string) => ({ recipe, variant, points: [{ requests: 8 }], engine: { model } });
    const run = syntheticRun({
      tasks: [task('glm', 'h100', 'glm'), task('glm', 'h200', 'glm'), task('qwen', 'b200', 'qwen'), task('own', 'b200', 'qwen')],
    });
    const names = verdictsOf(taskGroups(reportRows([run]))).map(({ contest }) => contest.contenders.map(({ name }) => name));
    expect(names).toEqual([
      ['h100', 'h200'],
      ['qwen / b200', 'own / b200'],
    ]);
  });

  it('under an SLO says who has no such limits, and how to ask for them', () => {
    const rows = variants(
      [
        { variant: 'a', tokens: 100, good: 1 },
        { variant: 'b', tokens: 90, good: 1 },
        { variant: 'c', tokens: 80, good: 1 },
      ],
      { slo: { ttftMs: 500 } },
    );
    const [a, b, c] = rows as [ReportRow, ReportRow, ReportRow];
    expect(of(rows, 'slo')?.caveats).toEqual([]);
    expect(of([a, { ...b, slo: null }, c], 'slo')?.caveats).toEqual([
      'b has no such limits and is passed over; bench report --slo asks for limits of all.',
    ]);
    expect(of([a, c, { ...b, slo: null }, { ...b, variant: 'd', taskKey: 'd', slo: { tpotMs: 9 } }], 'slo')?.caveats).toEqual([
      'b and d have no such limits and are passed over; bench report --slo asks for limits of all.',
    ]);
  });

  it('of latency shows p99 beside p50, and who is quicker by that', () => {
    const rows = variants([
      { variant: 'a', tokens: 100 },
      { variant: 'b', tokens: 100 },
    ]).map((row, i): ReportRow => {
      const ttft = row.distributions.ttft_ms;
      return ttft ? { ...row, distributions: { ttft_ms: { ...ttft, p50: i === 0 ? 4300 : 5700, p99: i === 0 ? 492_000 : 68_000 } } } : row;
    });
    const verdict = of(rows, 'quickest');
    expect(verdict).toMatchObject({
      value: '4.3 s',
      unit: 'TTFT p50, p99 8.2 min',
      caveats: ['By p99, b, 8 concurrent is quicker: 68 s.'],
    });
    expect(verdict?.reason).toContain('25 % less than b (5.7 s, p99 68 s at 8 concurrent).');
  });

  it('of cost has intervals from those of the throughput, for the price is one number', () => {
    const rows = variants([
      { variant: 'a', tokens: 100, usd: 2, low: 90, high: 112, repeats: 3 },
      { variant: 'b', tokens: 110, usd: 1.8, low: 100, high: 120, repeats: 3 },
    ]);
    expect(of(rows, 'cheapest')).toMatchObject({
      value: '$1.80',
      confidence: { level: 'open', words: 'Cannot tell it from a: their 95 % intervals overlap.' },
    });
  });
});

describe('under the SLO', () => {
  const slo = { ttftMs: 500, tpotMs: 50 };

  it('is the fastest point at which nine of ten requests meet all limits', () => {
    const rows = variants(
      [
        { variant: 'a', tokens: 100, good: 0.97 },
        { variant: 'b', tokens: 120, good: 0.91 },
        { variant: 'c', tokens: 200, good: 0.89 },
      ],
      { slo },
    );
    expect(of(rows, 'slo')).toMatchObject({ title: 'Best under the SLO', where: 'b, 8 concurrent', value: '120' });
    expect(of(rows, 'slo')?.reason).toContain('91 % of the requests meet TTFT ≤ 500 ms, TPOT ≤ 50 ms.');
  });

  it('is nobody when no point holds it, and unknown when no limits were named', () => {
    const missed = verdictsOf(taskGroups(variants([{ variant: 'a', tokens: 100, good: 0.5 }], { slo })));
    expect(missed[0]?.unanswered).toContain(
      'Best under the SLO (TTFT ≤ 500 ms, TPOT ≤ 50 ms): no point holds it, which is 90 % of the requests within all limits.',
    );
    const none = verdictsOf(taskGroups(variants([{ variant: 'a', tokens: 100 }])));
    expect(none[0]?.unanswered.join(' ')).toContain('no limits were named');
  });

  it('is said to be unknown where of a point it is not known', () => {
    const [bad, open] = variants(
      [
        { variant: 'a', tokens: 100, good: 0.5 },
        { variant: 'b', tokens: 90 },
      ],
      { slo },
    ) as [ReportRow, ReportRow];
    const asked = { from: 'percentiles' as const, share: { low: 0.5, high: 0.99 }, why: 'another tool’s summary has no requests' };
    for (const row of [
      { ...open, distributions: {} },
      { ...open, askedSlo: asked },
      { ...open, slo: null },
    ])
      expect(verdictsOf(taskGroups([bad, row]))[0]?.unanswered).toContain(
        'Best under the SLO (TTFT ≤ 500 ms, TPOT ≤ 50 ms): no point is known to hold it, which is 90 % of the requests within all limits.',
      );
  });
});

/** What vLLM's program of that name wrote. */
const fromVllm = (kind: 'serve' | 'throughput', path: string, tokens: number, counts = { ok: 100, failed: 0 }): ForeignMeasurement => ({
  source: { kind: 'vllm', path },
  recipe: 'model',
  variant: path,
  params: {},
  gpu: { name: 'H100', count: 8 },
  engine: null,
  model: 'org/model',
  system: null,
  recipeText: null,
  data: null,
  result: {
    tool: 'vllm',
    format: 'json',
    kind,
    scalars: { output_throughput: tokens, error_ratio: counts.failed / (counts.ok + counts.failed) },
    distributions: {},
    counts,
    native: {},
    missing: [],
    problems: [],
  },
});

describe('contests', () => {
  it('are of equal work: models are not set against each other', () => {
    const rows = variants(
      [
        { variant: 'a', tokens: 100 },
        { variant: 'b', tokens: 120 },
        { variant: 'c', tokens: 200 },
      ],
      { model: ['big', 'big', 'small'] },
    );
    const contests = verdictsOf(taskGroups(rows));
    expect(contests.map(({ contest }) => [contest.name, contest.contenders.length])).toEqual([
      ['big', 2],
      ['small', 1],
    ]);
    expect(contests[0]?.verdicts[0]?.where).toBe('b, 8 concurrent');
  });

  it('take a sweep whose loads were written as variants for one contender', () => {
    const task = (engine: string, concurrency: number) => ({
      variant: `${engine}-mc${concurrency}`,
      engine: { name: engine, version: '1', model: 'm' },
      points: [{ concurrency, requests: 8 }],
    });
    const run = syntheticRun({ tasks: [task('vllm', 4), task('sglang', 8), task('vllm', 8), task('sglang', 4), task('vllm', 16)] });
    const [contest] = verdictsOf(taskGroups(reportRows([run])));
    expect(contest?.contest.contenders.map(({ name, measured }) => [name, measured.map(({ axis }) => axis?.value)])).toEqual([
      ['vllm 1 on AMD EPYC 7B13, 8 threads', [4, 8, 16]],
      ['sglang 1 on AMD EPYC 7B13, 8 threads', [4, 8]],
    ]);
  });

  it('set points of one task with other prompts, or by another API, not against each other', () => {
    const random = (tokens: number) => ({
      kind: 'random' as const,
      inputTokens: { min: tokens, max: tokens },
      outputTokens: { min: 8, max: 8 },
    });
    const points = [128, 4096].flatMap((tokens) =>
      [1, 2, 4].map((c) => ({ load: { maxConcurrency: c, numPrompts: 8, data: random(tokens) } })),
    );
    const groups = taskGroups(reportRows([syntheticRun({ tasks: [{ variant: 'a', points }] })]));
    const parts = contenders(groups);
    expect(parts.map(({ name, measured }) => [name, measured.map(({ axis }) => axis?.value)])).toEqual([
      ['tiny-cpu / a, random prompts, 128 tokens in, 8 out', [1, 2, 4]],
      ['tiny-cpu / a, random prompts, 4,096 tokens in, 8 out', [1, 2, 4]],
    ]);
    expect(verdictsOf(groups).map(({ contest }) => [contest.name, contest.contenders.length])).toEqual([
      ['random-tiny, random prompts, 128 tokens in, 8 out', 1],
      ['random-tiny, random prompts, 4,096 tokens in, 8 out', 1],
    ]);
    const apis = (['chat', 'completions'] as const).map((api) => ({ load: { api, maxConcurrency: 1, numPrompts: 8, data: random(128) } }));
    const both = contenders(taskGroups(reportRows([syntheticRun({ tasks: [{ variant: 'a', points: apis }] })])));
    expect(both.map(({ name }) => name)).toEqual([
      'tiny-cpu / a, random prompts, 128 tokens in, 8 out, chat',
      'tiny-cpu / a, random prompts, 128 tokens in, 8 out, completions',
    ]);
  });

  it('do not set what another tool did offline against a server', () => {
    const { rows } = buildReport({
      foreign: [fromVllm('serve', 'serve.json', 900), fromVllm('throughput', 'offline.json', 4000)],
    });
    const contests = verdictsOf(taskGroups(rows));
    expect(contests.map(({ contest, verdicts }) => [contest.name, verdicts[0]?.value])).toEqual([
      ['org/model', '900'],
      ['org/model, offline, all at once', '4,000'],
    ]);
  });

  it('crown nothing whose requests failed, of another tool neither, where another answered them', () => {
    const { rows } = buildReport({
      foreign: [
        fromVllm('serve', 'bad.json', 4000, { ok: 10, failed: 990 }),
        fromVllm('serve', 'good.json', 900, { ok: 1000, failed: 0 }),
      ].map((each, i) => ({ ...each, result: { ...each.result, scalars: { ...each.result.scalars, cost_per_mtok_output: i + 1 } } })),
    });
    expect(of(rows)).toMatchObject({
      value: '900',
      caveats: ['bad.json, point 1 reads better (4,000), but is doubted: failed requests.'],
    });
    expect(of(rows, 'cheapest')).toMatchObject({ value: '$2.00' });
    expect(of(rows.slice(0, 1))?.caveats).toEqual(['Failed requests: 990 of 1000 requests failed.']);
  });

  it('crown nothing where nothing was measured', () => {
    expect(verdictsOf(taskGroups(reportRows([syntheticRun({ tasks: [{ points: [], error: 'no' }] })])))).toEqual([]);
    const [mixed] = verdictsOf(taskGroups(reportRows([mixedRun()])));
    expect(mixed?.verdicts.map(({ title }) => title)).toEqual(['Fastest', 'Quickest first token', 'Cheapest']);
  });
});
