/**
 * Words of a command line as a POSIX shell splits them, without expansions; line ends and a backslash before one are spaces. A quote that
 * is never closed ends with the text: what is read here was run already, and is never run again.
 */
export function commandWords(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (quote === "'" ? c !== "'" : quote === '"' && c !== '"' && c !== '\\') word = (word ?? '') + c;
    else if (c === quote) quote = '';
    else if (c === '\\') {
      const next = text[++i] ?? '';
      if (next !== '\n') word = (word ?? '') + next;
    } else if (c === "'" || c === '"') {
      quote = c;
      word ??= '';
    } else if (/\s/.test(c)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + c;
  }
  if (word !== null) words.push(word);
  return words;
}

/** Flags of a command, without dashes and in snake case: `--max-num-seqs 8` and `--max-num-seqs=8` alike; true: one without a value. */
export function flagsOf(words: readonly string[]): Map<string, string | true> {
  const flags = new Map<string, string | true>();
  words.forEach((word, i) => {
    const match = /^--([A-Za-z][\w.-]{0,80})(?:=([^]*))?$/.exec(word);
    if (!match) return;
    const next = words[i + 1];
    const value = match[2] ?? (next === undefined || next.startsWith('--') ? true : next);
    flags.set((match[1] as string).replaceAll('-', '_'), value);
  });
  return flags;
}
