import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { percentile, pointResultSchema, requestRecordSchema, seedOf, seriesRowSchema, type LoadSpecInput } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { runLoad, summarizeRecords, type Calibration, type LoadProgress, type LoadResult, type RunLoadOptions } from './index.ts';
import type { TestServer } from './testing/index.ts';
import { afterwards, serve } from './testing/serve.fixture.ts';

const random = (input: number, output: number, over = {}) => ({
  kind: 'random' as const,
  inputTokens: { min: input, max: input },
  outputTokens: { min: output, max: output },
  ...over,
});

function run(server: TestServer, load: Partial<LoadSpecInput> = {}, over: Partial<RunLoadOptions> = {}) {
  return runLoad({
    baseUrl: server.url,
    model: 'test',
    load: { data: random(50, 8), maxConcurrency: 4, numPrompts: 12, seed: 9, ...load },
    ...over,
  });
}

/** For servers that count alike: what the first run learnt serves the others. */
let known: Calibration | undefined;
async function quick(server: TestServer, load: Partial<LoadSpecInput> = {}, over: Partial<RunLoadOptions> = {}) {
  const result = await run(server, load, { calibration: known, ...over });
  known ??= result.calibration;
  return result;
}

describe('runLoad, closed loop', () => {
  it('sends what was asked, keeps every request, and agrees with the schemas', async () => {
    const server = await serve({ ttftMs: 10, gapMs: 2 });
    const { summary, records, gaps, series } = await quick(server, { warmupRequests: 3 });
    expect(summary.counts).toEqual({ sent: 12, ok: 12, failed: 0, cancelled: 0, warmup: 3 });
    expect(pointResultSchema.parse({ ...summary, point: 0, repeat: 0 }).scalars.total_output_tokens).toBe(96);
    expect(records.map((r) => requestRecordSchema.parse(r).index)).toEqual(Array.from({ length: 15 }, (_, i) => i));
    expect(records.slice(0, 3).every((r) => r.phase === 'warmup')).toBe(true);
    expect(gaps.map((g) => g.gapsMs.length)).toEqual(Array<number>(12).fill(7));
    expect(series.reduce((sum, row) => sum + seriesRowSchema.parse(row).done, 0)).toBe(12);
    expect(summary.scalars.peak_concurrency).toBe(4);
    expect(summary.tokenSources).toEqual({ prompt: 'server_usage', output: 'server_usage' });
  });

  it('has times in order, and warm-up over before zero', async () => {
    const { records } = await quick(await serve({ gapMs: 1, reasoningTokens: 3 }), { warmupRequests: 2 });
    for (const r of records) {
      const times = [r.intendedMs, r.sentMs, r.firstByteMs, r.firstEventMs, r.firstTokenMs, r.firstAnswerMs, r.lastTokenMs, r.endMs];
      expect(times.every((t) => t !== null)).toBe(true);
      expect([...times].sort((a, b) => (a as number) - (b as number))).toEqual(times);
      if (r.phase === 'warmup') expect(r.endMs).toBeLessThan(0);
      else expect(r.intendedMs).toBeGreaterThanOrEqual(0);
      expect(r.reasoningTokens).toBe(3);
      expect(r.finishReason).toBe('length');
    }
  });

  it('sees what the server did, and never before it did it', async () => {
    const server = await serve({ ttftMs: 30, gapMs: 10 });
    const { records, gaps } = await quick(server, { numPrompts: 8 });
    const truths = new Map(server.truth().map((t) => [Number(t.id.split('-')[1]), t]));
    for (const r of records) {
      const truth = truths.get(r.index);
      expect(truth?.outputTokens).toBe(r.outputTokens);
      expect(truth?.promptTokens).toBe(r.promptTokens);
      const writes = truth?.writesMs ?? [];
      // Same clock on both sides, the point's zero apart: seen by the client after being written, in every chunk.
      const zero = (truth?.receivedMs ?? 0) - r.sentMs;
      expect(r.firstTokenMs as number).toBeGreaterThan(r.sentMs + 25);
      expect(zero).toBeGreaterThan(0);
      const span = gaps.find((g) => g.index === r.index)?.gapsMs.reduce((a, b) => a + b, 0) ?? 0;
      expect(span).toBeCloseTo((r.lastTokenMs as number) - (r.firstTokenMs as number), 1);
      expect(writes).toHaveLength(r.chunks);
      // The role before the first token, the finish reason alone after the last.
      expect([r.eventsBefore, r.eventsAfter]).toEqual([1, 1]);
      expect(r.lastEventMs as number).toBeGreaterThanOrEqual(r.lastTokenMs as number);
    }
  });

  it('gives the same summary from its records as it gave', async () => {
    const { summary, records, gaps } = await quick(await serve({ gapMs: 1 }));
    const again = summarizeRecords({
      load: summary.load,
      records: JSON.parse(JSON.stringify(records)),
      gaps,
      startedAt: summary.startedAt,
      client: summary.client,
      templateTokens: 10,
    });
    expect(again).toEqual(summary);
  });

  it('counts chunks of several tokens, and knows that gaps of a coalesced stream are not the server’s', async () => {
    const several = await quick(await serve({ tokensPerChunk: 4, gapMs: 2 }));
    expect(several.summary.scalars.tokens_per_chunk).toBe(4);
    const coalesced = await quick(await serve({ coalesce: true }));
    expect(coalesced.records.every((r) => r.chunks === 8 && r.reads === 1)).toBe(true);
    expect(coalesced.summary.flags.map((f) => f.code)).toContain('coalesced');
    const each = coalesced.series.flatMap((row) => (row.client ?? []).map((c) => c.eventsPerRead)).filter((n) => n !== null);
    expect(new Set(each)).toEqual(new Set([8]));
  });

  it('knows second by second what each of its threads was at', async () => {
    const { series } = await quick(await serve({ ttftMs: 300, gapMs: 20 }), {}, { workers: 2 });
    const seen = series.map((row) => seriesRowSchema.parse(row).client ?? []);
    expect(new Set(seen.flat().map(({ worker }) => worker))).toEqual(new Set([0, 1]));
    for (const { wallMs, elu, scheduleLagP99Ms } of seen.flat()) {
      expect(wallMs).toBeGreaterThan(0);
      expect(elu >= 0 && elu <= 1).toBe(true);
      expect(scheduleLagP99Ms).toBeNull();
    }
  });

  it('reads streams with CRLF, and cut anywhere', async () => {
    const { summary, records } = await quick(await serve({ lineEnd: '\r\n', pieceBytes: 7 }), { numPrompts: 4 });
    expect(summary.counts.ok).toBe(4);
    expect(records.every((r) => r.chunks === 8)).toBe(true);
  });

  it('keeps connections, one for each slot', async () => {
    const { records } = await quick(await serve(), { numPrompts: 40 });
    expect(records.filter((r) => r.connection === 'new').length).toBeLessThanOrEqual(4);
  });

  it('stops sending after its duration and waits for what is in flight', async () => {
    const { summary, records } = await quick(await serve({ ttftMs: 20, gapMs: 5 }), { numPrompts: undefined, durationMs: 400 });
    expect(summary.counts.sent).toBeGreaterThanOrEqual(4);
    expect(summary.counts.ok).toBe(summary.counts.sent);
    expect(records.every((r) => r.intendedMs < 400)).toBe(true);
  });

  it('does the same with several workers', async () => {
    const server = await serve({ keepPrompts: true });
    const prompts = () =>
      server
        .truth()
        .splice(0)
        .filter((t) => t.id !== '')
        .map((t) => `${t.id} ${t.prompt?.join()}`)
        .sort();
    const one = await quick(server, { warmupRequests: 2, maxConcurrency: 5 }, { workers: 1 });
    const fromOne = prompts();
    const three = await quick(server, { warmupRequests: 2, maxConcurrency: 5 }, { workers: 3 });
    expect(prompts()).toEqual(fromOne);
    expect(fromOne).toHaveLength(14);
    expect(three.summary.client?.workers).toBe(3);
    expect(new Set(three.records.map((r) => r.worker)).size).toBe(3);
    expect(three.summary.counts).toEqual(one.summary.counts);
    expect(three.summary.scalars.peak_concurrency).toBeLessThanOrEqual(5);
  });

  it('reports progress from preparing to done', async () => {
    const seen: LoadProgress[] = [];
    await quick(await serve({ ttftMs: 50, gapMs: 20 }), { warmupRequests: 1 }, { onProgress: (p) => seen.push(p) });
    const phases = seen.map((p) => p.phase).filter((phase, i, all) => phase !== all[i - 1]);
    expect(phases).toEqual(['preparing', 'warmup', 'measuring', 'draining', 'done']);
    expect(seen.at(-1)).toMatchObject({ sent: 12, done: 12, failed: 0, inFlight: 0, total: 12, etaMs: 0 });
    for (const p of seen) expect(p.sent).toBe(p.done + p.failed + p.inFlight);
  });
});

