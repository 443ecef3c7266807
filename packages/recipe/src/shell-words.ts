import { BenchError, EXIT } from '@bench/core';

/**
 * Splits text into words as a POSIX shell does: blanks separate, `'…'` is literal, `"…"` and backslash escape, a backslash before
 * a line end joins lines. Nothing is expanded: `$`, `*` and backquotes are plain characters.
 * @throws BenchError `BENCH_SHELL_WORDS`; `details.offset` is where the fault begins, from 0.
 */
export function splitShellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === "'") {
      const end = text.indexOf("'", i + 1);
      if (end < 0) throw unfinished(i, "the quote ' is not closed");
      word = (word ?? '') + text.slice(i + 1, end);
      i = end;
    } else if (c === '"') {
      const start = i;
      word ??= '';
      for (i++; text[i] !== '"'; i++) {
        if (i >= text.length) throw unfinished(start, 'the quote " is not closed');
        if (text[i] === '\\' && '"\\$`\n'.includes(text[i + 1] ?? ' ')) {
          i++;
          if (text[i] !== '\n') word += text.charAt(i);
        } else word += text.charAt(i);
      }
    } else if (c === '\\') {
      if (i + 1 >= text.length) throw unfinished(i, 'a backslash stands at the end');
      i++;
      if (text[i] !== '\n') word = (word ?? '') + text.charAt(i);
    } else if (/\s/.test(c)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + c;
  }
  if (word !== null) words.push(word);
  return words;
}

function unfinished(offset: number, what: string): BenchError {
  return new BenchError({
    code: 'BENCH_SHELL_WORDS',
    message: `${what} (character ${offset + 1})`,
    exitCode: EXIT.usage,
    details: { offset },
  });
}
