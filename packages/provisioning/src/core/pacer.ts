import type { Io } from '@bench/core';
import type { CallLimit } from '../contract/provider.ts';

/** Spaces the calls of one provider, for all its callers together. */
export interface Pacer {
  /** Resolves when a call of this kind may be made; first come, first served. @throws the signal's reason when aborted */
  wait(kind: string, signal?: AbortSignal): Promise<void>;
  /** The server said "too many": no call of this kind for so long. */
  hold(kind: string, ms: number): void;
}

interface Lane {
  /** Resolves when everyone before has had a turn. */
  tail: Promise<void>;
  /** Monotonic times of the last calls, oldest first; as many as the limits look back on. */
  calls: number[];
  notBefore: number;
}

const MINUTE_MS = 60_000;

/** Keeps to the limits by the monotonic clock, so that a wall clock that jumps changes nothing. A kind without a limit passes at once. */
export function pacer(limits: Readonly<Record<string, CallLimit>>, io: Pick<Io, 'monotonic' | 'sleep'>): Pacer {
  const lanes = new Map<string, Lane>();
  const laneOf = (kind: string): Lane => {
    const known = lanes.get(kind);
    if (known !== undefined) return known;
    const lane: Lane = { tail: Promise.resolve(), calls: [], notBefore: Number.NEGATIVE_INFINITY };
    lanes.set(kind, lane);
    return lane;
  };
  const limitOf = (kind: string): CallLimit => (Object.hasOwn(limits, kind) ? limits[kind] : undefined) ?? {};

  const waitMs = (lane: Lane, limit: CallLimit): number => {
    const now = io.monotonic();
    const last = lane.calls.at(-1);
    const oldest = limit.perMinute === undefined ? undefined : lane.calls.at(-limit.perMinute);
    return Math.max(
      lane.notBefore - now,
      last === undefined ? 0 : last + (limit.minIntervalMs ?? 0) - now,
      oldest === undefined ? 0 : oldest + MINUTE_MS - now,
    );
  };

  return {
    async wait(kind, signal) {
      signal?.throwIfAborted();
      const lane = laneOf(kind);
      const limit = limitOf(kind);
      const before = lane.tail;
      let leave = (): void => undefined;
      lane.tail = new Promise((resolve) => {
        leave = resolve;
      });
      try {
        await orAborted(before, signal);
        // A timer may fire a little early, and a hold may come while one waits.
        for (let ms = waitMs(lane, limit); ms > 0; ms = waitMs(lane, limit)) await sleepOrAborted(io, ms, signal);
        lane.calls.push(io.monotonic());
        lane.calls.splice(0, lane.calls.length - Math.max(1, limit.perMinute ?? 1));
      } finally {
        // One that gave up while others were before it must not let its successor overtake them.
        void before.then(leave);
      }
    },
    hold(kind, ms) {
      const lane = laneOf(kind);
      lane.notBefore = Math.max(lane.notBefore, io.monotonic() + ms);
    },
  };
}

/** Sleeps; when aborted, throws the signal's own reason. */
export async function sleepOrAborted(io: Pick<Io, 'sleep'>, ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await io.sleep(ms, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    throw cause;
  }
  signal?.throwIfAborted();
}

/** The promise, or the signal's reason when that comes first. */
async function orAborted(promise: Promise<void>, signal?: AbortSignal): Promise<void> {
  if (signal === undefined) return promise;
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([promise, aborted]);
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
