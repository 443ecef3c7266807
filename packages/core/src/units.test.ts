import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, parseDuration, parseSize } from './units.ts';

const code = (run: () => unknown) => {
  try {
    return run();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('parseDuration', () => {
  it.each([
    [90, 90_000],
    [0, 0],
    [1.5, 1500],
    ['90', 90_000],
    ['90s', 90_000],
    ['90 s', 90_000],
    ['1.5m', 90_000],
    ['1h30m', 5_400_000],
    ['1h 30m', 5_400_000],
    ['500ms', 500],
    ['2min', 120_000],
    ['1d', 86_400_000],
    ['01:30:00', 5_400_000],
    ['00:00:07', 7000],
    ['2-01:00:00', 176_400_000],
    [' 5s ', 5000],
  ])('%j is %i ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', ' ', 'soon', '-5s', '5x', '5s!', '1:60:00', '01:30', '1e3', '5 5', 's', -1, Number.NaN, Infinity])('refuses %j', (text) => {
    expect(code(() => parseDuration(text))).toBe('BENCH_UNIT');
  });
});

describe('parseSize', () => {
  it.each([
    [1024, 1024],
    ['1024', 1024],
    ['16gb', 16e9],
    ['16GiB', 16 * 2 ** 30],
    ['1.5 MiB', 1_572_864],
    ['500MB', 5e8],
    ['7 b', 7],
    ['3k', 3000],
    ['2TiB', 2 ** 41],
    ['0', 0],
  ])('%j is %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', 'GB', '16 gigs', '-1', '1,5GB', -1, Number.NaN, Infinity])('refuses %j', (text) => {
    expect(code(() => parseSize(text))).toBe('BENCH_UNIT');
  });
});

describe('formatting', () => {
  it('writes durations as people read them, never 60 s or 1000 ms', () => {
    expect([0, 850, 999.4, 999.6, 12_345, 59_949, 59_951, 245_000, 3_599_600, 7_380_000].map(formatDuration)).toEqual([
      '0 ms',
      '850 ms',
      '999 ms',
      '1.0 s',
      '12.3 s',
      '59.9 s',
      '1m 00s',
      '4m 05s',
      '1h 00m',
      '2h 03m',
    ]);
  });

  it('writes sizes in powers of ten, three digits at most', () => {
    expect([0, 999, 999.7, 1000, 1234, 99_949, 99_960, 999_600, 141e9, 5e15].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.0 kB',
      '1.2 kB',
      '99.9 kB',
      '100 kB',
      '1.0 MB',
      '141 GB',
      '5000 TB',
    ]);
  });

  it('is read back within its own rounding', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 * 86_400_000 }), (ms) => {
        const back = parseDuration(formatDuration(ms));
        expect(Math.abs(back - ms)).toBeLessThanOrEqual(ms < 60_000 ? 50 : ms < 3_600_000 ? 500 : 60_000);
      }),
    );
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e15, noNaN: true }), (bytes) => {
        expect(Math.abs(parseSize(formatBytes(bytes)) / bytes - 1)).toBeLessThan(bytes < 1000 ? 0.5 : 0.06);
      }),
    );
  });
});
