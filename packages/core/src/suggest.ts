/**
 * The candidate nearest to `word`, or undefined when none is near. Distance is optimal string alignment (insert, delete,
 * replace, swap of neighbours), at most a third of the word's length and at least 2.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = fold(word).slice(0, 64);
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = fold(candidate) === wanted ? 0 : distanceOf(wanted, fold(candidate).slice(0, 64));
    // A short word is "near" to everything; more than half of it must be right.
    if (distance < bestDistance && distance < Math.max(wanted.length, candidate.length) / 2 + 0.5) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean "x"?` for the nearest candidate, or null. */
export function didYouMean(word: string, candidates: Iterable<string>): string | null {
  const found = nearest(word, candidates);
  return found === undefined ? null : `did you mean "${found}"?`;
}

const fold = (text: string) => text.toLowerCase().replaceAll('-', '_');

function distanceOf(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) value = Math.min(value, (before[j - 2] ?? 0) + 1);
      current.push(value);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
