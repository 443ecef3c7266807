/** What an engine's prefix cache would have of a prompt. */
export interface PrefixCache {
  /** Tokens at the front of this prompt that were seen before; from now on all of its own are. */
  take(ids: readonly number[]): number;
  reset(): void;
}

/**
 * A cache that forgets nothing, with blocks as vLLM's have: only whole blocks count, each known by all that is before it, and
 * the last token of a prompt is never cached, since something must be computed for the answer to begin.
 */
export function prefixCache(blockTokens: number): PrefixCache {
  const seen = new Set<string>();
  return {
    take(ids) {
      let cached = 0;
      let before = '';
      let unbroken = true;
      for (let at = 0; at + blockTokens <= ids.length; at += blockTokens) {
        before = chain(before, ids, at, blockTokens);
        unbroken &&= seen.has(before) && at + blockTokens < ids.length;
        if (unbroken) cached += blockTokens;
        seen.add(before);
      }
      return cached;
    },
    reset: () => seen.clear(),
  };
}

/** Name of a block: two 32-bit FNV-1a hashes over the name of the one before and its tokens. */
function chain(before: string, ids: readonly number[], from: number, count: number): string {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  const mix = (value: number) => {
    low = Math.imul(low ^ value, 0x01000193);
    high = Math.imul(high ^ value, 0x811c9dc5);
  };
  for (let i = 0; i < before.length; i++) mix(before.charCodeAt(i));
  for (let i = from; i < from + count; i++) mix(ids[i] as number);
  return `${(low >>> 0).toString(36)}.${(high >>> 0).toString(36)}`;
}
