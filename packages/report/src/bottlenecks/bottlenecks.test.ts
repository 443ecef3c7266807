import { describe, expect, it } from 'vitest';
import { taskGroups } from '../groups.ts';
import { reportRows, type ReportRow } from '../rows.ts';
import { syntheticRun } from '../testing/synthetic-run.ts';
import { bottlenecks } from './bottlenecks.ts';

type Change = Partial<Omit<ReportRow, 'scalars'>> & { scalars?: Record<string, number> };

/** Loads 1, 2, 4 … with these figures, and nothing that was not said. */
function group(changes: readonly Change[], gpuCount = 1) {
  const run = syntheticRun({ tasks: [{ points: changes.map((_, i) => ({ concurrency: 2 ** i, requests: 4 })) }] });
  const rows = reportRows([run]).map((row, i): ReportRow => ({
    ...row,
    gpuCount,
    distributions: {},
    ...changes[i],
    scalars: { error_ratio: 0, ...changes[i]?.scalars },
  }));
  const [first] = taskGroups(rows);
  if (!first) throw new Error('a run has a task');
  return first;
}
const hints = (changes: readonly Change[]) => bottlenecks(group(changes)).hints;
const CALM = {
  engine_waiting_mean: 0,
  engine_waiting_max: 0,
  kv_cache_max: 0.3,
  gpu_throttled_ratio: 0,
  host_cpu_mean: 0.2,
  gpu_util_mean: 0.9,
};

describe('bottlenecks', () => {
  it('finds nothing in figures that are calm', () => {
    expect(bottlenecks(group([{ scalars: CALM }, { scalars: CALM }]))).toEqual({ hints: [], notJudged: [] });
  });

  it('says what could not be judged where nothing was sampled, and by whom it was measured', () => {
    const { hints: found, notJudged } = bottlenecks(group([{}]));
    expect(found).toEqual([]);
    expect(notJudged.map(({ title, why }) => `${title}: ${why}`)).toEqual([
      'KV cache: nothing was sampled',
      'Queue of the engine: nothing was sampled',
      'Power or heat: nothing was sampled',
      'CPU of the machine: nothing was sampled',
      'GPU not busy: nothing was sampled',
    ]);
    const foreign = bottlenecks(group([{ source: { kind: 'vllm', path: 'a.json' } }])).notJudged;
    expect(foreign[0]).toEqual({ title: 'The client', why: 'another tool measured it' });
    expect(bottlenecks(group([{}], 0)).notJudged.map(({ title }) => title)).toEqual([
      'KV cache',
      'Queue of the engine',
      'CPU of the machine',
    ]);
  });

  it('tells of a queue by what the engine says, from the load on at which it begins', () => {
    const waiting = (mean: number) => ({
      scalars: { ...CALM, engine_waiting_mean: mean, engine_running_mean: 8, engine_waiting_max: 2 * mean },
    });
    const [hint] = hints([waiting(0), waiting(3), waiting(12)]);
    expect(hint).toMatchObject({
      kind: 'queueing',
      words: 'From 2 concurrent on, 3 requests waited in the engine on average, 8 were worked on.',
      row: { axis: { value: 2 } },
      seen: 2,
      of: 3,
    });
    expect(hint?.evidence.slice(0, 2)).toEqual([
      { name: 'engine_waiting_mean', label: 'In the engine’s queue, mean', value: '3' },
      { name: 'engine_waiting_max', label: 'In the engine’s queue, most', value: '6' },
    ]);
    const [gap] = hints([waiting(3), waiting(0), waiting(12)]);
    expect(gap?.words).toMatch(/^At 2 of 3 loads, the lowest of them 1 concurrent, /);
  });

  it('takes first tokens that slow down alone for a queue where nobody asked the engine', () => {
    const latency = (ttft: number, tpot: number): Change => ({
      distributions: { ttft_ms: { p50: ttft, p99: 2 * ttft }, tpot_ms: { p50: tpot } },
    });
    expect(hints([latency(10, 5), latency(12, 5.5), latency(60, 6)])[0]).toMatchObject({
      kind: 'queueing',
      words:
        'At 4 concurrent, first tokens took 6 times as long as at the lowest load, and the others only 1.2 times: requests seem to wait before they are worked on.',
    });
    // The whole engine slows down: no queue.
    expect(hints([latency(10, 5), latency(60, 20)])).toEqual([]);
    // The engine was asked, and says that nothing waits.
    expect(hints([latency(10, 5), { ...latency(60, 6), scalars: CALM }])).toEqual([]);
  });

  it.each<[string, Change, string]>([
    ['kv_cache', { scalars: { ...CALM, kv_cache_max: 0.99, engine_waiting_max: 5 } }, 'the KV cache was full (99 %) while requests waited'],
    [
      'kv_cache',
      { scalars: { ...CALM, engine_preemptions: 7 } },
      'there was no room in the KV cache for all that ran, and 7 requests were thrown out of the batch to begin again',
    ],
    [
      'throttling',
      { scalars: { ...CALM, gpu_throttled_ratio: 0.25 } },
      'power, heat or a brake held the clocks of a GPU back in 25 % of the samples',
    ],
    ['throttling', { scalars: { ...CALM, gpu_temperature_max: 88 } }, 'a GPU was at 88 °C'],
    ['cpu', { scalars: { ...CALM, host_cpu_mean: 0.97 } }, 'its cores were 97 % busy on average'],
    ['idle_gpu', { scalars: { ...CALM, gpu_util_mean: 0.2 } }, 'something ran on the GPUs for 20 % of the time only'],
    ['failures', { scalars: { ...CALM, error_ratio: 0.05 }, errors: { timeout: 1, http_5xx: 4 } }, '5.0 % of the requests failed'],
    [
      'client',
      { scalars: CALM, flags: [{ code: 'client_bound', message: 'event loop 95 % busy.' }] },
      'the program that sent the load was at its own limit: event loop 95 % busy',
    ],
    ['network', { scalars: CALM, flags: [{ code: 'tunnelled', message: 'round trip 12 ms' }] }, 'round trip 12 ms'],
  ])('%s: %s', (kind, change, words) => {
    const found = hints([change]);
    expect(found.map((hint) => hint.kind)).toEqual([kind]);
    expect(found[0]?.words).toBe(`At 1 concurrent, ${words}.`);
    expect(found[0]?.suggestion).not.toBe('');
  });

  it('shows the figure that carries it, of a network how many token events came at once', () => {
    const message = '2.6 token events arrived per socket read: gaps between them describe the socket, not the server';
    const [bunches] = hints([{ scalars: { ...CALM, tokens_per_chunk: 1 }, flags: [{ code: 'coalesced', message }] }]);
    expect(bunches?.evidence.map(({ label, value }) => `${label} ${value}`)).toEqual(['Token events a read 2.6']);
  });

  it('does not take a full cache without a queue for a limit, nor GPUs that a low load leaves idle', () => {
    expect(hints([{ scalars: { ...CALM, kv_cache_max: 0.99 } }])).toEqual([]);
    expect(hints([{ scalars: { ...CALM, gpu_util_mean: 0.1 } }, { scalars: CALM }])).toEqual([]);
  });

  it('counts failures by their classes, most first', () => {
    const [hint] = hints([{ scalars: { ...CALM, error_ratio: 0.05 }, errors: { timeout: 1, http_5xx: 4 } }]);
    expect(hint?.evidence.map(({ label, value }) => `${label} ${value}`)).toEqual(['Errors 5.0 %', 'http_5xx 4', 'timeout 1']);
  });
});
