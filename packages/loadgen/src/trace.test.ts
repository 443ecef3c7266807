import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSpecSchema, type LoadSpecInput, type TraceFormat } from '@bench/core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runLoad, splitLoad, type Calibration } from './index.ts';

import { startTestServer, type TestServer } from './testing/index.ts';
import { readTrace, type ReadTraceOptions } from './trace.ts';

let folder: string;
const cleanups: (() => Promise<void>)[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-trace-'));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function file(text: string): Promise<string> {
  const path = join(folder, 'trace');
  await writeFile(path, text);
  return path;
}
const read = async (format: TraceFormat, text: string, over: Partial<ReadTraceOptions> = {}) =>
  await readTrace({ path: await file(text), format, speed: 1, ...over });

const MOONCAKE = [
  { timestamp: 7000, input_length: 1100, output_length: 4, hash_ids: [0, 1, 2] },
  { timestamp: 7020, input_length: 1500, output_length: 5, hash_ids: [0, 1, 3] },
  { timestamp: 7020, input_length: 600, output_length: 6, hash_ids: [9] },
  { timestamp: 7060, input_length: 40, output_length: 7 },
  { timestamp: 7080, input_length: 700, output_length: 1, hash_ids: [0, 4] },
]
  .map((line) => JSON.stringify(line))
  .join('\n');

describe('a trace', () => {
  it('of Mooncake has milliseconds, lengths and block ids', async () => {
    expect(await read('mooncake', `${MOONCAKE}\n`)).toEqual([
      { atMs: 0, inputTokens: 1100, outputTokens: 4, blocks: [0, 1, 2] },
      { atMs: 20, inputTokens: 1500, outputTokens: 5, blocks: [0, 1, 3] },
      { atMs: 20, inputTokens: 600, outputTokens: 6, blocks: [9] },
      { atMs: 60, inputTokens: 40, outputTokens: 7, blocks: [] },
      { atMs: 80, inputTokens: 700, outputTokens: 1, blocks: [0, 4] },
    ]);
  });

  it('of Azure has dates of seven digits, with an offset or without', async () => {
    const of = async (a: string, b: string) =>
      (await read('azure', `TIMESTAMP,ContextTokens,GeneratedTokens\r\n${a},4808,10\r\n${b},110,27\r\n`)).map((r) => [
        r.atMs,
        r.inputTokens,
        r.outputTokens,
      ]);
    expect(await of('2023-11-16 18:17:03.9799600', '2023-11-16 18:17:04.0319600')).toEqual([
      [0, 4808, 10],
      [expect.closeTo(52, 2), 110, 27],
    ]);
    expect(await of('2024-05-10 23:59:59.5+00:00', '2024-05-11 00:00:01+00:00')).toEqual([
      [0, 4808, 10],
      [1500, 110, 27],
    ]);
  });

  it('of BurstGPT has seconds, and leaves out what had failed', async () => {
    const text = 'Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n';
    const rows = '5,ChatGPT,472,18,490,Conversation log\n45,GPT-4,1087,0,1087,API log\n118,GPT-4,417,276,693,API log\n';
    expect((await read('burstgpt', text + rows)).map((r) => [r.atMs, r.inputTokens, r.outputTokens])).toEqual([
      [0, 472, 18],
      [113_000, 417, 276],
    ]);
  });

  it('is scaled in time, then cut by count or duration, and read no further', async () => {
    const times = async (over: Partial<ReadTraceOptions>) => (await read('mooncake', `${MOONCAKE}\nnot read`, over)).map((r) => r.atMs);
    expect(await times({ count: 2 })).toEqual([0, 20]);
    expect(await times({ count: 4, speed: 2 })).toEqual([0, 10, 10, 30]);
    expect(await times({ durationMs: 30, speed: 2 })).toEqual([0, 10, 10]);
    expect(await times({ durationMs: 40, speed: 0.5 })).toEqual([0]);
  });

  it('is sorted by time', async () => {
    const rows = [30, 10, 20].map((timestamp) => JSON.stringify({ timestamp, input_length: timestamp, output_length: 1 }));
    expect((await read('mooncake', rows.join('\n'))).map((r) => [r.atMs, r.inputTokens])).toEqual([
      [0, 10],
      [10, 20],
      [20, 30],
    ]);
  });

  it.each<[TraceFormat, string, RegExp]>([
    ['mooncake', '\n\n', /trace: there is no request in it$/],
    ['mooncake', `${MOONCAKE}\n{`, /trace:6: it is not JSON$/],
    ['mooncake', '{"timestamp": 1, "input_length": 5}', /trace:1: "output_length" is not a number of tokens$/],
    ['mooncake', '{"timestamp": "1", "input_length": 5, "output_length": 5}', /:1: "timestamp" is not a time in milliseconds$/],
    [
      'mooncake',
      '{"timestamp": 1, "input_length": 513, "output_length": 5, "hash_ids": [1, 2, 3]}',
      /:1: 3 "hash_ids" for 513 tokens, which have 2/,
    ],
    [
      'mooncake',
      '{"timestamp": 1, "input_length": 5, "output_length": 5, "hash_ids": ["a"]}',
      /:1: "hash_ids" is not a list of whole numbers$/,
    ],
    ['azure', 'Timestamp,Model\n', /:1: the first line names no column "TIMESTAMP", "ContextTokens", "GeneratedTokens"$/],
    ['azure', 'TIMESTAMP,ContextTokens,GeneratedTokens\n5,1,1\n', /:2: "TIMESTAMP" is not a date and time$/],
    ['burstgpt', 'Timestamp,Request tokens,Response tokens\n5,1,1\n6,,1\n', /:3: "Request tokens" is not a number of tokens$/],
    ['burstgpt', 'Timestamp,Request tokens,Response tokens\n,1,1\n', /:2: "Timestamp" is not a number of seconds$/],
  ])('%s: what cannot be read is told of with its line: %j', async (format, text, message) => {
    await expect(read(format, text)).rejects.toMatchObject({ code: 'BENCH_DATASET', message: expect.stringMatching(message) as string });
  });

  it('that is not there is told of', async () => {
    await expect(readTrace({ path: join(folder, 'none'), format: 'azure', speed: 1 })).rejects.toMatchObject({
      code: 'BENCH_DATASET',
      message: expect.stringMatching(/none: .*ENOENT/) as string,
    });
  });
});

