/** What a curve of throughput over concurrency goes by. */
export interface CurveRange {
  /** The highest concurrency that is tried. */
  to: number;
  /** How often each is measured. */
  repeats: number;
}

/** One measurement of a curve. */
export interface CurveOutcome {
  at: number;
  throughput: number;
}

/** A doubling that brings less than this much more is none; two in a row, and the server is saturated. */
const GAIN = 1.05;
/** The knee is the least of the doubled loads with this share of the best throughput. */
const KNEE = 0.9;

/**
 * The concurrency that a curve measures next; null: it is complete. Follows from the outcomes so far alone. Powers of two until two doublings in a row
 * bring less than 5 % each, or to `to`; then a load on either side of the knee, halfway to its neighbours on a log scale.
 */
export function nextCurveLoad({ to, repeats }: CurveRange, outcomes: readonly CurveOutcome[]): number | null {
  const levels = new Map<number, number[]>();
  for (const { at, throughput } of outcomes) levels.set(at, [...(levels.get(at) ?? []), throughput]);
  for (const at of planned(to, levels)) if ((levels.get(at)?.length ?? 0) < repeats) return at;
  return null;
}

function planned(to: number, levels: ReadonlyMap<number, readonly number[]>): number[] {
  const climbed: { at: number; throughput: number }[] = [];
  let best = 0;
  let idle = 0;
  for (let at = 1; idle < 2; at = Math.min(to, at * 2)) {
    const values = levels.get(at);
    if (!values) return [...climbed.map((level) => level.at), at];
    const throughput = values.reduce((sum, value) => sum + value, 0) / values.length;
    idle = throughput < GAIN * best ? idle + 1 : 0;
    best = Math.max(best, throughput);
    climbed.push({ at, throughput });
    if (at === to) break;
  }
  const knee = climbed.findIndex(({ throughput }) => throughput >= KNEE * best);
  const refined = [knee - 1, knee].flatMap((i) => {
    const [low, high] = [climbed[i]?.at, climbed[i + 1]?.at];
    if (low === undefined || high === undefined || high - low < 2) return [];
    return [Math.min(high - 1, Math.max(low + 1, Math.round(Math.sqrt(low * high))))];
  });
  return [...climbed.map((level) => level.at), ...refined];
}
