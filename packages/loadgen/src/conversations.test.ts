import type { LoadSpecInput, RequestRecord } from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import { conversationPlan, thinkMs } from './conversations.ts';
import { mergeResults, runLoad, splitLoad, summarizeRecords, type LoadResult, type RunLoadOptions } from './index.ts';
import { keepBodies } from './sent-bodies.fixture.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './testing/index.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function serve(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer({ cachedTokens: { blockTokens: 1 }, ...options });
  closing.push(() => server.close());
  return server;
}

const exactly = (n: number) => ({ min: n, max: n });
/** Tokens of the test server's chat template, which every prompt has once. */
const TEMPLATE = 11;
const LOAD = {
  data: { kind: 'random', inputTokens: exactly(30), outputTokens: exactly(4) },
  maxConcurrency: 3,
  numPrompts: 20,
  warmupRequests: 2,
  seed: 5,
  conversations: { turns: exactly(4), inputTokens: exactly(20) },
} satisfies LoadSpecInput;

const run = (server: { url: string }, load: LoadSpecInput, more: Partial<RunLoadOptions> = {}): Promise<LoadResult> =>
  runLoad({ baseUrl: server.url, model: 'm', load, workers: 1, ...more });

const measured = ({ records }: LoadResult) => records.filter((r) => r.phase === 'measured');

const flagsOf = ({ summary }: LoadResult) => summary.flags.map(({ code }) => code);

/** The turns of each conversation, in their order. */
function byConversation(result: LoadResult): RequestRecord[][] {
  const out: RequestRecord[][] = [];
  for (const record of measured(result)) (out[record.conversation as number] ??= []).push(record);
  return out;
}

describe('the plan of a load’s conversations', () => {
  const load = { seed: 3, numPrompts: 50, conversations: { turns: { min: 2, max: 5 }, history: 'answers' as const } };

  it('numbers their turns one after another, and cuts the last where the requests end', () => {
    const plan = conversationPlan(load);
    const all = Array.from({ length: plan?.count ?? 0 }, (_, i) => plan?.ordinals(i) ?? []);
    expect(all.flat()).toEqual(Array.from({ length: 50 }, (_, i) => i));
    const lengths = all.slice(0, -1).map((turns) => turns.length);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(2);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(5);
    expect(new Set(lengths).size).toBeGreaterThan(1);
    for (const [conversation, ordinals] of all.entries())
      for (const [i, ordinal] of ordinals.entries())
        expect(plan?.placeOf(ordinal)).toEqual({ conversation, turn: i + 1, first: ordinals[0] });
  });

  it('is the same, asked in any order, where it has no end', () => {
    const { numPrompts: _, ...endless } = load;
    const plan = conversationPlan(endless);
    expect(plan?.count).toBe(Number.POSITIVE_INFINITY);
    const place = plan?.placeOf(1000);
    expect(plan?.ordinals(place?.conversation ?? 0)).toContain(1000);
    expect(conversationPlan(endless)?.ordinals(3)).toEqual(plan?.ordinals(3));
  });

  it('thinks for a constant time, or for one that is drawn', () => {
    const thinking = (thinkTime: { meanMs: number; distribution: 'constant' | 'exponential' }) =>
      Array.from({ length: 4000 }, (_, ordinal) => thinkMs({ seed: 1, conversations: { ...load.conversations, thinkTime } }, ordinal));
    expect(new Set(thinking({ meanMs: 40, distribution: 'constant' }))).toEqual(new Set([40]));
    const drawn = thinking({ meanMs: 40, distribution: 'exponential' });
    // Five standard deviations of the mean.
    expect(Math.abs(drawn.reduce((sum, ms) => sum + ms, 0) / drawn.length - 40)).toBeLessThan(3.2);
    expect(thinkMs({ seed: 1, conversations: load.conversations }, 0)).toBe(0);
  });
});

