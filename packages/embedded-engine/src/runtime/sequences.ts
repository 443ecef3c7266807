import type { Token } from 'node-llama-cpp';

import type { NativeContext } from './native-context.ts';

/** One of the context's sequences and what its memory holds. */
export interface Sequence {
  readonly id: number;
  /** The tokens whose keys and values are in memory, in order. Whoever took the sequence adds to it. */
  readonly cells: Token[];
}

export interface Sequences {
  /** A free sequence that holds as much of the prompt as any does, cut to that; null when none is free. Always leaves at least one token to evaluate. */
  take(prompt: readonly Token[]): { sequence: Sequence; cachedTokens: number } | null;
  /** Gives it back with what it holds. */
  release(sequence: Sequence): void;
  /** Forgets what a sequence holds. */
  forget(sequence: Sequence): void;
  /** Forgets what free sequences hold, now, and what taken ones hold when they come back. */
  forgetIdle(): void;
}

export interface SequencesOptions {
  native: Pick<NativeContext, 'removeTokenCellsFromSequence' | 'disposeSequence'>;
  count: number;
  prefixCaching: boolean;
}

/** Prefixes are reused in whole blocks, as vLLM does: a chat template's few tokens that every prompt shares are not a warm cache. */
export const PREFIX_BLOCK = 16;

export function makeSequences({ native, count, prefixCaching }: SequencesOptions): Sequences {
  const free: Sequence[] = Array.from({ length: count }, (_, id) => ({ id, cells: [] }));
  const stale = new Set<Sequence>();
  const taken = new Set<Sequence>();

  const keepOnly = (sequence: Sequence, length: number): number => {
    if (sequence.cells.length === length) return length;
    if (length > 0 && native.removeTokenCellsFromSequence(sequence.id, length, -1)) {
      sequence.cells.length = length;
      return length;
    }
    native.disposeSequence(sequence.id);
    sequence.cells.length = 0;
    return 0;
  };

  return {
    take(prompt) {
      let best: Sequence | undefined;
      let bestShared = -1;
      // The front of the list was released longest ago: with nothing to gain, that one's prefix is the one to lose.
      for (const sequence of free) {
        const shared = prefixCaching && !stale.has(sequence) ? sharedBlocks(sequence.cells, prompt) : 0;
        if (shared > bestShared) {
          best = sequence;
          bestShared = shared;
        }
      }
      if (!best) return null;
      free.splice(free.indexOf(best), 1);
      taken.add(best);
      stale.delete(best);
      return { sequence: best, cachedTokens: keepOnly(best, bestShared) };
    },
    release(sequence) {
      taken.delete(sequence);
      free.push(sequence);
    },
    forget: (sequence) => void keepOnly(sequence, 0),
    // Cells are only marked: a batch may be under way, and the memory must not be touched until it ends.
    forgetIdle() {
      for (const sequence of [...free, ...taken]) stale.add(sequence);
    },
  };
}

function sharedBlocks(cells: readonly Token[], prompt: readonly Token[]): number {
  const most = Math.min(cells.length, prompt.length - 1);
  let shared = 0;
  while (shared < most && cells[shared] === prompt[shared]) shared++;
  return shared - (shared % PREFIX_BLOCK);
}
