import { expect, it } from 'vitest';
import { columns, labelled, shownLine, wrap } from './columns.ts';
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
  const text = columns(['A', 'B'], [['a\u001B[31mred\n', '']], plain);
  expect(text.split('\n')[1]).toBe(String.raw`a\x1b[31mred\n`);
});

it('cuts the widest cells to fit a terminal, and says so, but never what is typed again', () => {
  const text = columns(
    ['RUN', 'WHAT', 'STATUS'],
    [['rabcdefghi', 'a very long description of it all', 'done']],
    { ...plain, unicode: true },
    { width: 36, whole: [0] },
  );
  expect(text.split('\n')[1]).toBe('rabcdefghi  a very long des…  done');
  expect(columns(['RUN'], [['rabcdefghi']], plain, { width: 5, whole: [0] })).toContain('rabcdefghi');
});

it('keeps colours of logs, and of a line drawn over only the last', () => {
  expect(shownLine('10%\r\u001B[32m100%\u001B[0m\t\u001B[2J\r')).toBe('\u001B[32m100%\u001B[0m\t\\x1b[2J');
});

it('counts what is seen of a label in colour', () => {
  const paint = (text: string) => `<${text}>`;
  expect(labelled('note:', 'one two three', { width: 13, paint }, plain)).toEqual(['<note:> one', '  two three']);
  expect(labelled('note:', 'one two three', { paint }, plain)).toEqual(['<note:> one two three']);
});

it('wraps between words, and cuts what is past the last line', () => {
  const o = { width: 14, lines: 2, indent: '  ', style: { unicode: true } };
  expect(wrap('image not found', o)).toEqual(['  image not', '  found']);
  expect(wrap('image not found on the host gpu1', o)).toEqual(['  image not', '  found on th…']);
  expect(wrap('registry.invalid/none', o)).toEqual(['  registry.inv', '  alid/none']);
});
