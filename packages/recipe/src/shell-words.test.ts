import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { splitShellWords } from './index.ts';

describe('splitShellWords', () => {
  it.each([
    ['', []],
    ['  a  b\tc\n', ['a', 'b', 'c']],
    [`--x '{"a": [1, "b"]}'`, ['--x', '{"a": [1, "b"]}']],
    [`a'b'"c"d`, ['abcd']],
    [`"" ''`, ['', '']],
    [String.raw`"a\"b\\c\$d\e"`, [String.raw`a"b\c$d\e`]],
    [String.raw`a\ b \'c`, ['a b', "'c"]],
    ['a\\\nb', ['ab']],
    ['$HOME *.txt `x`', ['$HOME', '*.txt', '`x`']],
  ])('%s', (text, words) => {
    expect(splitShellWords(text)).toEqual(words);
  });

  it('splits as sh does', () => {
    const texts = [`--a 'b c' "d 'e' f" g\\ h`, `'it'\\''s' "a\\\\b" ""`, `x"y z"'w' --k='{"p":{"q":"r s"}}'`];
    for (const text of texts) {
      const shell = execFileSync('sh', ['-c', `printf '%s\\0' ${text}`], { encoding: 'utf8' })
        .split('\0')
        .slice(0, -1);
      expect(splitShellWords(text)).toEqual(shell);
    }
  });

  it.each([
    [`ab 'c`, 3],
    [`ab "c`, 3],
    ['ab \\', 3],
  ])('refuses %s and says where', (text, offset) => {
    expect(() => splitShellWords(text)).toThrow(expect.objectContaining({ code: 'BENCH_SHELL_WORDS', details: { offset } }) as Error);
  });
});
