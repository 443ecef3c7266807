import { describe, expect, it } from 'vitest';
import { adaptivePoints, loadPoints, parseRecipe, type Task } from './index.ts';

const loads = (benchmark: string) =>
  parseRecipe(`model: {random: tiny}\nbenchmark: {${benchmark}}\n`, { file: '/r/recipe.yaml' }).tasks.flatMap((task) =>
    loadPoints(task).map((point) => point.load),
  );

describe('the load of a point', () => {
  it.each([
    '',
    'num_prompts: 3',
    'duration: 5s',
    'request_rate: 2',
    'dataset: {type: jsonl, path: x.jsonl}',
    'dataset: {type: sonnet}',
    'dataset: {type: hf, path: data, column: question}',
    'slo: {ttft_ms: 5}',
    'slo: {}',
    'stages: [{duration: 5s, request_rate: 1}]',
    'bursts: {size: 5, every: 1s}',
    'dataset: {type: trace, path: t.csv, format: azure}',
    'sweep: {max_concurrency: [1, 2]}',
  ])('has no key without a value: %s', (benchmark) => {
    const found = loads(benchmark);
    expect(found.length).toBeGreaterThan(0);
    for (const load of found) expect(load).toStrictEqual(JSON.parse(JSON.stringify(load)));
  });

  it.each([
    ['{length: 1000, range_ratio: 0.25, meaning: vllm}', { min: 750, max: 1250 }],
    ['{length: 1000, range_ratio: 0.25, meaning: sglang}', { min: 250, max: 1000 }],
    ['{length: 1000, range_ratio: 0, meaning: vllm}', { min: 1000, max: 1000 }],
    ['{length: 1000, range_ratio: 0, meaning: sglang}', { min: 1, max: 1000 }],
  ])('has the lengths that another client draws for %s', (said, range) => {
    for (const load of [...loads(`random_input_len: ${said}`), ...loads(`sweep: {random_input_len: [${said}]}`)])
      expect(load.data).toMatchObject({ inputTokens: range });
  });

  it('has the stages that the recipe gives, ends with the last, and has no cap unless one is set', () => {
    const [load] = loads('stages: [{duration: 1m, request_rate: 0, to_request_rate: 10}, {duration: 30s, request_rate: 10}]');
    expect(load).toMatchObject({ maxConcurrency: null, durationMs: 90_000 });
    expect(load).not.toHaveProperty('numPrompts');
    expect(load?.arrival).toEqual({
      kind: 'stages',
      process: 'poisson',
      stages: [
        { durationMs: 60_000, ratePerS: 0, toRatePerS: 10 },
        { durationMs: 30_000, ratePerS: 10 },
      ],
    });
    const capped = loads('stages: [{duration: 5s, request_rate: 1}], arrival: constant, max_concurrency: 3')[0];
    expect(capped).toMatchObject({ maxConcurrency: 3, arrival: { process: 'constant' } });
  });

  it('has bursts, which end as other loads do', () => {
    const arrival = { kind: 'bursts', size: 5, everyMs: 2000 };
    expect(loads('bursts: {size: 5, every: 2s}')[0]).toMatchObject({ arrival, maxConcurrency: null, numPrompts: 256 });
    expect(loads('bursts: {size: 5, every: 2s}, duration: 1m')[0]).toMatchObject({ arrival, durationMs: 60_000 });
  });

  it('has stages of the concurrency, whose highest is the cap and whose end is the point’s', () => {
    const stages = '[{duration: 1m, max_concurrency: 0, to_max_concurrency: 32}, {duration: 30s, max_concurrency: 16}]';
    const [load] = loads(`concurrency_stages: ${stages}`);
    expect(load).toMatchObject({ maxConcurrency: 32, durationMs: 90_000, warmupRequests: 8 });
    expect(load).not.toHaveProperty('numPrompts');
    expect(load?.arrival).toEqual({
      kind: 'closed',
      stages: [
        { durationMs: 60_000, concurrency: 0, toConcurrency: 32 },
        { durationMs: 30_000, concurrency: 16 },
      ],
    });
  });

  it('has groups that share prefixes', () => {
    const data = (yaml: string) => loads(`shared_prefix: 100, ${yaml}`)[0]?.data;
    expect(data('prefix_groups: 5')).toMatchObject({ sharedPrefixTokens: 100, prefixGroups: { count: 5, exponent: 1 } });
    expect(data('prefix_groups: {count: 5, zipf: 0}')).toMatchObject({ prefixGroups: { count: 5, exponent: 0 } });
    expect(data('num_prompts: 3')).not.toHaveProperty('prefixGroups');
  });

  it('mixes classes of requests', () => {
    const classes =
      '[{name: chat, weight: 3, random_input_len: 100, slo: {ttft_ms: 200}}, {name: b, model: adapter, random_output_len: {min: 1, max: 5}}]';
    expect(loads(`classes: ${classes}`)[0]?.classes).toEqual([
      { name: 'chat', weight: 3, inputTokens: { min: 100, max: 100 }, slo: { ttftMs: 200 } },
      { name: 'b', weight: 1, model: 'adapter', outputTokens: { min: 1, max: 5 } },
    ]);
    expect(loads('num_prompts: 3')[0]).not.toHaveProperty('classes');
  });

  it('has images of one size, or of many', () => {
    const size = (min: number, max = min) => ({ min, max });
    expect(loads('images: {width: 512, height: 256}')[0]?.images).toEqual({ perRequest: size(1), width: size(512), height: size(256) });
    expect(loads('images: {per_request: {min: 1, max: 3}, width: {min: 8, max: 64}, height: 8}')[0]?.images).toEqual({
      perRequest: size(1, 3),
      width: size(8, 64),
      height: size(8),
    });
    expect(loads('num_prompts: 3')[0]).not.toHaveProperty('images');
  });

  it('has the tokenizer of the recipe’s folder, or one that is elsewhere', () => {
    expect(loads('tokenizer: tokenizer.json')[0]?.tokenizer).toMatch(/^\/.*\/tokenizer\.json$/);
    expect(loads('tokenizer: /elsewhere/tokenizer.json')[0]?.tokenizer).toBe('/elsewhere/tokenizer.json');
    expect(loads('num_prompts: 3')[0]).not.toHaveProperty('tokenizer');
  });

  it('holds conversations', () => {
    const of = (yaml: string) => loads(`conversations: ${yaml}`)[0]?.conversations;
    expect(of('{turns: 4}')).toEqual({ turns: { min: 4, max: 4 }, history: 'answers' });
    expect(of('{turns: {min: 2, max: 6}, random_input_len: 50, think_time: 1.5s, history: synthetic}')).toEqual({
      turns: { min: 2, max: 6 },
      inputTokens: { min: 50, max: 50 },
      thinkTime: { meanMs: 1500, distribution: 'constant' },
      history: 'synthetic',
    });
    expect(of('{turns: 2, think_time: {mean: 5s, distribution: exponential}}')?.thinkTime).toEqual({
      meanMs: 5000,
      distribution: 'exponential',
    });
    expect(loads('num_prompts: 3')[0]).not.toHaveProperty('conversations');
  });

  it('gives requests up after a part of their answer, or after a time', () => {
    expect(loads('cancel: {ratio: 0.1}')[0]?.cancel).toEqual({ ratio: 0.1 });
    expect(loads('cancel: {ratio: 0.1, after: 2s}')[0]?.cancel).toEqual({ ratio: 0.1, afterMs: { min: 2000, max: 2000 } });
    expect(loads('cancel: {ratio: 0.1, after: {min: 500ms, max: 5}}')[0]?.cancel?.afterMs).toEqual({ min: 500, max: 5000 });
    expect(loads('num_prompts: 3')[0]).not.toHaveProperty('cancel');
  });

  it('replays a trace to its end, unless it says how many or how long', () => {
    const trace = 'dataset: {type: trace, path: t.jsonl, format: mooncake, speed: 2}';
    const [load] = loads(trace);
    expect(load).toMatchObject({
      arrival: { kind: 'trace', speed: 2 },
      data: { kind: 'trace', path: '/r/t.jsonl', format: 'mooncake' },
      maxConcurrency: null,
    });
    expect([load?.numPrompts, load?.durationMs]).toEqual([undefined, undefined]);
    expect(loads(`${trace}, num_prompts: 9`)[0]?.numPrompts).toBe(9);
    expect(loads(`${trace}, duration: 9s, max_concurrency: 4`)[0]).toMatchObject({ durationMs: 9000, maxConcurrency: 4 });
  });

  it('has the limits of goodput that the recipe gives, and no others', () => {
    expect(Object.keys(loads('')[0]?.slo ?? { missing: 1 })).toEqual([]);
    expect(loads('slo: {ttft_ms: 5, e2el_ms: 9}')[0]?.slo).toStrictEqual({ ttftMs: 5, e2elMs: 9 });
  });
});

