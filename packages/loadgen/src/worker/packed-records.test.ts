import { requestRecord, type RequestRecord } from '@bench/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordPacker, transferOf, unpack } from './packed-records.ts';

/** Through another thread, as `postMessage` takes it there. */
function across(records: readonly RequestRecord[]): RequestRecord[] {
  const packer = recordPacker();
  for (const record of records) packer.push(record);
  const packed = packer.packed();
  return [...unpack(structuredClone(packed, { transfer: transferOf(packed) }))];
}

describe('records in columns', () => {
  it('come out as they went in, whatever is in them', () => {
    // No clock tells −0.
    const ms = fc.double({ noNaN: true, min: -1e9, max: 1e9 }).map((value) => value + 0);
    const time = fc.oneof(fc.constant(null), ms, fc.integer());
    const count = fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 2 ** 40 }));
    const record: fc.Arbitrary<RequestRecord> = fc
      .record(
        {
          index: fc.nat(),
          sentMs: ms,
          firstTokenMs: time,
          endMs: time,
          promptTokens: count,
          outputTokens: count,
          chunks: fc.nat(),
          finishReason: fc.oneof(fc.constant(null), fc.string()),
          connection: fc.constantFrom('new' as const, 'reused' as const, null),
          error: fc.oneof(
            fc.constant(null),
            fc.record({ class: fc.constantFrom('reset' as const, 'timeout' as const), message: fc.string() }),
          ),
          class: fc.string(),
          conversation: fc.nat(),
        },
        { requiredKeys: ['index', 'sentMs'] },
      )
      .map((known) => requestRecord(known as Parameters<typeof requestRecord>[0]));
    fc.assert(
      fc.property(fc.array(record, { maxLength: 40 }), (records) => {
        expect(across(records)).toEqual(records);
      }),
      { numRuns: 1000 },
    );
  });

  it('are many in little memory', () => {
    const packer = recordPacker();
    for (let index = 0; index < 10_000; index++)
      packer.push(
        requestRecord({
          index,
          sentMs: index + 0.5,
          firstByteMs: index + 1.25,
          endMs: index + 2.75,
          finishReason: 'stop',
          outputTokens: 7,
        }),
      );
    const packed = packer.packed();
    expect(packed.count).toBe(10_000);
    const bytes = transferOf(packed).reduce((sum, buffer) => sum + buffer.byteLength, 0);
    expect(bytes / 10_000).toBeLessThan(400);
    expect([...unpack(packed)][9_999]).toMatchObject({ index: 9_999, endMs: 10_001.75, finishReason: 'stop', httpStatus: null });
  });
});
