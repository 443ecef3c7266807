import { createHash } from 'node:crypto';
import { prng, seedOf, type Prng } from '@bench/core';
import type { Calibration } from './calibration.ts';
import { groupOf, groupSeed, perGroup, type PrefixGroups } from './prefix-groups.ts';
import { TRACE_BLOCK_TOKENS } from './trace.ts';
import { lineFiller } from './verse.ts';

/** Words at the front of every prompt that come from its own digest: 8 of some 200 words are 61 bits, so no two prompts of a campaign begin alike. */
const FRONT = 8;

/** The text of words as {@link PromptMaker} gives them: a space before each but for what ends a line. */
export function textOf(words: readonly string[]): string {
  return words.join(' ').replace(/ (?=[,.]\n)/g, '');
}

export interface PromptIdentity {
  seed: number;
  phase: 'warmup' | 'measured' | 'probe' | 'answer';
  ordinal: number;
}

export interface PromptMaker {
  /** Words of a prompt of `tokens` tokens as the server counts them; the first is a lead, the others follow with a space. */
  words(identity: PromptIdentity, tokens: number, blocks?: readonly number[]): string[];
  /** Ids of a prompt of exactly `tokens` tokens. */
  ids(identity: PromptIdentity, tokens: number, blocks?: readonly number[]): number[];
  /** Makes `list` longer or shorter by about `delta` tokens at its end. */
  adjust(list: string[], delta: number): string[];
}

/**
 * Draws prompts of stated length. Prompts that begin with the same `blocks` of a trace begin with the same tokens, as many as the blocks have; what the blocks
 * do not fill is the prompt's own. `sharedTokens` at the front are the same for all prompts of `seed`, or of one of its `groups`; what follows begins with
 * words of the prompt's own.
 */
export function promptMaker(
  calibration: Calibration,
  options: { seed: number; sharedTokens: number; groups?: PrefixGroups | undefined },
): PromptMaker {
  const { leads, words } = calibration;
  const tokensOf = new Map([...words, ...(calibration.breaks ?? [])].map((w) => [w.word, w.tokens]));
  const fit = fitter(words);
  const lines = calibration.breaks ? lineFiller(calibration) : null;
  const group = groupOf(options.groups);
  const sharedOf = perGroup(sharedWords);

  function sharedWords(ofGroup: number): { list: string[]; tokens: number } | null {
    if (options.sharedTokens <= 0) return null;
    const random = prng(groupSeed(options.seed, ofGroup));
    const lead = pick(leads, random);
    const list = [lead.word];
    const tokens = lead.tokens + fill(list, options.sharedTokens - lead.tokens, random);
    return { list, tokens };
  }

  /** Lines as far as they go, where prompts are lines, and words for the rest. */
  function fill(list: string[], budget: number, random: Prng): number {
    const done = lines ? lines(list, budget, random) : 0;
    return done + fit(list, budget - done, random);
  }

  /** Every block is drawn from its id alone, and the same budget or a smaller one makes the same beginning. Returns the tokens appended. */
  function blockWords(list: string[], blocks: readonly number[], tokens: number): number {
    let done = 0;
    for (const [i, id] of blocks.entries()) {
      const random = prng(seedOf(options.seed, 'block', id));
      const end = Math.min(tokens, (i + 1) * TRACE_BLOCK_TOKENS);
      if (i === 0) {
        const lead = pick(leads, random);
        list.push(lead.word);
        done += lead.tokens;
      }
      done += fit(list, end - done, random);
    }
    return done;
  }

  return {
    words({ seed, phase, ordinal }, tokens, blocks = []) {
      const digest = digestOf(seed, phase, ordinal);
      const random = prng(digest.readUInt32LE(28));
      const list: string[] = [];
      let left = tokens;
      let front = FRONT;
      const shared = sharedOf(group({ seed, phase, ordinal }));
      if (blocks.length > 0) left -= blockWords(list, blocks, tokens);
      else if (shared && shared.tokens <= tokens) {
        list.push(...shared.list);
        left -= shared.tokens;
      } else {
        const lead = leads[digest.readUInt16LE(0) % leads.length] as (typeof leads)[number];
        list.push(lead.word);
        left -= lead.tokens;
        front--;
      }
      if (lines) {
        fill(list, left, digestFirst(digest, random));
        return list;
      }
      for (let i = 0; i < front; i++) {
        const word = words[digest.readUInt16LE(2 + 2 * i) % words.length] as (typeof words)[number];
        if (word.tokens > left) break;
        list.push(word.word);
        left -= word.tokens;
      }
      fit(list, left, random);
      return list;
    },
    ids({ seed, phase, ordinal }, tokens, blocks = []) {
      const pool = calibration.ids ?? [];
      const digest = digestOf(seed, phase, ordinal);
      const random = prng(digest.readUInt32LE(28));
      const common = prng(groupSeed(options.seed, group({ seed, phase, ordinal })));
      const given = blocks.flatMap((id) => {
        const ofBlock = prng(seedOf(options.seed, 'block', id));
        return Array.from({ length: TRACE_BLOCK_TOKENS }, () => pick(pool, ofBlock));
      });
      return Array.from({ length: tokens }, (_, i) => {
        const fromBlock = given[i];
        if (fromBlock !== undefined) return fromBlock;
        if (i < options.sharedTokens) return pick(pool, common);
        const own = i - options.sharedTokens - given.length;
        return own < FRONT ? (pool[digest.readUInt16LE(2 * own) % pool.length] as number) : pick(pool, random);
      });
    },
    adjust(list, delta) {
      const out = [...list];
      if (delta > 0) {
        fit(out, delta, prng(seedOf(options.seed, 'adjust', out.length)));
        return out;
      }
      let left = -delta;
      while (left > 0 && out.length > 1) left -= tokensOf.get(out.pop() as string) ?? 1;
      if (left < 0) fit(out, -left, prng(seedOf(options.seed, 'adjust', out.length)));
      return out;
    },
  };
}

