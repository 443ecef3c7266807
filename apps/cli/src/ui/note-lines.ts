import { minuteText, printable } from '@bench/core';
import type { Notes } from '@bench/results';

/** Tags and remarks of a run, each on its line; none where nothing was noted. `numbered`: as `bench note --remove` takes them. */
export function noteLines(notes: Notes, { numbered = false }: { numbered?: boolean } = {}): string[] {
  return [
    ...(notes.tags.length === 0 ? [] : [`tags: ${notes.tags.map(printable).join(', ')}`]),
    ...notes.remarks.map(({ at, text }, i) => `${numbered ? `${i + 1}. ` : ''}${minuteText(at)} UTC  ${printable(text)}`),
  ];
}