describe('runLoad, open loop', () => {
  it('sends on its schedule, whatever the server does', async () => {
    const { summary, records } = await quick(await serve({ ttftMs: 300 }), {
      arrival: { kind: 'constant', ratePerS: 100 },
      maxConcurrency: null,
      numPrompts: 30,
    });
    expect(records.map((r) => Math.round(r.intendedMs))).toEqual(Array.from({ length: 30 }, (_, i) => i * 10));
    expect(records.every((r) => r.sentMs >= r.intendedMs)).toBe(true);
    expect(summary.scalars.peak_concurrency).toBeGreaterThan(10);
    expect(summary.client?.scheduleLagP99Ms).not.toBeNull();
  });

  it('with a cap keeps arrivals waiting in the client, and says how long', async () => {
    const { summary } = await quick(await serve({ ttftMs: 60 }), {
      arrival: { kind: 'poisson', ratePerS: 200 },
      maxConcurrency: 2,
      numPrompts: 20,
    });
    expect(summary.counts.ok).toBe(20);
    expect(summary.scalars.peak_concurrency).toBeLessThanOrEqual(2);
    expect(summary.distributions.queue_ms?.max).toBeGreaterThan(200);
    const { ttft_ms: ttft, ttft_intended_ms: intended, queue_ms: queue } = summary.distributions;
    expect(intended?.mean).toBeCloseTo((ttft?.mean ?? 0) + (queue?.mean ?? 0), 3);
    expect(summary.flags.map((f) => f.code)).toContain('rate_missed');
  });

  it('has the same arrivals for any number of workers', async () => {
    const server = await serve();
    const load = { arrival: { kind: 'gamma', ratePerS: 200, burstiness: 0.5 }, maxConcurrency: null, numPrompts: 25 } as const;
    const one = await quick(server, load, { workers: 1 });
    const two = await quick(server, load, { workers: 2 });
    // On the point's clock to the nanosecond, give or take the rounding of a large number.
    for (const [i, r] of two.records.entries()) expect(r.intendedMs).toBeCloseTo(one.records[i]?.intendedMs as number, 3);
  });
});

