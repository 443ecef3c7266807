import type { HostTelemetry } from '@bench/core';

/** Samples within the window that an energy takes. */
const LEAST_SAMPLES = 5;
/** Intervals that may lie between two samples, or a sample and an end of the window. */
const MOST_INTERVALS = 5;

/**
 * Energy of GPUs over a window, joules: the power of all of them, integrated by trapezoids between samples; up to the first and from the last one it is
 * taken to be theirs. In words why it is not known, instead, where it would be a guess.
 */
export function gpuEnergy(
  samples: readonly HostTelemetry[],
  o: {
    fromMs: number;
    toMs: number;
    intervalMs: number;
    /** How many GPUs there are to be; null: not known. */
    gpus: number | null;
  },
): { joules: number } | { unknown: string } {
  const { fromMs, toMs, gpus } = o;
  if (gpus === null) return { unknown: 'the recipe does not say which GPUs the engine uses' };
  if (gpus === 0) return { unknown: 'there is no GPU' };
  const inside = samples.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  if (inside.length < LEAST_SAMPLES) return { unknown: `there are ${inside.length} samples, and it takes ${LEAST_SAMPLES}` };
  const powers = inside.map((sample) => ({ atMs: sample.atMs, watts: powerOf(sample, gpus) }));
  const silent = powers.filter(({ watts }) => watts === null).length;
  if (silent > 0) return { unknown: `in ${silent} of ${powers.length} samples a GPU did not tell its power` };
  const known = powers as { atMs: number; watts: number }[];
  const times = [fromMs, ...known.map(({ atMs }) => atMs), toMs];
  const gapMs = Math.max(...times.slice(1).map((time, i) => time - (times[i] as number)));
  if (gapMs > MOST_INTERVALS * o.intervalMs) return { unknown: `for ${(gapMs / 1000).toFixed(1)} s there was no sample` };
  const first = known[0] as { atMs: number; watts: number };
  const last = known.at(-1) as { atMs: number; watts: number };
  const curve = [{ atMs: fromMs, watts: first.watts }, ...known, { atMs: toMs, watts: last.watts }];
  let joules = 0;
  for (const [i, { atMs, watts }] of curve.slice(1).entries()) {
    const before = curve[i] as { atMs: number; watts: number };
    joules += (((before.watts + watts) / 2) * (atMs - before.atMs)) / 1000;
  }
  return { joules };
}

/** Of all GPUs together; null: one of them did not tell. */
function powerOf({ gpus }: HostTelemetry, count: number): number | null {
  if (gpus === null || gpus.length !== count) return null;
  return gpus.reduce<number | null>((sum, { powerW }) => (sum === null || powerW === null ? null : sum + powerW), 0);
}
