import type { LoadProgress } from '../result.ts';

/** The least time between two lines of one phase, milliseconds. */
const EVERY_MS = 250;

/** A progress listener that prints a JSON line for each change of phase, and for what is between every `everyMs` (default: four times a second) at most. */
export function progressLines(options: {
  nowMs: () => number;
  print: (line: string) => void;
  everyMs?: number;
}): (progress: LoadProgress) => void {
  const { everyMs = EVERY_MS } = options;
  let last: { phase: string; atMs: number } | null = null;
  return (progress) => {
    const atMs = options.nowMs();
    // A timer of 250 ms may fire a moment early.
    if (last?.phase === progress.phase && atMs - last.atMs < everyMs - 10) return;
    last = { phase: progress.phase, atMs };
    options.print(JSON.stringify(progress));
  };
}

/** The progress in a line of the program's output; null when it is something else. */
export function readProgressLine(line: string): LoadProgress | null {
  if (!line.startsWith('{')) return null;
  try {
    const value = JSON.parse(line) as Partial<LoadProgress>;
    return typeof value.phase === 'string' && typeof value.sent === 'number' ? (value as LoadProgress) : null;
  } catch {
    return null;
  }
}
