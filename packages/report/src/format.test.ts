import { describe, expect, it } from 'vitest';
import { columnDecimals, formatMs, formatNumber, formatShort, formatTick, formatUsd, listWords } from './format.ts';
import { oneLine, plain } from './text.ts';

describe('numbers', () => {
  it.each([
    [1234567, '1,234,567'],
    [1234.5, '1,235'],
    [123.4, '123'],
    [12.34, '12.3'],
    [1.234, '1.23'],
    [0.1234, '0.123'],
    [0, '0'],
    [-1234, '-1,234'],
    [Number.NaN, '–'],
    [null, '–'],
  ])('formats %s as %s', (value, text) => expect(formatNumber(value)).toBe(text));

  it('keeps one number of decimals a column, by its median', () => {
    expect(columnDecimals([1, 2, 300])).toBe(0);
    expect(columnDecimals([10.6, 11.7, 118.9])).toBe(1);
    expect(columnDecimals([4.32, 5.08, 13.66], 2)).toBe(2);
    expect(columnDecimals([0.00123], 2)).toBe(2);
    expect(columnDecimals([])).toBe(0);
  });

  it('drops zeros in prose, and says time and money in fitting units', () => {
    expect(formatShort(8)).toBe('8');
    expect(formatShort(12.5)).toBe('12.5');
    expect(formatShort(100.0)).toBe('100');
    expect([0.12, 12.34, 1234, 150_000].map(formatMs)).toEqual(['120 µs', '12.3 ms', '1.23 s', '2.5 min']);
    expect([28.4, 0.0123].map(formatUsd)).toEqual(['$28.40', '$0.0123']);
    expect([500, 12_500, 1_500_000].map(formatTick)).toEqual(['500', '12.5k', '1.5M']);
    expect(listWords(['a', 'b', 'c'])).toBe('a, b and c');
  });
});

describe('text from data', () => {
  it('loses control characters and direction marks, and is cut at whole characters', () => {
    expect(plain('a\u001B[31mb\u202Ec\u0000')).toBe('a[31mbc');
    expect(plain('👩👩👩', 4)).toBe('👩…');
    expect(plain('\uD800x')).toBe('\uFFFDx');
    expect(oneLine('a\n\n b\tc')).toBe('a b c');
  });
});
