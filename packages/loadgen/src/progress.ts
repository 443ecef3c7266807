import { clockMs } from './clock.ts';
import type { LoadProgress } from './result.ts';
import type { WorkerCrew } from './worker-crew.ts';

const EVERY_MS = 250;

export interface ProgressReporter {
  enter(phase: LoadProgress['phase']): void;
  stop(): void;
}

/** Reads the workers' counters four times a second and tells the caller. */
export function progressReporter(options: {
  crew: WorkerCrew;
  total: number | null;
  durationMs: number | null;
  onProgress: ((progress: LoadProgress) => void) | undefined;
}): ProgressReporter {
  const { crew, total, durationMs, onProgress } = options;
  if (!onProgress) return { enter: () => undefined, stop: () => undefined };
  let phase: LoadProgress['phase'] = 'preparing';
  let sinceMs = clockMs();
  const history: { at: number; tokens: number }[] = [];
  const tell = () => {
    const now = clockMs();
    const counts = crew.counts();
    history.push({ at: now, tokens: counts.outputTokens });
    while (history.length > 2 && now - (history[1] as { at: number }).at >= 1000) history.shift();
    const oldest = history[0] as { at: number; tokens: number };
    const elapsedMs = now - sinceMs;
    const ended = counts.ok + counts.failed + counts.cancelled;
    onProgress({
      phase,
      elapsedMs,
      sent: counts.sent,
      done: counts.ok,
      failed: counts.failed,
      cancelled: counts.cancelled,
      inFlight: counts.sent - ended,
      total,
      outputTokens: counts.outputTokens,
      tokensPerS: now > oldest.at ? ((counts.outputTokens - oldest.tokens) * 1000) / (now - oldest.at) : 0,
      etaMs: eta(elapsedMs, ended),
    });
  };
  const eta = (elapsedMs: number, ended: number): number | null => {
    if (phase === 'done') return 0;
    if (phase !== 'measuring' && phase !== 'draining') return null;
    const byCount = total !== null && ended > 0 ? (elapsedMs / ended) * (total - ended) : null;
    const byTime = durationMs !== null ? Math.max(0, durationMs - elapsedMs) : null;
    return byCount !== null && byTime !== null ? Math.min(byCount, byTime) : (byCount ?? byTime);
  };
  const timer = setInterval(tell, EVERY_MS);
  tell();
  return {
    enter(next) {
      if (next === phase || (next === 'draining' && phase !== 'measuring')) return;
      if (next === 'measuring') sinceMs = clockMs();
      phase = next;
      tell();
    },
    stop: () => clearInterval(timer),
  };
}