describe('runLoad, prompts', () => {
  it.each([
    ['chat', 'words'],
    ['chat', 'pieces'],
    ['chat', 'merging'],
    ['completions', 'words'],
    ['completions', 'pieces'],
    ['completions', 'merging'],
  ] as const)('are of exact length by the server’s count: %s, tokenizer "%s"', async (api, tokenizer) => {
    const server = await serve({ tokenizer });
    const data = { kind: 'random', inputTokens: { min: 40, max: 300 }, outputTokens: { min: 2, max: 9 } } as const;
    const { records, summary } = await run(server, { api, data, numPrompts: 40 });
    for (const r of records) {
      expect(r.promptTokens).toBe(r.requestedPromptTokens);
      expect(r.outputTokens).toBe(r.requestedOutputTokens);
    }
    expect(new Set(records.map((r) => r.promptTokens)).size).toBeGreaterThan(10);
    expect(Math.min(...records.map((r) => r.promptTokens as number))).toBeGreaterThanOrEqual(40);
    expect(summary.flags.map((f) => f.code)).not.toContain('prompt_length');
  });

  it.each([
    ['text', 'pieces'],
    ['content', 'pieces'],
    ['content', 'merging'],
  ] as const)('are exact with a tokenizer that knows no chat template: "%s", "%s"', async (tokenize, tokenizer) => {
    const { records, calibration } = await run(await serve({ tokenize, tokenizer }), {
      data: { kind: 'random', inputTokens: { min: 60, max: 200 }, outputTokens: { min: 2, max: 2 } },
    });
    expect(records.every((r) => r.promptTokens === r.requestedPromptTokens)).toBe(true);
    // The template's 11 tokens, and none for the BOS that plain prompts have in its place.
    if (tokenizer === 'pieces') expect(calibration.templateTokens).toBe(11);
  });

  it('are learnt from usage where there is no tokenizer', async () => {
    const { records } = await run(await serve({ tokenize: false }), { data: random(128, 4) });
    expect(records.map((r) => r.promptTokens)).toEqual(Array<number>(12).fill(128));
    const { summary } = await run(await serve({ tokenize: false, tokenizer: 'pieces' }), { data: random(400, 4) });
    const total = summary.scalars.total_input_tokens ?? 0;
    expect(Math.abs(total / (12 * 400) - 1)).toBeLessThan(0.1);
  });

  it('are flagged when the server counts them otherwise', async () => {
    // Neither a tokenizer nor usage for the two small requests: only a guess is left, and the truth comes with the answers.
    const { summary } = await run(await serve({ tokenize: false, tokenizer: 'pieces', misbehave: [null], refuse: [] }), {
      data: random(20, 4),
    });
    const off = summary.flags.find((f) => f.code === 'prompt_length');
    expect(off?.message).toMatch(/asked 20, got \d+/);
  });

  it('go as token ids where the server takes them, none of them special', async () => {
    const server = await serve({ keepPrompts: true });
    const { records } = await run(server, { api: 'completions', data: random(77, 4) }, { server: { tokenIdPrompts: true } });
    expect(records.every((r) => r.promptTokens === 77 && r.requestedPromptTokens === 77)).toBe(true);
    const sent = server.truth().filter((t) => t.id !== '');
    expect(sent.every((t) => t.prompt?.length === 77 && t.prompt.every((id) => id >= 100))).toBe(true);
  });

  it('share no beginning over warm-ups, points and repeats', async () => {
    const server = await serve({ keepPrompts: true });
    for (const point of [0, 1]) {
      for (const repeat of [0, 1]) {
        const seed = seedOf('r123456789', 'task', point, repeat);
        await run(server, { seed, warmupRequests: 4, data: random(64, 2), numPrompts: 20 });
      }
    }
    // What calibration sends is in it too.
    const beginnings = server.truth().map((t) => t.prompt?.slice(0, 8).join());
    expect(beginnings.length).toBeGreaterThanOrEqual(4 * 24);
    expect(new Set(beginnings).size).toBe(beginnings.length);
  });

  it('need no second calibration of the same server', async () => {
    const server = await serve();
    const first = await run(server, {}, {});
    const before = server.tokenized();
    const second = await run(server, { seed: 10 }, { calibration: first.calibration });
    expect(before).toBeGreaterThan(0);
    expect(server.tokenized()).toBe(before);
    expect(second.records.every((r) => r.promptTokens === 50)).toBe(true);
  });

  it('share exactly what was asked to be shared', async () => {
    const server = await serve({ keepPrompts: true, templateTokens: 0 });
    const { summary } = await run(server, { data: random(60, 2, { sharedPrefixTokens: 30 }), warmupRequests: 2 });
    const prompts = server
      .truth()
      .filter((t) => t.id !== '')
      .map((t) => t.prompt ?? []);
    expect(prompts.every((p) => p.length === 60)).toBe(true);
    expect(new Set(prompts.map((p) => p.slice(0, 30).join())).size).toBe(1);
    expect(new Set(prompts.map((p) => p.slice(30, 38).join())).size).toBe(14);
    expect(summary.flags.map((f) => f.code)).not.toContain('prompt_length');
  });

  it.each([
    ['words', {}],
    ['merging', {}],
    ['ids', { api: 'completions' as const }],
  ])('share a prefix within groups, the same for any number of workers: %s', async (kind, over) => {
    const server = await serve({ keepPrompts: true, templateTokens: 0, ...(kind === 'merging' ? { tokenizer: 'merging' as const } : {}) });
    const load = {
      ...over,
      data: random(60, 2, { sharedPrefixTokens: 30, prefixGroups: { count: 4, exponent: 1 } }),
      numPrompts: 60,
      maxConcurrency: 6,
    };
    const prompts = async (workers: number) => {
      const { summary } = await run(server, load, { workers, server: { tokenIdPrompts: kind === 'ids' } });
      expect(summary.flags.map((f) => f.code)).not.toContain('prompt_length');
      const sent = server
        .truth()
        .splice(0)
        .filter((t) => t.id !== '');
      return sent.sort((a, b) => Number(a.id.split('-')[1]) - Number(b.id.split('-')[1])).map((t) => t.prompt ?? []);
    };
    const one = await prompts(1);
    expect(one.every((p) => p.length === 60)).toBe(true);
    // The first words of a prefix are the same tokens however the rest of the prompt was made to fit.
    const beginnings = one.map((p) => p.slice(0, 20).join());
    const groups = new Map<string, number>();
    for (const beginning of beginnings) groups.set(beginning, (groups.get(beginning) ?? 0) + 1);
    expect(groups.size).toBe(4);
    // 12 of 25 are of the first, 3 of the last: of 60 for this seed.
    expect(Math.max(...groups.values())).toBeGreaterThan(20);
    expect(new Set(one.map((p) => p.join())).size).toBe(60);
    expect(await prompts(3)).toEqual(one);
  });

  it('are corrected too when they are made while running', async () => {
    // Eight are made before the start of two slots; the others while it runs.
    const { records } = await run(await serve({ tokenizer: 'merging', ttftMs: 40 }), {
      data: { kind: 'random', inputTokens: { min: 40, max: 300 }, outputTokens: { min: 2, max: 2 } },
      maxConcurrency: 2,
      numPrompts: undefined,
      durationMs: 700,
    });
    expect(records.length).toBeGreaterThan(8);
    expect(records.filter((r) => r.promptTokens !== r.requestedPromptTokens)).toEqual([]);
    expect(records.every((r) => r.status === 'ok')).toBe(true);
  });

  it('of a file are flagged when they are sent again, and start elsewhere in it for another seed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'loadgen-'));
    afterwards(() => rm(folder, { recursive: true }));
    const path = join(folder, 'prompts.jsonl');
    const lines = Array.from({ length: 10 }, (_, i) =>
      JSON.stringify({
        prompt: Array<string>(i + 1)
          .fill('word')
          .join(' '),
      }),
    );
    await writeFile(path, lines.join('\n'));
    const server = await serve();
    const load = { data: { kind: 'jsonl' as const, path, outputTokens: { min: 2, max: 2 } }, warmupRequests: 2 };
    const codes = (result: LoadResult) => result.summary.flags.map((f) => f.code);
    const once = await quick(server, { ...load, numPrompts: 8 });
    expect(codes(once)).not.toContain('prompts_repeated');
    const sent = (result: LoadResult) => result.records.map((r) => r.promptTokens);
    expect(new Set(sent(once)).size).toBe(10);
    const other = await quick(server, { ...load, numPrompts: 8, seed: 10 });
    expect(sent(other)).not.toEqual(sent(once));
    expect(new Set(sent(other))).toEqual(new Set(sent(once)));
    const again = await quick(server, { ...load, numPrompts: 9 });
    expect(again.summary.flags.find((f) => f.code === 'prompts_repeated')?.message).toMatch(/11 requests.*10 prompts/);
  });

  it('come from files', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'loadgen-'));
    afterwards(() => rm(folder, { recursive: true }));
    const jsonl = join(folder, 'prompts.jsonl');
    await writeFile(
      jsonl,
      '{"prompt": "one two three", "output_tokens": 3}\n\n{"messages": [{"role": "user", "content": "four five"}], "max_tokens": 5}\n',
    );
    const server = await serve({ keepPrompts: true });
    const fromJsonl = await run(server, { data: { kind: 'jsonl', path: jsonl }, numPrompts: 4 });
    expect(fromJsonl.records.map((r) => `${r.promptTokens}/${r.outputTokens}`).sort()).toEqual(['13/5', '13/5', '14/3', '14/3']);

    const sharegpt = join(folder, 'share.json');
    const turns = [
      { from: 'human', value: 'what is it' },
      { from: 'gpt', value: 'it is a small thing' },
    ];
    await writeFile(sharegpt, JSON.stringify([{ conversations: turns }, { conversations: [] }]));
    const fromShare = await run(server, { data: { kind: 'sharegpt', path: sharegpt }, numPrompts: 2 });
    expect(fromShare.records.map((r) => [r.promptTokens, r.outputTokens])).toEqual([
      [14, 5],
      [14, 5],
    ]);

    await writeFile(jsonl, '{"prompt": "x"}\n{"question": "y"}\n');
    await expect(run(server, { data: { kind: 'jsonl', path: jsonl } })).rejects.toMatchObject({
      code: 'BENCH_DATASET',
      message: expect.stringContaining('prompts.jsonl:2'),
    });
    await expect(run(server, { data: { kind: 'jsonl', path: join(folder, 'none') } })).rejects.toMatchObject({ code: 'BENCH_DATASET' });
  });
});

