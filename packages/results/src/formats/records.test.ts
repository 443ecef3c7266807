import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecords, encodeRecords } from './records.ts';
import { recordWith } from './testing/points.ts';

const many = Array.from({ length: 300 }, (_, index) =>
  recordWith({ index, sentMs: Math.sin(index), finishReason: index % 2 ? 'länge' : null }),
);

describe('request records', () => {
  it('come back as they were, one a line', () => {
    const packed = encodeRecords(many);
    expect(decodeRecords(packed)).toEqual({ records: many, truncated: false, problems: [] });
    expect(gunzipSync(packed).toString().split('\n')).toHaveLength(301);
    expect(decodeRecords(encodeRecords([]))).toEqual({ records: [], truncated: false, problems: [] });
  });

  it('give what is left of a cut file, and say so', () => {
    const packed = encodeRecords(many);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: packed.length - 1 }), (at) => {
        const back = decodeRecords(packed.subarray(0, at));
        expect(back.truncated).toBe(true);
        expect(back.records).toEqual(many.slice(0, back.records.length));
      }),
    );
    expect(decodeRecords(packed.subarray(0, packed.length - 9)).records.length).toBeGreaterThan(100);
  });

  it('report a last line that was being written, also when it parses', () => {
    const line = JSON.stringify(many[0]);
    expect(decodeRecords(gzipSync(`${line}\n${line}`))).toMatchObject({ records: [many[0]], truncated: true });
  });

  it('skip and name lines that are not records', () => {
    const line = JSON.stringify(many[0]);
    const back = decodeRecords(gzipSync(`${line}\n{"index":-1}\nnot json\n\n${line}\n`));
    expect(back.records).toHaveLength(2);
    expect(back.problems.map((p) => p.line)).toEqual([2, 3]);
    expect(decodeRecords(gzipSync('x\n'.repeat(1000))).problems).toHaveLength(20);
  });

  it('refuse what is no gzip, and what was changed', () => {
    expect(() => decodeRecords(Buffer.from('{"index":0}\n'))).toThrowError(expect.objectContaining({ code: 'BENCH_RECORDS_DAMAGED' }));
    const packed = encodeRecords(many);
    packed[packed.length - 5] = (packed[packed.length - 5] as number) ^ 1;
    expect(() => decodeRecords(packed)).toThrowError(expect.objectContaining({ code: 'BENCH_RECORDS_DAMAGED' }));
  });
});