describe('conversations', () => {
  it('send all that was said before, which the server has in its prefix cache, and nothing else twice', async () => {
    const result = await run(await serve(), LOAD);
    const conversations = byConversation(result);
    expect(conversations.map((turns) => turns.map((r) => r.turn))).toEqual(conversations.map(() => [1, 2, 3, 4]));
    expect(conversations).toHaveLength(5);
    for (const turns of conversations)
      for (const [i, record] of turns.entries()) {
        const before = turns[i - 1];
        expect(record.promptTokens).toBe(before ? (before.promptTokens as number) + 4 + 20 - TEMPLATE : 30);
        if (before) expect(record.cachedTokens).toBe(before.promptTokens);
        // Two prompts may begin with the same word by chance, and hardly with a few.
        else expect(record.cachedTokens).toBeLessThan(TEMPLATE + 6);
        if (before) expect(record.sentMs).toBeGreaterThanOrEqual(before.endMs as number);
      }
    const { summary } = result;
    expect(summary.counts).toMatchObject({ sent: 20, ok: 20, warmup: 2 });
    for (const code of ['cache_warm', 'prompt_length', 'short_output', 'failures']) expect(flagsOf(result)).not.toContain(code);
    expect(summary.conversations).toMatchObject({
      asked: 5,
      finished: 5,
      broken: 0,
      cut: 0,
      turnsNotSent: { failed: 0, givenUp: 0, ended: 0 },
      turns: {
        first: { counts: { sent: 5, ok: 5 }, scalars: { mean_input_tokens: 30 } },
        later: { counts: { sent: 15, ok: 15 }, scalars: { mean_input_tokens: 56 }, distributions: { ttft_ms: { count: 15 } } },
      },
    });
    expect(summarizeRecords({ ...result, load: summary.load, startedAt: summary.startedAt, client: null }).conversations).toEqual(
      summary.conversations,
    );
  });

  it('tell of a cache that is warm for first turns', async () => {
    const server = await serve();
    await run(server, LOAD);
    expect(flagsOf(await run(server, LOAD))).toContain('cache_warm');
  });

  it.each([true, false].flatMap((stream) => (['chat', 'responses', 'messages', 'ollama'] as const).map((api) => ({ api, stream }))))(
    'have the words of the answers in them, and no reasoning: $api, streamed $stream',
    async ({ api, stream }) => {
      const server = await serve(stream ? { reasoningTokens: 1 } : {});
      const kept = await keepBodies(server);
      closing.push(() => kept.close());
      await run(kept, { ...LOAD, api, stream, numPrompts: 3, warmupRequests: 0, maxConcurrency: 1, conversations: { turns: exactly(3) } });
      const path = { chat: '/v1/chat/completions', responses: '/v1/responses', messages: '/v1/messages', ollama: '/api/chat' }[api];
      const said = kept.bodies(path).map((body) => body['messages'] ?? body['input']) as { role: string; content: string }[][];
      const [first, second, third] = said.slice(-3).map((list) => (typeof list === 'string' ? [{ role: 'user', content: list }] : list));
      const answer = { role: 'assistant', content: ' tök€n'.repeat(stream ? 3 : 4) };
      expect(second).toEqual([...(first ?? []), answer, { role: 'user', content: expect.any(String) as string }]);
      expect(third).toEqual([...(second ?? []), answer, { role: 'user', content: expect.any(String) as string }]);
    },
  );

  it('are the same for any number of workers and clients, each of one worker', async () => {
    const load: LoadSpecInput = { ...LOAD, numPrompts: 30, conversations: { turns: { min: 1, max: 5 } } };
    const sent = async (send: (server: TestServer) => Promise<LoadResult>) => {
      const server = await serve({ keepPrompts: true });
      const result = await send(server);
      const prompts = server
        .truth()
        .filter(({ id }) => id !== '')
        .map(({ id, prompt }) => [id, prompt])
        .sort(([a], [b]) => String(a).localeCompare(String(b)));
      for (const turns of byConversation(result)) expect(new Set(turns.map((r) => r.worker)).size).toBe(1);
      return { prompts, requests: result.records.map((r) => [r.index, r.conversation, r.turn, r.promptTokens]), result };
    };
    const one = await sent((server) => run(server, load));
    const three = await sent((server) => run(server, load, { workers: 3 }));
    const two = await sent(async (server) => {
      const parts = [];
      for (const [client, part] of splitLoad(one.result.summary.load, 2).entries()) parts.push({ client, result: await run(server, part) });
      expect(parts.map(({ result }) => result.summary.conversations?.asked).reduce((sum = 0, n = 0) => sum + n)).toBe(
        one.result.summary.conversations?.asked,
      );
      return mergeResults(parts);
    });
    for (const other of [three, two]) {
      expect(other.requests).toEqual(one.requests);
      expect(other.prompts).toEqual(one.prompts);
      expect(other.result.summary.conversations).toMatchObject({ asked: one.result.summary.conversations?.asked, cut: 0 });
    }
  });

  it('end with a turn that fails; those after it are counted as not sent', async () => {
    const server = await serve({ faults: [{ fault: { kind: 'status', status: 500 }, oneIn: 8 }] });
    const load: LoadSpecInput = { ...LOAD, numPrompts: 80, warmupRequests: 0 };
    const { summary, records } = await run(server, load, { workers: 2 });
    const { counts, conversations } = summary;
    expect(counts.failed).toBeGreaterThan(0);
    expect(counts.sent).toBe(counts.ok + counts.failed + counts.cancelled);
    expect(conversations?.broken).toBe(counts.failed);
    expect(conversations?.finished).toBe(20 - counts.failed);
    expect(counts.sent + (conversations?.turnsNotSent.failed ?? 0)).toBe(80);
    expect(summary.flags.find(({ code }) => code === 'failures')?.message).toContain(
      `; ${conversations?.turnsNotSent.failed} later turns of their conversations were not sent`,
    );
    for (const failed of records.filter((r) => r.status === 'failed'))
      expect(records.some((r) => r.conversation === failed.conversation && r.index > failed.index)).toBe(false);
  });

  it('end with a turn that is given up', async () => {
    const result = await run(await serve({ gapMs: 3 }), { ...LOAD, numPrompts: 40, cancel: { ratio: 0.3 } });
    const { conversations, counts } = result.summary;
    expect(counts.givenUp).toBeGreaterThan(0);
    expect(conversations?.broken).toBe(counts.givenUp);
    expect(counts.sent + (conversations?.turnsNotSent.givenUp ?? 0)).toBe(40);
    expect(flagsOf(result)).not.toContain('failures');
  });

  it('think between an answer and the next turn, and keep their place meanwhile', async () => {
    const conversations = { turns: exactly(3), thinkTime: { meanMs: 12 } };
    const result = await run(await serve(), { ...LOAD, maxConcurrency: 2, numPrompts: 18, conversations });
    const all = byConversation(result);
    for (const turns of all)
      for (const [i, { intendedMs, sentMs }] of turns.entries()) {
        const before = turns[i - 1];
        if (!before) continue;
        expect(intendedMs).toBeGreaterThanOrEqual((before.endMs as number) + 12);
        expect(sentMs).toBeGreaterThanOrEqual(intendedMs);
      }
    const changes = all.flatMap((turns) => [
      { at: turns[0]?.sentMs as number, by: 1 },
      { at: turns.at(-1)?.endMs as number, by: -1 },
    ]);
    let open = 0;
    for (const { by } of changes.sort((a, b) => a.at - b.at || a.by - b.by)) expect((open += by)).toBeLessThanOrEqual(2);
    expect(result.summary.scalars).not.toHaveProperty('steady_output_throughput');
  });

  it('are cut by the end of the load, which nobody thinks beyond', async () => {
    const conversations = { turns: exactly(3), thinkTime: { meanMs: 3_600_000 } };
    const { numPrompts: _, ...load } = LOAD;
    const { summary } = await run(await serve(), { ...load, maxConcurrency: 2, durationMs: 3000, conversations });
    expect(summary.counts.sent).toBe(2);
    expect(summary.conversations).toMatchObject({
      asked: 2,
      finished: 0,
      broken: 0,
      cut: 2,
      turnsNotSent: { failed: 0, givenUp: 0, ended: 4 },
    });
  });

  it('are cut when the load is stopped, also while somebody thinks', async () => {
    const stop = new AbortController();
    const conversations = { turns: exactly(4), thinkTime: { meanMs: 3_600_000 } };
    const { summary } = await run(
      await serve(),
      { ...LOAD, conversations },
      { signal: stop.signal, onProgress: ({ done }) => (done === 3 ? stop.abort() : undefined) },
    );
    expect(summary.counts).toMatchObject({ sent: 3, ok: 3 });
    expect(summary.conversations).toMatchObject({ asked: 5, cut: 5, turnsNotSent: { ended: 17 } });
    expect(summary.flags.map(({ code }) => code)).toContain('interrupted');
  });

  it('arrive at the rate of an open loop', async () => {
    const load: LoadSpecInput = { ...LOAD, arrival: { kind: 'constant', ratePerS: 200 }, maxConcurrency: null };
    const result = await run(await serve(), load, { workers: 2 });
    const all = byConversation(result);
    expect(all.map((turns) => turns.length)).toEqual([4, 4, 4, 4, 4]);
    for (const [i, [first]] of all.entries()) expect(first?.intendedMs).toBeCloseTo(5 * i, 6);
    expect(result.summary.conversations).toMatchObject({ asked: 5, finished: 5 });
  });

  it('wait for one another under the cap of an open loop', async () => {
    const load: LoadSpecInput = { ...LOAD, arrival: { kind: 'bursts', size: 5, everyMs: 1000 }, maxConcurrency: 1 };
    const all = byConversation(await run(await serve(), load));
    const spans = all.map((turns) => [turns[0]?.sentMs as number, turns.at(-1)?.endMs as number] as const).sort(([a], [b]) => a - b);
    for (const [i, [from]] of spans.entries()) if (i > 0) expect(from).toBeGreaterThanOrEqual(spans[i - 1]?.[1] as number);
  });

  it('stay with one of several servers, which has their prefix', async () => {
    const servers = [await serve(), await serve()];
    const result = await runLoad({ baseUrl: servers.map(({ url }) => url), model: 'm', load: LOAD, workers: 2 });
    for (const turns of byConversation(result))
      for (const [i, { cachedTokens }] of turns.entries()) if (i > 0) expect(cachedTokens).toBe(turns[i - 1]?.promptTokens);
    expect(result.summary.origins?.map(({ counts }) => counts.ok)).toEqual([12, 8]);
    const got = servers.map((server) => server.truth().filter(({ id }) => Number(id.split('-')[1]) >= 2).length);
    expect(got).toEqual([12, 8]);
  });

  it('follow from the seed alone with synthetic answers, as long as those asked for', async () => {
    const bodies = async (tokenText: string) => {
      const kept = await keepBodies(await serve({ tokenText }));
      closing.push(() => kept.close());
      await run(kept, { ...LOAD, conversations: { turns: exactly(3), history: 'synthetic' } });
      return kept.bodies('/v1/chat/completions').slice(-20);
    };
    const one = await bodies(' yes');
    expect(await bodies(' no')).toEqual(one);
    const said = one.flatMap((body) => body['messages'] as { role: string; content: string }[]).filter(({ role }) => role === 'assistant');
    expect(said.length).toBeGreaterThan(0);
    for (const { content } of said) expect(content.trim().split(/\s+/)).toHaveLength(4);
    expect(said.map(({ content }) => content).join(' ')).not.toContain('yes');
  });

  it('share what all prompts share once, at their front, and are of one class', async () => {
    const load: LoadSpecInput = {
      ...LOAD,
      data: { ...LOAD.data, sharedPrefixTokens: 25 },
      classes: [{ name: 'a' }, { name: 'b', model: 'adapter' }],
    };
    const server = await serve({ keepPrompts: true });
    const result = await run(server, load);
    const models = new Map(server.truth().map(({ id, model }) => [Number(id.split('-')[1]), model]));
    for (const turns of byConversation(result)) {
      expect(new Set(turns.map((r) => r.class)).size).toBe(1);
      for (const r of turns) expect(models.get(r.index)).toBe(r.class === 'b' ? 'adapter' : 'm');
      expect(turns.map((r) => r.promptTokens)).toEqual([30, 43, 56, 69]);
    }
    const prompts = new Map(server.truth().map(({ id, prompt }) => [Number(id.split('-')[1]), prompt]));
    const texts = measured(result).map((r) => (prompts.get(r.index) ?? []).join(' '));
    const front = (prompts.get(measured(result)[0]?.index ?? 0) ?? []).slice(0, 25 - TEMPLATE).join(' ');
    expect(texts.map((text) => text.lastIndexOf(front))).toEqual(texts.map(() => 0));
  });

  it.each<[Partial<LoadSpecInput>, RegExp]>([
    [{ api: 'completions' }, /the API completions takes no conversations/],
    [{ api: 'embeddings', stream: false }, /the API embeddings takes no conversations/],
    [{ data: { kind: 'jsonl', path: '/nowhere' } }, /data of kind "jsonl" cannot be/],
    [{ conversations: { turns: { min: 0, max: 3 } } }, /conversations.turns: a conversation has a turn at least/],
  ])('are refused where they cannot be: %#', async (more, message) => {
    await expect(run({ url: 'http://127.0.0.1:9' }, { ...LOAD, ...more })).rejects.toMatchObject({
      code: 'BENCH_LOAD',
      message: expect.stringMatching(message) as string,
    });
  });
});