describe('runLoad, other ways to ask', () => {
  it('measures answers that are not streamed', async () => {
    const { summary, records } = await quick(await serve({ ttftMs: 20 }), { stream: false });
    expect(summary.counts.ok).toBe(12);
    expect(records.every((r) => r.firstTokenMs === null && r.endMs !== null && r.outputTokens === 8)).toBe(true);
    expect(summary.distributions.ttft_ms).toBeUndefined();
    expect(summary.distributions.e2el_ms?.count).toBe(12);
  });

  it('measures embeddings', async () => {
    const { summary, records } = await run(await serve({ ttftMs: 20 }), { api: 'embeddings' });
    expect(summary.counts.ok).toBe(12);
    expect(records.every((r) => r.promptTokens === 50 && r.outputTokens === null && r.firstTokenMs === null)).toBe(true);
    expect(summary.scalars.input_throughput).toBeGreaterThan(0);
    expect(summary.scalars.output_throughput).toBeUndefined();
    expect(summary.flags.map((f) => f.code)).not.toContain('token_source');
  });

  it('sends its key, and what the load adds to bodies', async () => {
    const server = await serve({ apiKey: 'sesame-open' });
    const closed = await run(server, { numPrompts: 2 });
    expect(closed.summary.errors).toEqual({ http_4xx: 2 });
    const { summary } = await run(server, { numPrompts: 2, extraBody: { max_tokens: 3 } }, { apiKey: 'sesame-open' });
    expect(summary.counts.ok).toBe(2);
    expect(summary.scalars.total_output_tokens).toBe(6);
  });

  it('flags a cache that was warm, and outputs that are short', async () => {
    const { summary } = await quick(await serve({ cachedTokens: 40, stopAfter: 4 }));
    expect(summary.scalars.cached_ratio).toBeCloseTo(0.8);
    expect(summary.flags.map((f) => f.code)).toEqual(expect.arrayContaining(['cache_warm', 'short_output']));
  });

  it('refuses a load that cannot be run', async () => {
    const server = await serve();
    await expect(run(server, { numPrompts: undefined })).rejects.toMatchObject({
      code: 'BENCH_LOAD',
      message: expect.stringContaining('no end'),
    });
    await expect(run(server, { maxConcurrency: null })).rejects.toMatchObject({ code: 'BENCH_LOAD' });
    await expect(run(server, { maxConcurrency: 0 })).rejects.toMatchObject({
      code: 'BENCH_LOAD',
      message: expect.stringContaining('maxConcurrency'),
    });
    await expect(run(server, {}, { baseUrl: 'localhost:8000' })).rejects.toMatchObject({ code: 'BENCH_LOAD_URL' });
  });
});

