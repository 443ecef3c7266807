import { pointResultSchema, type RequestRecord, requestRecord } from '@bench/core';
import type { OwnMeasurement } from '@bench/deploy';
import { expect, it } from 'vitest';
import { ownPoint } from './own-point.ts';

const request = (index: number, sentMs: number, endMs: number, failed = false): RequestRecord =>
  requestRecord({
    index,
    sentMs,
    endMs,
    firstByteMs: sentMs + 1,
    reads: 1,
    connection: 'new',
    httpStatus: failed ? 500 : 200,
    error: failed ? { class: 'http_5xx', message: 'no' } : null,
  });

const part = (name: string, more: Partial<OwnMeasurement['parts'][number]> = {}): OwnMeasurement['parts'][number] => ({
  name,
  code: 0,
  durationS: 2,
  metrics: {},
  requests: null,
  failure: null,
  ...more,
});
const measured = (...parts: OwnMeasurement['parts']): OwnMeasurement => ({ startedAt: '2026-03-09T05:37:43.123Z', durationS: 2, parts });
const where = { point: 0, repeat: 1 };

it('one client’s figures keep their names, with unit and direction', () => {
  const result = ownPoint(measured(part('load', { metrics: { ops: { value: 12, unit: '1/s', better: 'higher' } } })), where);
  expect(pointResultSchema.parse(result)).toMatchObject({
    load: null,
    repeat: 1,
    durationS: 2,
    scalars: { ops: 12 },
    ownMetrics: { ops: { unit: '1/s', better: 'higher' } },
  });
});

it('several clients’ figures are not added up, and none takes the name of a metric of bench', () => {
  const ops = { ops: { value: 12, unit: '1/s', better: 'higher' as const } };
  const both = ownPoint(measured(part('load-1', { metrics: ops }), part('load-2', { metrics: ops })), where);
  expect(Object.keys(both.scalars)).toEqual(['load-1.ops', 'load-2.ops']);
  const posing = ownPoint(measured(part('load', { metrics: { goodput: { value: 1, unit: '', better: null } } })), where);
  expect(Object.keys(posing.scalars)).toEqual(['load.goodput']);
});

it('requests of all clients are one sample, from the first sent to the last ended', () => {
  const result = ownPoint(
    measured(part('a', { requests: [request(0, 0, 100), request(1, 100, 300)] }), part('b', { requests: [request(0, 0, 2000, true)] })),
    where,
  );
  expect(result.counts).toEqual({ sent: 3, ok: 2, failed: 1, cancelled: 0, warmup: 0 });
  expect(result.durationS).toBe(2);
  expect(result.scalars['request_throughput']).toBe(1);
  expect(result.scalars['error_ratio']).toBeCloseTo(1 / 3);
  expect(result.distributions['e2el_ms']).toMatchObject({ count: 2, min: 100, max: 200 });
  expect(result.errors).toEqual({ http_5xx: 1 });
});

it('where one client tells no requests, none are summed up', () => {
  const result = ownPoint(measured(part('a', { requests: [request(0, 0, 100)] }), part('b')), where);
  expect(result.distributions).toEqual({});
  expect(result.counts.sent).toBe(0);
});