describe('points that follow from one another', () => {
  const adaptive = (benchmark: string) => {
    const [task] = parseRecipe(`model: {random: tiny}\nbenchmark: {${benchmark}}\n`, { file: '/r/recipe.yaml' }).tasks;
    return { points: adaptivePoints(task as Task), first: loadPoints(task as Task).map(({ load }) => load) };
  };

  it('are those of a search: the first load is known, and how many there are at most', () => {
    const { points, first } = adaptive('search: {max: concurrency, slo: {ttft_p99_ms: 500}, from: 4, to: 64, max_points: 9}');
    expect(points).toMatchObject({ kind: 'search', axis: 'concurrency', from: 4, to: 64, repeats: 3, mostPoints: 9 });
    expect(first).toEqual([points?.load(4)]);
    expect(points?.load(8)).toMatchObject({ maxConcurrency: 8, numPrompts: 256, arrival: { kind: 'closed' } });
    // Four rounds at least.
    expect(points?.load(100)).toMatchObject({ maxConcurrency: 100, numPrompts: 400 });
  });

  it('are open loops where a rate is searched, which is kept up for 20 seconds at least', () => {
    const { points } = adaptive('search: {max: rate, slo: {goodput: 0.9}}, slo: {ttft_ms: 100}, max_concurrency: 50');
    expect(points?.load(2)).toMatchObject({ maxConcurrency: 50, numPrompts: 256, arrival: { kind: 'poisson', ratePerS: 2 } });
    expect(points?.load(20.5)).toMatchObject({ numPrompts: 410, arrival: { ratePerS: 20.5 } });
    const timed = adaptive('search: {max: rate, slo: {goodput: 0.9}}, slo: {ttft_ms: 100}, arrival: constant, duration: 60s').points;
    expect(timed?.load(20)).toMatchObject({ durationMs: 60_000, arrival: { kind: 'constant' }, maxConcurrency: null });
    expect(timed?.load(20)).not.toHaveProperty('numPrompts');
  });

  it('are those of "sweep: auto", up to max_concurrency', () => {
    expect(adaptive('sweep: auto').points).toMatchObject({ kind: 'curve', axis: 'concurrency', from: 1, to: 1024, mostPoints: 13 });
    const { points, first } = adaptive('sweep: auto, max_concurrency: 48, repeats: 2, num_prompts: 10');
    expect(points).toMatchObject({ to: 48, repeats: 2, mostPoints: 18 });
    expect(first[0]).toMatchObject({ maxConcurrency: 1, numPrompts: 10 });
    expect(adaptive('sweep: {max_concurrency: [1, 2]}').points).toBeNull();
  });
});
