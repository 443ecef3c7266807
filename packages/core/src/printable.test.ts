import { describe, expect, it } from 'vitest';
import { printable, replaceUnprintable } from './index.ts';

describe('printable', () => {
  it('shows what a terminal would obey, and nothing else is touched', () => {
    expect(printable('a\u001B[2J\u009Bb\nc\t\u202Ed\uFEFF')).toBe(String.raw`a\x1b[2J\x9bb\nc\x09\u202ed\ufeff`);
    expect(printable('größer 💥 – 東京 "x" \\n')).toBe('größer 💥 – 東京 "x" \\n');
  });
});

it('replaceUnprintable hands each such character over', () => {
  expect(replaceUnprintable('a\tb\u0000c\nd', (c) => (c === '\n' ? c : ''))).toBe('abc\nd');
});
