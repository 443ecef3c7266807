import { expect, it } from 'vitest';
import { since } from './since-flag.ts';

it.each([
  ['7d', { ago: 7 * 86_400_000 }],
  ['1.5h', { ago: 5_400_000 }],
  ['30min', { ago: 1_800_000 }],
  ['2w', { ago: 14 * 86_400_000 }],
  ['2026-05-04', { at: Date.UTC(2026, 4, 4) }],
  ['2026-05-04T13:20Z', { at: Date.UTC(2026, 4, 4, 13, 20) }],
  ['2026-05-04T13:20:01+02:00', { at: Date.UTC(2026, 4, 4, 11, 20, 1) }],
])('--since %s', (text, expected) => {
  expect(since(text)).toEqual(expected);
});

it.each(['', 'yesterday', '7', '2026', '2026-13-01', '-1d', '7 d', '2026-05-04Tx'])('refuses --since %j', (text) => {
  expect(() => since(text)).toThrow(/expected a day/);
});
