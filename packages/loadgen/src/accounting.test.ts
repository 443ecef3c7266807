import { setTimeout as delay } from 'node:timers/promises';
import { groupBy, loadSpecSchema, type LoadSpecInput, type RequestErrorClass } from '@bench/core';
import { afterEach, describe, expect, it } from 'vitest';
import { mergeResults, runLoad, splitLoad, type Calibration, type LoadResult } from './index.ts';
import { chooseFault } from './testing/choose-fault.ts';
import { startTestServer, type Misbehaviour, type TestServer, type TestServerOptions, type TruthRecord } from './testing/index.ts';

let server: TestServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

const data = { kind: 'random' as const, inputTokens: { min: 30, max: 30 }, outputTokens: { min: 6, max: 6 } };
const closed = { arrival: { kind: 'closed' }, maxConcurrency: 4 } as const;
const open = { arrival: { kind: 'poisson', ratePerS: 400 }, maxConcurrency: null } as const;
const capped = { ...open, maxConcurrency: 3 } as const;

/** All servers here count alike: what the first run learnt serves the others. */
let known: Calibration | undefined;
async function learnt(): Promise<Calibration> {
  if (!known) {
    const plain = await startTestServer({});
    const load = { data, maxConcurrency: 1, numPrompts: 1 };
    known = (await runLoad({ baseUrl: plain.url, model: 'test', load })).calibration;
    await plain.close();
  }
  return known;
}

interface Run {
  options: TestServerOptions;
  load: Partial<LoadSpecInput>;
  workers?: number;
  /** Clients that send a share each, at the same time. */
  clients?: number;
}

/** A load on a server of its own, which is left running; what it keeps is complete. */
async function run({ options, load, workers = 1, clients = 1 }: Run): Promise<{ result: LoadResult; truths: Map<string, TruthRecord[]> }> {
  const calibration = await learnt();
  await server?.close();
  const serving = (server = await startTestServer(options));
  const whole = loadSpecSchema.parse({ data, numPrompts: 12, seed: 5, requestTimeoutMs: 20_000, ...load });
  const send = (part: LoadSpecInput) => runLoad({ baseUrl: serving.url, model: 'test', load: part, workers, calibration });
  const results = await Promise.all(splitLoad(whole, clients).map(send));
  const result = clients === 1 ? (results[0] as LoadResult) : mergeResults(results.map((its, client) => ({ client, result: its })));
  return { result, truths: await truthsOf(serving) };
}

/** What the server keeps, by the ids of requests, when it has seen the end of all of them. */
async function truthsOf(serving: TestServer): Promise<Map<string, TruthRecord[]>> {
  while (serving.open() !== 0) await delay(5);
  return groupBy(serving.truth(), ({ id }) => (id === '' ? null : id));
}

/** The id of request `index` of a load with seed 5. */
const idOf = (index: number) => `00000005-${index}`;

/** No request is lost, none is counted twice, and counts are those of the records. */
function checkCounts({ summary, records }: LoadResult): void {
  const of = (status: string) => records.filter((r) => r.phase === 'measured' && r.status === status);
  const { sent, ok, failed, cancelled, warmup } = summary.counts;
  expect({ sent, ok, failed, cancelled, warmup }).toEqual({
    sent: of('ok').length + of('failed').length + of('cancelled').length,
    ok: of('ok').length,
    failed: of('failed').length,
    cancelled: of('cancelled').length,
    warmup: records.filter((r) => r.phase === 'warmup').length,
  });
  expect(new Set(records.map((r) => r.index)).size).toBe(records.length);
  const errors: Record<string, number> = {};
  for (const { error } of of('failed')) errors[String(error?.class)] = (errors[String(error?.class)] ?? 0) + 1;
  expect(summary.errors).toEqual(errors);
  for (const r of records) {
    expect(r.status === 'ok').toBe(r.error === null);
    expect(r.endMs).not.toBeNull();
  }
}

