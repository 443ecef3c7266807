import { clockMs } from '../clock.ts';

/** Timers of libuv count whole milliseconds and may fire one early; the last stretch is waited for by yielding turns. */
const SPIN_MS = 1.5;
/** Arrivals handed over in one turn at most, so that answers are read in between when many are due. */
const BATCH = 64;

export interface PaceOptions {
  /** Arrival times, milliseconds from `zeroMs`, ascending. */
  times: Float64Array;
  zeroMs: number;
  signal: AbortSignal;
  /** Called at or after each arrival's time, in order, none left out. */
  onDue(position: number, dueMs: number): void;
  /** Told how long was spent waiting by yielding turns in which nothing else happened, milliseconds. */
  onSpin(ms: number): void;
}

/** Hands arrivals over on their absolute times. Resolves after the last, or when aborted. */
export function pace({ times, zeroMs, signal, onDue, onSpin }: PaceOptions): Promise<void> {
  return new Promise((resolve) => {
    let position = 0;
    let lastTurn: number | null = null;
    let timer: NodeJS.Timeout | null = null;
    const finish = () => {
      if (timer) clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      position = times.length;
      resolve();
    };
    signal.addEventListener('abort', finish, { once: true });
    const turn = () => {
      timer = null;
      if (signal.aborted) {
        finish();
        return;
      }
      const now = clockMs();
      // A turn this short did nothing but come round again.
      if (lastTurn !== null && now - lastTurn < 0.05) onSpin(now - lastTurn);
      let handed = 0;
      while (position < times.length && zeroMs + (times[position] as number) <= now && handed < BATCH) {
        onDue(position, zeroMs + (times[position] as number));
        position++;
        handed++;
      }
      if (position >= times.length) {
        finish();
        return;
      }
      const wait = zeroMs + (times[position] as number) - clockMs();
      if (wait > SPIN_MS + 1) {
        lastTurn = null;
        timer = setTimeout(turn, wait - SPIN_MS);
      } else {
        lastTurn = handed === 0 ? now : null;
        setImmediate(turn);
      }
    };
    turn();
  });
}
