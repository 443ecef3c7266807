import { prng, seedOf, type LoadSpec } from '@bench/core';

/** Where a measured request stands among the conversations of its load. */
export interface ConversationPlace {
  /** From 0. */
  conversation: number;
  /** From 1. */
  turn: number;
  /** Ordinal of its first turn. */
  first: number;
}

/**
 * How the measured requests of a load make conversations: each one's turns have consecutive ordinals, and the next one begins where it ends. That follows from
 * the seed alone.
 */
export interface ConversationPlan {
  /** Of all clients; infinite where the load has no number of requests. */
  readonly count: number;
  /** The requests of a conversation, first turn first. */
  ordinals(conversation: number): number[];
  placeOf(ordinal: number): ConversationPlace;
}

/** Null: the requests of the load stand alone. */
export function conversationPlan({
  conversations,
  numPrompts,
  seed,
}: Pick<LoadSpec, 'conversations' | 'numPrompts' | 'seed'>): ConversationPlan | null {
  if (!conversations) return null;
  const { min, max } = conversations.turns;
  const total = numPrompts ?? Number.POSITIVE_INFINITY;
  // Where each conversation begins that has been asked for so far, and the one after them.
  const starts = [0];
  const grow = () => {
    const turns = min === max ? min : prng(seedOf(seed, 'turns', starts.length - 1)).integer(min, max);
    starts.push(Math.min(total, (starts.at(-1) as number) + turns));
  };
  while (Number.isFinite(total) && (starts.at(-1) as number) < total) grow();
  return {
    count: Number.isFinite(total) ? starts.length - 1 : total,
    ordinals(conversation) {
      while (starts.length < conversation + 2) grow();
      const first = starts[conversation] as number;
      return Array.from({ length: (starts[conversation + 1] as number) - first }, (_, i) => first + i);
    },
    placeOf(ordinal) {
      while ((starts.at(-1) as number) <= ordinal) grow();
      let low = 0;
      let high = starts.length - 2;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if ((starts[middle] as number) <= ordinal) low = middle;
        else high = middle - 1;
      }
      const first = starts[low] as number;
      return { conversation: low, turn: ordinal - first + 1, first };
    },
  };
}

/** How long someone thinks before the turn of this ordinal, milliseconds. */
export function thinkMs({ conversations, seed }: Pick<LoadSpec, 'conversations' | 'seed'>, ordinal: number): number {
  const { meanMs, distribution } = conversations?.thinkTime ?? { meanMs: 0, distribution: 'constant' };
  if (distribution === 'constant' || meanMs === 0) return meanMs;
  return -Math.log(1 - prng(seedOf(seed, 'think', ordinal)).next()) * meanMs;
}
