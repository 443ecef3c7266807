import { clockMs } from '../clock.ts';
import type { Exchange } from './exchange.ts';
import type { Job } from './job.ts';
import type { Observer } from './observe.ts';
import { pace } from './pace.ts';
import type { Sender } from './sender.ts';

/** How long a slot rests after a connection failed, in runs that end by time: a dead server is not to be hammered. */
const REST_MS = 50;

/** What `setTimeout` takes at most; whoever waits longer looks again then. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface ClosedLoop {
  sender: Sender;
  slots: number;
  /** The next request, or null when there is none any more. */
  next(): Job | null;
  /** When the first requests are wanted sent, on `clockMs`. Default: now. */
  fromMs?: number;
  /** From when on this slot, from 0, may send, at `atMs` of `clockMs` or after it. Null: never again. Default: always. */
  opensMs?: (slot: number, atMs: number) => number | null;
  /** Rest after a failed connection? */
  rest: boolean;
  onSettled(exchange: Exchange): void;
  signal: AbortSignal;
}

/** Keeps `slots` requests in flight until there is no next one. Resolves when the last has ended. */
export function closedLoop({ sender, slots, next, fromMs, opensMs, rest, onSettled, signal }: ClosedLoop): Promise<void> {
  return new Promise((resolve) => {
    let running = slots;
    const closed = new Map<NodeJS.Timeout, () => void>();
    const wake = () => {
      for (const [timer, again] of closed) {
        clearTimeout(timer);
        again();
      }
    };
    const slot = (k: number, freeMs: number) => {
      const now = clockMs();
      const at = opensMs ? opensMs(k, now) : now;
      if (at !== null && at > now && !signal.aborted) {
        const again = () => {
          closed.delete(timer);
          slot(k, freeMs);
        };
        // Timers count whole milliseconds.
        const timer = setTimeout(again, Math.min(LONGEST_TIMER_MS, Math.ceil(at - now)));
        closed.set(timer, again);
        return;
      }
      const job = signal.aborted || at === null ? null : next();
      if (!job) {
        running--;
        if (running > 0) return;
        signal.removeEventListener('abort', wake);
        resolve();
        return;
      }
      sender.send(job, opensMs?.(k, freeMs) ?? freeMs, (exchange) => {
        onSettled(exchange);
        const endedMs = clockMs();
        // Not from inside the parser's callback: the connection is to be given back first, or a second one is opened;
        // and what other streams have waiting is stamped before time goes into sending.
        if (rest && exchange.status === 'failed' && exchange.connection === null) setTimeout(() => slot(k, clockMs()), REST_MS);
        else setImmediate(slot, k, endedMs);
      });
    };
    if (slots === 0) resolve();
    else signal.addEventListener('abort', wake);
    for (let k = 0; k < slots; k++) slot(k, fromMs ?? clockMs());
  });
}

export interface OpenLoop {
  sender: Sender;
  /** Absolute times from `zeroMs`, milliseconds. */
  times: Float64Array;
  zeroMs: number;
  /** In flight at most; null: no cap. Arrivals beyond it wait here, first come first served. */
  cap: number | null;
  /** The request of an arrival of `times`. */
  take(position: number): Job;
  onSettled(exchange: Exchange): void;
  observer: Observer;
  signal: AbortSignal;
  /** All arrivals have come. */
  onLast(): void;
}

/** Sends on schedule. Resolves when the last request has ended. */
export async function openLoop({ sender, times, zeroMs, cap, take, onSettled, observer, signal, onLast }: OpenLoop): Promise<void> {
  const waiting: { job: Job; dueMs: number }[] = [];
  let head = 0;
  let inFlight = 0;
  let idle: (() => void) | null = null;

  const send = (job: Job, dueMs: number) => {
    inFlight++;
    sender.send(job, dueMs, (exchange) => {
      inFlight--;
      onSettled(exchange);
      setImmediate(relieve);
    });
  };
  const relieve = () => {
    while (head < waiting.length && !signal.aborted && (cap === null || inFlight < cap)) {
      const { job, dueMs } = waiting[head++] as (typeof waiting)[number];
      send(job, dueMs);
    }
    if (inFlight === 0 && (head === waiting.length || signal.aborted)) idle?.();
  };

  await pace({
    times,
    zeroMs,
    signal,
    onSpin: (ms) => observer.spin(ms),
    onDue(position, dueMs) {
      const job = take(position);
      if (cap !== null && (inFlight >= cap || head < waiting.length)) waiting.push({ job, dueMs });
      else {
        observer.lag(clockMs() - dueMs);
        send(job, dueMs);
      }
    },
  });
  onLast();
  if (inFlight > 0 || (head < waiting.length && !signal.aborted)) {
    await new Promise<void>((resolve) => {
      idle = resolve;
    });
  }
}
