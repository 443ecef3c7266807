import { BenchError } from '@bench/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseResultJson } from '../index.ts';
import { AIPERF, GENAI_PERF, GUIDELLM, OLD_GUIDELLM } from './testing/exports.ts';

const FILES = { AIPERF, GENAI_PERF, GUIDELLM, OLD_GUIDELLM };

/** Results whose figures are finite, or the one error that says that there are none. */
function survives(text: string): void {
  try {
    for (const { scalars, distributions, durationS } of parseResultJson(text)) {
      const figures = [durationS ?? 0, ...Object.values(scalars), ...Object.values(distributions).flatMap((d) => Object.values(d))];
      expect(figures.filter((figure) => typeof figure === 'number' && !Number.isFinite(figure))).toEqual([]);
    }
  } catch (error) {
    expect(BenchError.is(error) && error.code).toBe('BENCH_NO_RESULT');
  }
}

/** A place in a value: at each level the member of that number. Replaces what is there. */
function replaced(value: unknown, path: readonly number[], by: unknown): unknown {
  const [at, ...rest] = path;
  if (at === undefined || typeof value !== 'object' || value === null) return by;
  const entries = Object.entries(value);
  const hit = entries[at % Math.max(1, entries.length)];
  if (!hit) return by;
  if (Array.isArray(value)) return value.map((item: unknown, i) => (String(i) === hit[0] ? replaced(item, rest, by) : item));
  return { ...value, [hit[0]]: replaced(hit[1], rest, by) };
}

describe.each(Object.keys(FILES) as (keyof typeof FILES)[])('%s, damaged', (name) => {
  const whole = JSON.stringify(FILES[name]);

  it('in its text is read as far as it goes, or says that it holds nothing', () => {
    fc.assert(
      fc.property(fc.nat(whole.length), fc.nat(200), fc.string({ maxLength: 20 }), (at, cut, put) => {
        survives(whole.slice(0, at) + put + whole.slice(at + cut));
      }),
      { numRuns: 200, seed: 20, endOnFailure: true },
    );
  });

  it('in its values is read as far as it goes, or says that it holds nothing', () => {
    const any = fc.oneof(fc.jsonValue(), fc.constantFrom(1e308, -1e308, 1e-320, '1e400', 'NaN', '', [], {}, null, -0));
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 7 }), any, (path, by) => survives(JSON.stringify(replaced(FILES[name], path, by)))),
      { numRuns: 300, seed: 20, endOnFailure: true },
    );
  });
});
