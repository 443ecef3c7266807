import { clockMs } from '../clock.ts';
import type { Exchange } from './exchange.ts';
import type { Job } from './job.ts';
import type { Observer } from './observe.ts';
import { pace } from './pace.ts';
import type { Sender } from './sender.ts';

/** How long a slot rests after a connection failed, in runs that end by time: a dead server is not to be hammered. */
const REST_MS = 50;

export interface ClosedLoop {
  sender: Sender;
  slots: number;
  /** The next request, or null when there is none any more. */
  next(): Job | null;
  /** Rest after a failed connection? */
  rest: boolean;
  onSettled(exchange: Exchange): void;
  signal: AbortSignal;
}

/** Keeps `slots` requests in flight until there is no next one. Resolves when the last has ended. */
export function closedLoop({ sender, slots, next, rest, onSettled, signal }: ClosedLoop): Promise<void> {
  return new Promise((resolve) => {
    let running = slots;
    const slot = (intendedMs: number) => {
      const job = signal.aborted ? null : next();
      if (!job) {
        running--;
        if (running === 0) resolve();
        return;
      }
      sender.send(job, intendedMs, (exchange) => {
        onSettled(exchange);
        const freeMs = clockMs();
        // Not from inside the parser's callback: the connection is to be given back first, or a second one is opened;
        // and what other streams have waiting is stamped before time goes into sending.
        if (rest && exchange.status === 'failed' && exchange.connection === null) setTimeout(() => slot(clockMs()), REST_MS);
        else setImmediate(slot, freeMs);
      });
    };
    if (slots === 0) resolve();
    for (let i = 0; i < slots; i++) slot(clockMs());
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