describe('replay', () => {
  let known: Calibration | undefined;
  const serve = async () => {
    const server = await startTestServer({ keepPrompts: true, ttftMs: 1, gapMs: 0 });
    cleanups.push(() => server.close());
    return server;
  };
  const spec = (path: string, over: Partial<LoadSpecInput> = {}) =>
    loadSpecSchema.parse({
      arrival: { kind: 'trace', speed: 2 },
      maxConcurrency: null,
      warmupRequests: 2,
      seed: 4,
      data: { kind: 'trace', path, format: 'mooncake' },
      ...over,
    });
  const replay = async (server: TestServer, load: ReturnType<typeof spec>) => {
    const result = await runLoad({ baseUrl: server.url, model: 'test', load, calibration: known });
    known ??= result.calibration;
    return result;
  };
  /** Prompts of measured requests, in the order of the trace. */
  const promptsOf = (server: TestServer, { records }: Awaited<ReturnType<typeof runLoad>>) => {
    const sent = new Map(server.truth().map((t) => [Number(t.id.split('-')[1]), t]));
    return records.map((r) => sent.get(r.index)?.prompt ?? []);
  };
  const common = (a: readonly number[], b: readonly number[]) => a.findIndex((id, i) => id !== b[i]);

  it.each(['chat', 'completions'] as const)(
    'sends at the times of the file, with its exact lengths and shared prefixes: %s',
    async (api) => {
      known = undefined;
      const server = await serve();
      const result = await replay(server, spec(await file(MOONCAKE), { api }));
      const measured = result.records.filter((r) => r.phase === 'measured');
      expect(measured.map((r) => r.intendedMs)).toEqual([0, 10, 10, 30, 40].map((t) => expect.closeTo(t, 3) as number));
      expect(measured.map((r) => [r.requestedPromptTokens, r.promptTokens, r.outputTokens])).toEqual([
        [1100, 1100, 4],
        [1500, 1500, 5],
        [600, 600, 6],
        [40, 40, 7],
        [700, 700, 1],
      ]);
      expect(result.summary.counts).toEqual({ sent: 5, ok: 5, failed: 0, cancelled: 0, warmup: 2 });
      expect(result.summary.vllm).not.toHaveProperty('request_rate');
      const [warm, , first, second, third, fourth, fifth] = promptsOf(server, result) as [number[], ...number[][]];
      // Of equal ids as many tokens as their blocks have, the template's among them; of others none but by chance.
      const around = result.calibration.templateTokens;
      const near = (blocks: number) => ({ from: 512 * blocks - around, to: 512 * blocks - around + 8 });
      const expectShared = (a: number[] | undefined, b: number[] | undefined, blocks: number) => {
        const shared = common(a ?? [], b ?? []);
        expect(shared).toBeGreaterThanOrEqual(near(blocks).from);
        expect(shared).toBeLessThan(near(blocks).to);
      };
      expectShared(first, second, 2);
      expectShared(first, fifth, 1);
      for (const other of [third, fourth, warm]) expect(common(first ?? [], other ?? [])).toBeLessThan(8);
    },
  );

  it('is the same for any number of clients', async () => {
    const path = await file(MOONCAKE);
    const [alone, together] = [await serve(), await serve()];
    known = undefined;
    const one = await replay(alone, spec(path));
    const parts = await Promise.all(splitLoad(spec(path), 2).map((part) => replay(together, part)));
    const all = parts.flatMap((part) => part.records).sort((a, b) => a.index - b.index);
    expect(all.map((r) => [r.index, r.requestedPromptTokens])).toEqual(one.records.map((r) => [r.index, r.requestedPromptTokens]));
    const merged = { ...one, records: all };
    expect(promptsOf(together, merged)).toEqual(promptsOf(alone, one));
  });

  it('needs both the times and the lengths of a trace', async () => {
    const data = { kind: 'random', inputTokens: { min: 5, max: 5 }, outputTokens: { min: 1, max: 1 } } as const;
    for (const load of [spec('x', { data }), spec('x', { arrival: { kind: 'poisson', ratePerS: 1 }, numPrompts: 2 })])
      await expect(runLoad({ baseUrl: 'http://127.0.0.1:9', model: 'test', load })).rejects.toMatchObject({ code: 'BENCH_LOAD' });
  });
});
