import type { WorkerSecond } from './client-seconds.ts';

/** A busy second or two are a start (connections, code that is not compiled yet), or a neighbour's. */
const ON_END_MS = 3000;
/** The first second begins when the thread has got round to it. */
const LATE_MS = 100;

/** The greatest share of any three seconds on end in which a worker was busy, 0 to 1; null: it was not watched for so long. @param seconds of one worker, in order */
export function busyPeak(seconds: readonly Pick<WorkerSecond, 'busy' | 'wallMs'>[]): number | null {
  let peak: number | null = null;
  let wallMs = 0;
  let busyMs = 0;
  let from = 0;
  for (const each of seconds) {
    wallMs += each.wallMs;
    busyMs += each.busy * each.wallMs;
    for (let first = seconds[from]; first && wallMs - first.wallMs >= ON_END_MS - LATE_MS; first = seconds[++from]) {
      wallMs -= first.wallMs;
      busyMs -= first.busy * first.wallMs;
    }
    if (wallMs >= ON_END_MS - LATE_MS) peak = Math.max(peak ?? 0, Math.min(1, busyMs / wallMs));
  }
  return peak;
}
