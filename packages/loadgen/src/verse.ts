import type { Prng } from '@bench/core';
import type { Calibration } from './calibration.ts';

const NOUNS = (
  'river stone garden window summer winter letter music color light table road field king queen ship train horse bird fish tree leaf flower ' +
  'grass rain snow wind fire earth sun moon star sky sea lake hill mountain forest island beach bridge tower church castle village town farm ' +
  'street market wall door house room hand heart voice song dream hour morning night child mother father friend teacher'
).split(' ');
const VERBS = (
  'keeps holds leaves finds calls follows carries watches remembers opens closes turns breaks covers crosses fills meets moves reaches raises ' +
  'answers builds changes draws enters gives hears knows leads lifts loses makes needs paints passes reads sees shows takes tells'
).split(' ');
const ADJECTIVES = (
  'old young cold warm dark bright quiet small great long early late empty heavy soft hard deep high green blue white black red golden silver ' +
  'broken hidden simple gentle distant silent wild'
).split(' ');
const SMALL = 'the a of and in its every no with from'.split(' ');

/** Words that may open a line. */
export const VERSE_OPENERS: readonly string[] = 'And But When While So Then Where Until Though Since As If'.split(' ');

/** All words of lines but those that open them. */
export const VERSE_WORDS: readonly string[] = [...SMALL, ...NOUNS, ...VERBS, ...ADJECTIVES];

/** From the end of one line to the first word of the next. */
export const VERSE_BREAKS: readonly string[] = [',\n', '.\n'].flatMap((end) => VERSE_OPENERS.map((opener) => end + opener));

/** What may follow the first word of a line: N a noun, V a verb, A an adjective. */
const PATTERNS = [
  'the A N V the N of N',
  'every N V its A N',
  'a N of A N V the N',
  'the N V and the A N V',
  'no N V the A N in N',
  'the N with A N V from the N',
].map((pattern) => pattern.split(' '));

/** Appends whole lines worth `budget` tokens at most; returns the tokens appended. */
export type FillLines = (list: string[], budget: number, random: Prng) => number;

/**
 * Lines of English words by a small grammar, as many as fit: of a list that holds one word only, that word opens the first. Some thirty thousand million
 * different lines, of about 9 tokens each, so that no two prompts go on alike by chance.
 */
export function lineFiller({ words, breaks = [] }: Pick<Calibration, 'words' | 'breaks'>): FillLines {
  const costs = new Map([...words, ...breaks].map((w) => [w.word, w.tokens]));
  const classes: Readonly<Record<string, readonly string[]>> = { N: NOUNS, V: VERBS, A: ADJECTIVES };
  const pick = <T>(list: readonly T[], random: Prng) => list[random.integer(0, list.length - 1)] as T;
  return (list, budget, random) => {
    let done = 0;
    for (;;) {
      const opening = list.length === 1 ? [] : [pick(breaks, random).word];
      const line = [...opening, ...pick(PATTERNS, random).map((part) => (classes[part] ? pick(classes[part], random) : part))];
      const tokens = line.reduce((sum, word) => sum + (costs.get(word) ?? 1), 0);
      if (done + tokens > budget) return done;
      list.push(...line);
      done += tokens;
    }
  };
}
