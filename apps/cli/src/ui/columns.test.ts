import { expect, it } from 'vitest';
import { columns, printable } from './columns.ts';
import { styles } from './style.ts';

const plain = { ...styles(process.stderr), dim: (text: string) => text };

it('aligns columns and leaves no blanks at the ends of lines', () => {
  expect(
    columns(
      ['A', 'LONG', 'C'],
      [
        ['1', '2', '3'],
        ['wider', '', 'x'],
      ],
      plain,
    ),
  ).toBe('A      LONG  C\n1      2     3\nwider        x\n');
});

it('shows control characters instead of obeying them', () => {
  expect(printable('a\u001B[31mred\n')).toBe(String.raw`a\x1b[31mred\x0a`);
});