describe('runLoad, interrupted', () => {
  it('keeps what is done, cancels what is in flight, and says so', async () => {
    const server = await serve({ ttftMs: 20, gapMs: 10, misbehave: [null, null, null, null, null, { kind: 'stall', after: 2 }] });
    const stop = new AbortController();
    const { summary, records } = await run(
      server,
      { numPrompts: 500 },
      {
        signal: stop.signal,
        onProgress: (p) => {
          if (p.done >= 5) stop.abort();
        },
      },
    );
    expect(summary.counts.ok).toBeGreaterThanOrEqual(5);
    expect(summary.counts.cancelled).toBeGreaterThan(0);
    expect(summary.counts.sent).toBeLessThan(500);
    expect(summary.counts.sent).toBe(summary.counts.ok + summary.counts.failed + summary.counts.cancelled);
    expect(records.filter((r) => r.status === 'cancelled').every((r) => r.error?.class === 'cancelled')).toBe(true);
    expect(summary.flags.map((f) => f.code)).toContain('interrupted');
    expect(summary.errors).toEqual({});
  });

  it('stops an open loop between arrivals, and a run that has not begun', async () => {
    const server = await serve();
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    const open = await run(
      server,
      { arrival: { kind: 'constant', ratePerS: 2 }, maxConcurrency: null, numPrompts: 100 },
      { signal: stop.signal },
    );
    expect(open.summary.counts.sent).toBeLessThan(10);
    expect(open.summary.flags.map((f) => f.code)).toContain('interrupted');
    const never = await quick(server, { warmupRequests: 3 }, { signal: AbortSignal.abort() });
    expect(never.summary.counts).toEqual({ sent: 0, ok: 0, failed: 0, cancelled: 0, warmup: 0 });
    expect(percentile([], 50)).toBeNaN();
  });
});