function digestOf(seed: number, phase: string, ordinal: number): Buffer {
  return createHash('sha256').update(`${seed}:${phase}:${ordinal}`).digest();
}

/** Draws from the digest behind its first two bytes, until those are used up, and then from `random`: what is drawn first differs wherever digests do. */
function digestFirst(digest: Buffer, random: Prng): Prng {
  let at = 2;
  return {
    next: () => random.next(),
    integer(min, max) {
      if (at > 26) return random.integer(min, max);
      at += 2;
      return min + (digest.readUInt16LE(at - 2) % (max - min + 1));
    },
  };
}

function pick<T>(list: readonly T[], random: Prng): T {
  return list[random.integer(0, list.length - 1)] as T;
}

/** Appends random words worth `budget` tokens, exactly where their costs allow it; returns the tokens appended. */
function fitter(words: Calibration['words']): (list: string[], budget: number, random: Prng) => number {
  const costs = [...new Set(words.map((w) => w.tokens))];
  const whole = costs.every((c) => Number.isInteger(c) && c > 0);
  const dearest = Math.max(...costs);
  if (costs.length === 1 || !whole) {
    const mean = words.reduce((sum, w) => sum + w.tokens, 0) / words.length;
    return (list, budget, random) => {
      const count = Math.max(0, Math.round(budget / mean));
      for (let i = 0; i < count; i++) list.push(pick(words, random).word);
      return count * mean;
    };
  }
  // reachable[n]: can words be chosen that are worth exactly n tokens?
  const reachable = [true];
  for (let n = 1; n <= 4 * dearest; n++) reachable[n] = costs.some((c) => c <= n && reachable[n - c] === true);
  return (list, budget, random) => {
    let left = budget;
    while (left > 0) {
      const fits = left > 3 * dearest ? words : words.filter((w) => w.tokens <= left && reachable[left - w.tokens] === true);
      const choice = fits.length > 0 ? fits : words.filter((w) => w.tokens <= left);
      if (choice.length === 0) break;
      const word = pick(choice, random);
      list.push(word.word);
      left -= word.tokens;
    }
    return budget - left;
  };
}