/** How a server can go wrong, and which class that is; of an answer that is not streamed, where that is another. */
const FAULTS: [Misbehaviour, RequestErrorClass, RequestErrorClass?][] = [
  [{ kind: 'status', status: 404 }, 'http_4xx'],
  [{ kind: 'status', status: 429 }, 'http_4xx'],
  [{ kind: 'status', status: 500 }, 'http_5xx'],
  [{ kind: 'status', status: 503 }, 'http_5xx'],
  [{ kind: 'error_event', after: 0 }, 'error_event'],
  [{ kind: 'error_event', after: 3 }, 'error_event'],
  [{ kind: 'no_content' }, 'no_content'],
  // One that is not streamed is cut short.
  [{ kind: 'no_end', after: 3 }, 'no_end', 'reset'],
  [{ kind: 'no_end', after: 6 }, 'no_end', 'reset'],
  [{ kind: 'reset', after: 'request' }, 'connect'],
  [{ kind: 'drop', afterMs: 400 }, 'connect'],
  [{ kind: 'reset', after: 'headers' }, 'reset'],
  [{ kind: 'reset', after: 3 }, 'reset'],
  [{ kind: 'close', after: 3 }, 'reset'],
  [{ kind: 'reset', after: 6 }, 'reset'],
  [{ kind: 'garbage', after: 2 }, 'bad_response'],
  [{ kind: 'html' }, 'bad_response'],
  // Of one answer in the stead of a stream there is nothing to say where one was asked for.
  [{ kind: 'json' }, 'bad_response'],
];

const WAYS: [string, Omit<Run, 'options'>][] = [
  ['a closed loop', { load: closed }],
  ['a closed loop of three workers', { load: closed, workers: 3 }],
  ['an open loop', { load: open }],
  ['an open loop of three workers with a cap', { load: capped, workers: 3 }],
  ['a closed loop of three clients', { load: closed, clients: 3 }],
];

/** Each record against what was ordered for that request, which follows from its id alone, and against what the server says that it did. */
function checkEach(
  { result, truths }: Awaited<ReturnType<typeof run>>,
  options: TestServerOptions,
  expected: (fault: Misbehaviour) => RequestErrorClass,
): void {
  checkCounts(result);
  const ordered = chooseFault(options);
  for (const r of result.records) {
    const [own, ...again] = truths.get(idOf(r.index)) ?? [];
    const fault = ordered(idOf(r.index));
    const what = `request ${r.index}: ${JSON.stringify(fault)}`;
    expect(own?.outcome, what).toBe(fault?.kind ?? 'done');
    expect(r.error?.class ?? null, what).toBe(fault && expected(fault));
    // A kept connection that is cut at once is taken for one that was dead: it is tried once more, and the server hears of it twice.
    expect(again.length, what).toBe(r.connection === 'replaced' ? 1 : 0);
    if (r.status === 'ok' && r.outputTokens !== null) expect(r.outputTokens).toBe(own?.outputTokens);
  }
  expect(truths.size).toBe(result.records.length);
}

