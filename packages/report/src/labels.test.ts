import { loadSpecSchema, type LoadSpecInput } from '@bench/core';
import { describe, expect, it } from 'vitest';
import { dataLabel, loadAxis, loadLabel, loadsLabel } from './labels.ts';

const load = (arrival: LoadSpecInput['arrival'], maxConcurrency: number | null = null) =>
  loadSpecSchema.parse({
    arrival,
    maxConcurrency,
    data: { kind: 'random', inputTokens: { min: 1, max: 1 }, outputTokens: { min: 1, max: 1 } },
  });
const ramp = load({
  kind: 'stages',
  stages: [
    { durationMs: 1000, ratePerS: 2, toRatePerS: 10 },
    { durationMs: 1000, ratePerS: 10 },
  ],
});
const bursts = load({ kind: 'bursts', size: 10, everyMs: 500 });

describe('the label of a load', () => {
  it('is its rate or its concurrency', () => {
    expect(loadLabel(load({ kind: 'closed' }, 8))).toBe('8 concurrent');
    expect(loadsLabel([load({ kind: 'poisson', ratePerS: 1 }), load({ kind: 'poisson', ratePerS: 2 })])).toBe('1 and 2 req/s');
  });

  it('is of conversations, where there are any', () => {
    const talk = (arrival: LoadSpecInput['arrival'], cap: number | null = null) => ({
      ...load(arrival, cap),
      conversations: { turns: { min: 2, max: 6 }, history: 'answers' as const },
    });
    expect(loadLabel(talk({ kind: 'closed' }, 8))).toBe('8 conversations');
    expect(loadLabel(talk(ramp.arrival))).toBe('2→10 conversations/s');
    expect(loadsLabel([talk({ kind: 'closed' }, 8), talk({ kind: 'closed' }, 16)])).toBe('8 and 16 conversations');
    expect(loadsLabel([talk({ kind: 'closed' }, 8), load({ kind: 'closed' }, 8)])).toBe('8 conversations and 8 concurrent');
    expect(dataLabel(talk({ kind: 'closed' }, 8))).toContain(', conversations of 2–6 turns');
  });

  it('says that a trace is replayed, and how fast', () => {
    const trace = (speed: number) =>
      loadSpecSchema.parse({ arrival: { kind: 'trace', speed }, data: { kind: 'trace', path: 'day.csv', format: 'azure' } });
    expect([1, 4].map((speed) => loadLabel(trace(speed)))).toEqual(['trace', 'trace ×4']);
    expect(dataLabel(trace(1))).toBe('random prompts with the lengths of day.csv (azure trace)');
  });

  it('says which images go with the text', () => {
    const images = (most: number) => ({ perRequest: { min: 1, max: most }, width: { min: 512, max: 512 }, height: { min: 64, max: 128 } });
    const texts = [1, 3].map((most) => dataLabel({ ...ramp, images: images(most) }));
    expect(texts).toEqual([
      'random prompts, 1 tokens in, 1 out, 1 image of 512 × 64–128 a request',
      'random prompts, 1 tokens in, 1 out, 1–3 images of 512 × 64–128 a request',
    ]);
  });

  it('says how a rate changes, and stands at its mean', () => {
    expect([ramp, bursts].map(loadLabel)).toEqual(['2→10 req/s', '10 every 500 ms']);
    expect([ramp, bursts].map((l) => loadAxis(l))).toEqual([
      { kind: 'rate', value: 8 },
      { kind: 'rate', value: 20 },
    ]);
    expect(loadsLabel([ramp, load({ kind: 'poisson', ratePerS: 2 })])).toBe('2→10 req/s and 2 req/s');
  });
});
