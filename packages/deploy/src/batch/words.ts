import { BenchError } from '@bench/core';
import { quote } from '@bench/host';

/** A word of a command, or a value, that may hold the port, which is known when the job runs: text, port, text, port, … text. */
export type PortWord = readonly [string, ...string[]];

/** The variable of the scripts that holds the port. */
const PORT = '"$port"';
/** Two ports that no recipe has a reason to write down, of equal length. */
const [ONE, OTHER] = [41_117, 41_119];

/** One word for the shell, whatever is in it. */
export function shellWord(word: PortWord | string, port = PORT): string {
  if (typeof word === 'string') return quote(word);
  return word.map((part) => (part === '' ? '' : quote(part))).join(port) || "''";
}

/** A list of words in an array of bash, one a line. */
export function shellArray(words: readonly (PortWord | string)[], indent = '    '): string {
  return `(\n${words.map((word) => `${indent}${shellWord(word)}\n`).join('')}${indent.slice(2)})`;
}

/**
 * What `launch` makes of a port, with the places where the port stands: found by what two ports make of it, so that a number that only looks
 * like a port stays as it is.
 * @throws BenchError `BENCH_SITE_UNFIT` when it makes something else of another port than another number
 */
export function withPort<T>(launch: (port: number) => T, read: (made: T) => readonly string[]): { made: T; words: PortWord[] } {
  const made = launch(ONE);
  const [words, others] = [read(made), read(launch(OTHER))];
  if (words.length !== others.length) throw unfit();
  return { made, words: words.map((word, i) => template(word, others[i] as string)) };
}

function template(word: string, other: string): PortWord {
  if (word === other) return [word];
  const parts = word.split(String(ONE)) as [string, ...string[]];
  if (parts.join(String(OTHER)) !== other) throw unfit();
  return parts;
}

function unfit(): BenchError {
  return new BenchError({ code: 'BENCH_SITE_UNFIT', message: 'the command line of the engine is another for another port' });
}

/** The same for people. */
export function portText(word: PortWord | string): string {
  return typeof word === 'string' ? word : word.join('$PORT');
}
