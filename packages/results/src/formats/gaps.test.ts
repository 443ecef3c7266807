import { gunzipSync, gzipSync } from 'node:zlib';
import { BenchError, percentile } from '@bench/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeGaps, encodeGaps, histogramPercentile } from './gaps.ts';

const gaps = fc.float32Array({ noNaN: true, min: 0, max: 1e6, maxLength: 40 });
const lists = fc.array(fc.record({ index: fc.nat(), gapsMs: gaps }), { maxLength: 12 });

/** Positive gaps over ten orders of magnitude. */
const wide = fc.array(
  fc.integer({ min: -5, max: 5 }).chain((e) => fc.double({ min: 1, max: 10, noNaN: true }).map((m) => Math.fround(m * 10 ** e))),
  { minLength: 1, maxLength: 200 },
);

const codeOf = (run: () => unknown) => {
  try {
    run();
    return 'no error';
  } catch (error) {
    return BenchError.is(error) ? error.code : `not ours: ${String(error)}`;
  }
};

describe('gaps within the cap', () => {
  it('come back exactly, in their order', () => {
    fc.assert(
      fc.property(lists, (value) => {
        const back = decodeGaps(encodeGaps(value));
        expect(back).toEqual({ lists: value, histogram: null, cap: 4_000_000, relativeError: 0 });
      }),
    );
  });

  it('come back from views into larger buffers, and do not keep the file alive', () => {
    const big = new Float32Array(100).map((_, i) => i / 3);
    const back = decodeGaps(encodeGaps([{ index: 7, gapsMs: big.subarray(3, 9) }]));
    expect(back.lists[0]?.gapsMs).toEqual(big.slice(3, 9));
    expect(back.lists[0]?.gapsMs.buffer.byteLength).toBe(24);
  });
});

describe('gaps past the cap', () => {
  it('become a histogram whose every figure is within the error it states', () => {
    fc.assert(
      fc.property(wide, (values) => {
        const back = decodeGaps(encodeGaps([{ index: 0, gapsMs: Float32Array.from(values) }], { capSamples: 0 }));
        const { histogram, relativeError } = back;
        if (!histogram) throw new Error('past the cap there is a histogram');
        expect(back.lists).toEqual([]);
        expect(relativeError).toBe(0.01);
        expect(histogram.count).toBe(values.length);
        expect(histogram.minMs).toBe(Math.min(...values));
        expect(histogram.maxMs).toBe(Math.max(...values));
        expect(histogram.sumMs).toBeCloseTo(
          values.reduce((a, b) => a + b, 0),
          3,
        );
        const sorted = [...values].sort((a, b) => a - b);
        for (const q of [0, 10, 50, 90, 99, 100]) {
          const exact = sorted[Math.floor(((values.length - 1) * q) / 100)] as number;
          expect(Math.abs(histogramPercentile(histogram, q) / exact - 1)).toBeLessThanOrEqual(relativeError + 1e-9);
        }
      }),
    );
  });

  it('switch exactly at the cap', () => {
    const list = [{ index: 0, gapsMs: new Float32Array([1, 2, 3]) }];
    expect(decodeGaps(encodeGaps(list, { capSamples: 3 })).lists).toEqual(list);
    expect(decodeGaps(encodeGaps(list, { capSamples: 2 }))).toMatchObject({ lists: [], histogram: { count: 3, sumMs: 6 }, cap: 2 });
  });

  it('keep zeros as zeros, and count what is no time as none', () => {
    const { histogram } = decodeGaps(encodeGaps([{ index: 0, gapsMs: new Float32Array([0, 0, -1, Number.NaN, 5]) }], { capSamples: 1 }));
    expect(histogram?.buckets).toEqual([
      { valueMs: 0, count: 4 },
      { valueMs: expect.closeTo(5, 1), count: 1 },
    ]);
    expect(histogram && histogramPercentile(histogram, 50)).toBe(0);
  });

  it('stay small: four million log-normal gaps are a few kilobytes', () => {
    const many = Float32Array.from({ length: 400_000 }, (_, i) => Math.exp(Math.sin(i) * 3));
    const packed = encodeGaps(
      Array.from({ length: 10 }, (_, index) => ({ index, gapsMs: many })),
      { capSamples: 3_999_999 },
    );
    expect(packed.length).toBeLessThan(20_000);
    const { histogram } = decodeGaps(packed);
    expect(histogram && histogramPercentile(histogram, 50) / percentile(many, 50)).toBeCloseTo(1, 1);
  });
});

describe('files that are not whole', () => {
  const whole = encodeGaps([
    { index: 1, gapsMs: new Float32Array([1, 2, 3, 4]) },
    { index: 2, gapsMs: new Float32Array(50) },
  ]);

  it('are refused wherever they are cut', () => {
    for (let at = 0; at < whole.length; at++)
      expect([at, codeOf(() => decodeGaps(whole.subarray(0, at)))]).toEqual([at, 'BENCH_GAPS_DAMAGED']);
  });

  it('are refused when a byte changed, or read the same where gzip does not care', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = Uint8Array.from(whole);
        bytes[at] = (bytes[at] as number) ^ change;
        try {
          expect(decodeGaps(bytes)).toEqual(decodeGaps(whole));
        } catch (error) {
          expect(BenchError.is(error) && error.code).toBe('BENCH_GAPS_DAMAGED');
        }
      }),
    );
  });

  it('are refused when the content lies about its size', () => {
    const body = gunzipSync(whole);
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const changed = Buffer.from(body);
        changed[at] = value;
        try {
          const back = decodeGaps(gzipSync(changed));
          return back.lists.length + (back.histogram?.buckets.length ?? 0) >= 0;
        } catch (error) {
          return BenchError.is(error);
        }
      }),
    );
    expect(codeOf(() => decodeGaps(gzipSync(body.subarray(0, 40))))).toBe('BENCH_GAPS_DAMAGED');
    expect(codeOf(() => decodeGaps(gzipSync(Buffer.concat([body, Buffer.from([0])]))))).toBe('BENCH_GAPS_DAMAGED');
  });

  it('are refused politely when they are from the future, or something else', () => {
    const body = gunzipSync(whole);
    body.writeUInt16LE(9, 4);
    expect(codeOf(() => decodeGaps(gzipSync(body)))).toBe('BENCH_GAPS_TOO_NEW');
    expect(codeOf(() => decodeGaps(Buffer.from('index,gap\n1,2\n')))).toBe('BENCH_GAPS_DAMAGED');
    expect(codeOf(() => decodeGaps(gzipSync('{}')))).toBe('BENCH_GAPS_DAMAGED');
  });
});
