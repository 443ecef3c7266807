import { loadSpecSchema, type LoadSpecInput } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { workerCount, type WorkerCountOptions } from './worker-count.ts';

function count(load: Partial<LoadSpecInput>, over: Partial<WorkerCountOptions> = {}): number {
  const data = { kind: 'random' as const, inputTokens: { min: 8, max: 8 }, outputTokens: { min: 90, max: 100 } };
  const parsed = loadSpecSchema.parse({ data, numPrompts: 10, ...load });
  return workerCount({ asked: undefined, load: parsed, trace: null, capacity: undefined, cores: 64, ...over });
}
const poisson = (ratePerS: number) => ({ arrival: { kind: 'poisson' as const, ratePerS }, maxConcurrency: null });

describe('threads that send', () => {
  it.each([
    [{ maxConcurrency: 1 }, 1],
    [{ maxConcurrency: 500 }, 1],
    [{ maxConcurrency: 501 }, 2],
    [{ maxConcurrency: 1400 }, 3],
    // 100 events a request: its 95 tokens, and what a request itself costs.
    [poisson(250), 1],
    [poisson(251), 2],
    [poisson(1000), 4],
    [{ ...poisson(1000), stream: false }, 1],
    [{ ...poisson(1000), maxConcurrency: 3 }, 3],
    [{ arrival: { kind: 'bursts', size: 1200, everyMs: 60_000 }, maxConcurrency: null }, 3],
    [{ arrival: { kind: 'stages', stages: [{ durationMs: 9, ratePerS: 1, toRatePerS: 750 }] }, maxConcurrency: null }, 3],
    // Conversations, of five requests in the mean.
    [{ ...poisson(100), conversations: { turns: { min: 4, max: 6 } } }, 2],
    [{ ...poisson(1000), share: { client: 0, of: 2 } }, 2],
  ] satisfies [Partial<LoadSpecInput>, number][])('are as many as streams and events need: %j', (load, expected) => {
    expect(count(load)).toBe(expected);
  });

  it('are fewer where a self-check found that one can read more, and more where less', () => {
    expect(count({ maxConcurrency: 1400 }, { capacity: 70_000 })).toBe(1);
    expect(count({ maxConcurrency: 1400 }, { capacity: 10_000 })).toBe(7);
  });

  it('leave a core to others, and are one at least', () => {
    expect(count({ maxConcurrency: 5000 }, { cores: 4 })).toBe(3);
    expect(count({ maxConcurrency: 5000 }, { cores: 1 })).toBe(1);
  });

  it('are as many as were asked for, where each has something to do', () => {
    expect(count({ maxConcurrency: 8 }, { asked: 4, cores: 1 })).toBe(4);
    expect(count({ maxConcurrency: 2 }, { asked: 4 })).toBe(2);
  });

  it('go by the lengths and times of a trace', () => {
    const request = { inputTokens: 8, outputTokens: 495, blocks: [] };
    const trace = Array.from({ length: 101 }, (_, i) => ({ ...request, atMs: i * 10 }));
    const load: Partial<LoadSpecInput> = {
      arrival: { kind: 'trace' },
      maxConcurrency: null,
      data: { kind: 'trace', path: 'a.jsonl', format: 'mooncake' },
    };
    // 101 requests a second, of 500 events each.
    expect(count(load, { trace })).toBe(3);
  });
});
