import { gzipSync } from 'node:zlib';
import type { PointTelemetry } from '@bench/core';
import { expect, it } from 'vitest';
import { decodeTelemetry, encodeTelemetry } from './telemetry.ts';

const LINES: PointTelemetry[] = [
  { kind: 'clock', of: 'host', offsetMs: -4.5, uncertaintyMs: 1.2, method: 'exchange' },
  { kind: 'host', atMs: -10.5, gpus: null, cpu: { busyS: 1.5, totalS: 8 } },
  { kind: 'engine', atMs: 20, running: 3, kvCacheUsage: 0.25 },
];

it('gives back what was written', () => {
  expect(decodeTelemetry(encodeTelemetry(LINES))).toEqual(LINES);
});

it('leaves out lines that it does not know', () => {
  const more = `{"kind":"disk","atMs":1}\nnot json\n${JSON.stringify(LINES[2])}\n`;
  expect(decodeTelemetry(gzipSync(more))).toEqual([LINES[2]]);
});

it('says when the file is damaged', () => {
  const whole = encodeTelemetry(LINES);
  expect(() => decodeTelemetry(whole.subarray(0, whole.length / 2))).toThrow('telemetry cannot be read');
  expect(() => decodeTelemetry(Buffer.from('plain'))).toThrow('telemetry cannot be read');
});
