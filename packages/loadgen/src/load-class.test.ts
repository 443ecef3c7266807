import type { LoadSpecInput } from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import { mergeResults, runLoad, splitLoad, summarizeRecords, type LoadResult } from './index.ts';
import { classOf } from './load-class.ts';
import { startTestServer, type TestServer } from './testing/index.ts';

let server: TestServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

const exactly = (tokens: number) => ({ min: tokens, max: tokens });
const CLASSES = [
  { name: 'chat', weight: 3, inputTokens: exactly(30), outputTokens: exactly(4), slo: { e2elMs: 600_000 } },
  { name: 'batch', model: 'adapter', slo: { e2elMs: 0.000_001 } },
];
const LOAD: LoadSpecInput = {
  data: { kind: 'random', inputTokens: exactly(50), outputTokens: exactly(8) },
  maxConcurrency: 4,
  numPrompts: 60,
  warmupRequests: 3,
  seed: 5,
  classes: CLASSES,
};

async function run(load: LoadSpecInput, workers = 1): Promise<LoadResult> {
  server ??= await startTestServer({});
  return runLoad({ baseUrl: server.url, model: 'base', load, workers });
}

const kinds = ({ records }: LoadResult) => records.map((r) => [r.index, r.class, r.promptTokens, r.outputTokens]);

describe('classes of requests', () => {
  it('are drawn by weight from the seed alone', () => {
    const names = Array.from(
      { length: 4000 },
      (_, ordinal) =>
        classOf(
          {
            seed: 1,
            classes: [
              { name: 'a', weight: 3 },
              { name: 'b', weight: 1 },
            ],
          },
          'measured',
          ordinal,
        )?.name,
    );
    const share = names.filter((name) => name === 'a').length / names.length;
    // Five standard deviations of the share.
    expect(Math.abs(share - 0.75)).toBeLessThan(0.035);
    expect(classOf({ seed: 1 }, 'measured', 0)).toBeNull();
  });

  it('have their own lengths, model and limits, and figures of their own', async () => {
    const one = await run(LOAD);
    const { summary, records } = one;
    const chat = records.filter((r) => r.class === 'chat');
    const batch = records.filter((r) => r.class === 'batch');
    expect(chat.length + batch.length).toBe(63);
    expect(chat.length).toBeGreaterThan(batch.length);
    expect(chat.every((r) => r.promptTokens === 30 && r.outputTokens === 4)).toBe(true);
    expect(batch.every((r) => r.promptTokens === 50 && r.outputTokens === 8)).toBe(true);
    const models = new Map(server?.truth().map(({ id, model }) => [Number(id.split('-')[1]), model]));
    expect(records.map((r) => models.get(r.index))).toEqual(records.map((r) => (r.class === 'batch' ? 'adapter' : 'base')));

    const measured = (name: string) => records.filter((r) => r.phase === 'measured' && r.class === name).length;
    const { classes = {} } = summary;
    expect(Object.keys(classes)).toEqual(['chat', 'batch']);
    expect(classes['chat']).toMatchObject({
      counts: { sent: measured('chat'), ok: measured('chat'), failed: 0, cancelled: 0 },
      scalars: { good_ratio: 1, error_ratio: 0, request_throughput: measured('chat') / summary.durationS },
      distributions: { ttft_ms: { count: measured('chat') } },
    });
    expect(classes['batch']?.scalars).toMatchObject({ good_ratio: 0, goodput: 0 });
    expect(summary.scalars['good_ratio']).toBeCloseTo(measured('chat') / 60, 12);
    expect(summary.vllm['request_goodput']).toBeCloseTo(measured('chat') / summary.durationS, 9);
    expect(summarizeRecords({ ...one, load: summary.load, startedAt: summary.startedAt, client: null }).classes).toEqual(classes);
  });

  it('are the same for any number of workers and clients', async () => {
    const one = await run(LOAD);
    expect(kinds(await run(LOAD, 3))).toEqual(kinds(one));
    const parts = [];
    for (const [client, load] of splitLoad(one.summary.load, 2).entries()) parts.push({ client, result: await run(load) });
    const whole = mergeResults(parts);
    expect(kinds(whole)).toEqual(kinds(one));
    expect(whole.summary.classes?.['batch']?.counts).toEqual(one.summary.classes?.['batch']?.counts);
  });

  it.each<[Partial<LoadSpecInput>, RegExp]>([
    [{ classes: [{ name: 'a' }, { name: 'a' }] }, /two classes have one name/],
    [{ data: { kind: 'jsonl', path: '/nowhere' }, classes: [{ name: 'a', inputTokens: exactly(3) }] }, /prompts of its own length/],
    [
      {
        data: { kind: 'random', inputTokens: exactly(50), outputTokens: exactly(8), sharedPrefixTokens: 40 },
        classes: [{ name: 'a', inputTokens: exactly(30) }],
      },
      /shorter than the shared prefix \(40\)/,
    ],
  ])('are refused where they contradict: %#', async (more, message) => {
    await expect(runLoad({ baseUrl: 'http://127.0.0.1:9', model: 'm', load: { ...LOAD, ...more } })).rejects.toMatchObject({
      code: 'BENCH_LOAD',
      message: expect.stringMatching(message) as string,
    });
  });
});