describe('a server that goes wrong in every way', () => {
  const options: TestServerOptions = {
    // With this one every fault occurs.
    seed: 0,
    gapMs: { kind: 'uniform', min: 0, max: 3 },
    slots: 3,
    pieces: 3,
    splitCharacters: true,
    lineEnd: '\r\n',
    reasoningTokens: 2,
    faults: FAULTS.map(([fault]) => ({ fault, oneIn: 14 })),
  };
  const ways = [
    ...WAYS,
    ['answers that are not streamed', { load: { ...closed, stream: false } }],
    ['embeddings, of three workers', { load: { ...capped, api: 'embeddings' }, workers: 3 }],
  ] as typeof WAYS;

  it.each(ways)('has each request counted as it is, once: %s', async (_name, how) => {
    const whole = how.load.stream === false || how.load.api === 'embeddings';
    const faults = whole ? options.faults?.filter(({ fault }) => fault.kind !== 'json') : options.faults;
    const its = { ...options, faults: faults ?? [] };
    const done = await run({ ...how, options: its, load: { ...how.load, numPrompts: 140, warmupRequests: 6 } });
    checkEach(done, its, (fault) => {
      const [, streamed, other = streamed] = FAULTS.find(([each]) => each === fault) as (typeof FAULTS)[number];
      return whole ? other : streamed;
    });
    expect(done.result.records.map((r) => r.index)).toEqual(Array.from({ length: 146 }, (_, i) => i));
    const ordered = done.result.records.map((r) => chooseFault(its)(idOf(r.index)));
    // All of them, and some requests that nothing happens to.
    expect(new Set(ordered)).toEqual(new Set([null, ...its.faults.map(({ fault }) => fault)]));
  });

  it.each([WAYS[1], WAYS[2]] as typeof WAYS)('has requests that are never answered time out, and no others: %s', async (_name, how) => {
    const faults = [0, 3].map((after): { fault: Misbehaviour; oneIn: number } => ({ fault: { kind: 'stall', after }, oneIn: 4 }));
    const its: TestServerOptions = { seed: 3, faults };
    const done = await run({ ...how, options: its, load: { ...how.load, numPrompts: 12, requestTimeoutMs: 6000 } });
    checkEach(done, its, () => 'timeout');
    expect(done.result.summary.errors.timeout).toBeGreaterThan(2);
  });
});

describe('a load that is stopped', () => {
  /** When to stop it, by the requests that the server has seen, and how many of them it answers before it answers none any more: something is then in flight. */
  const MOMENTS: [string, { measured: number; warmup: number; answered: number; load?: Partial<LoadSpecInput> }][] = [
    ['in its warm-up', { measured: 0, warmup: 1, answered: 1, load: { warmupRequests: 6 } }],
    ['as the first request comes', { measured: 1, warmup: 2, answered: 2, load: { warmupRequests: 2 } }],
    ['in the middle', { measured: 25, warmup: 0, answered: 24 }],
    ['when all have been sent', { measured: 40, warmup: 0, answered: 39 }],
  ];
  const cases = MOMENTS.flatMap(([moment, when]) => WAYS.slice(0, 4).map(([way, how]) => [moment, way, when, how] as const));

  it.each(cases)('%s counts every request that left, in %s', async (moment, _way, { measured, warmup, answered, load = {} }, how) => {
    const calibration = await learnt();
    const stall: Misbehaviour = { kind: 'stall', after: 1 };
    const misbehave = Array.from({ length: answered + 60 }, (_, i) => (i < answered ? null : stall));
    const serving = (server = await startTestServer({ ttftMs: 2, gapMs: 1, misbehave }));
    const stop = new AbortController();
    const watch = () => {
      const seen = serving.truth().filter(({ id }) => id !== '').length;
      if (seen >= measured + warmup) stop.abort();
      else if (!stop.signal.aborted) setTimeout(watch, 1);
    };
    watch();
    const result = await runLoad({
      baseUrl: serving.url,
      model: 'test',
      load: { data, numPrompts: 40, seed: 5, ...load, ...how.load },
      workers: how.workers,
      calibration,
      signal: stop.signal,
    });
    stop.abort();
    checkCounts(result);
    const { counts, flags, errors } = result.summary;
    expect(errors).toEqual({});
    expect(flags.map((f) => f.code)).toContain('interrupted');
    expect(result.records.some((r) => r.error?.class === 'cancelled')).toBe(true);
    if (moment === 'in its warm-up') expect(counts.sent).toBe(0);
    if (moment === 'when all have been sent') expect(counts.sent).toBe(40);
    const truths = await truthsOf(serving);
    const records = new Map(result.records.map((r) => [idOf(r.index), r]));
    for (const id of truths.keys()) expect(records.has(id)).toBe(true);
    for (const [id, r] of records) {
      // One that was cancelled in the moment of its end may be whole at the server; none that is whole here is less there.
      if (r.status === 'ok') expect(truths.get(id)?.map((t) => t.outcome)).toEqual(['done']);
      else expect(r.error?.class).toBe('cancelled');
    }
  });
});
