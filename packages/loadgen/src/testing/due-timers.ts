import { clockMs } from '../clock.ts';

/** Streams that are woken in one turn at most, so that requests are read in between when many are due. */
const BATCH = 256;
/** The longest that Node's timers can wait. */
const LONGEST_MS = 0x7fff_ffff;

/** What one request waits with. */
export interface Sleeper {
  /** Resolves at a time of the machine's monotonic clock or soon after, never before; at the earliest in the next turn. False: it was ended. */
  until(dueMs: number): Promise<boolean>;
  /** Ends what it waits for now, and all that it is asked to wait for later. */
  end(): void;
  readonly ended: boolean;
}

/** All waiting of a server. */
export interface DueTimers {
  sleeper(): Sleeper;
  /** Ends all sleepers' waiting. */
  close(): void;
}

interface Entry {
  dueMs: number;
  wake(slept: boolean): void;
}

/**
 * One timer for any number of streams: what they wait for lies in a heap ordered by absolute times, and the timer is set for
 * the earliest. It does not drift, since every time is absolute, and it yields no turns to be more exact: a timer counts
 * whole milliseconds, so waking is up to about two late, and says so in the truth.
 */
export function dueTimers(): DueTimers {
  const heap: Entry[] = [];
  let timer: NodeJS.Timeout | null = null;
  let turn: NodeJS.Immediate | null = null;
  let armedMs = Number.POSITIVE_INFINITY;

  function arm(): void {
    const head = heap[0];
    if (!head || turn) return;
    const now = clockMs();
    if (head.dueMs <= now) {
      turn = setImmediate(fire);
      return;
    }
    if (timer && armedMs <= head.dueMs) return;
    if (timer) clearTimeout(timer);
    armedMs = head.dueMs;
    timer = setTimeout(fire, Math.min(LONGEST_MS, Math.ceil(head.dueMs - now)));
  }

  function fire(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    turn = null;
    const now = clockMs();
    // Taken out before any is woken: what those ask for next is for the next turn.
    const due: Entry[] = [];
    while (due.length < BATCH && heap[0] && heap[0].dueMs <= now) due.push(take(heap));
    for (const entry of due) entry.wake(true);
    arm();
  }

  return {
    sleeper() {
      let pending: Entry | null = null;
      let ended = false;
      return {
        get ended() {
          return ended;
        },
        until(dueMs) {
          if (ended) return Promise.resolve(false);
          return new Promise((resolve) => {
            const entry: Entry = {
              dueMs,
              wake(slept) {
                // Its entry may stay in the heap after it was ended.
                if (pending !== entry) return;
                pending = null;
                resolve(slept);
              },
            };
            pending = entry;
            put(heap, entry);
            arm();
          });
        },
        end() {
          ended = true;
          pending?.wake(false);
        },
      };
    },
    close() {
      if (timer) clearTimeout(timer);
      if (turn) clearImmediate(turn);
      timer = null;
      turn = null;
      for (const entry of heap.splice(0)) entry.wake(false);
    },
  };
}

/** Into a binary heap, the earliest first. */
function put(heap: Entry[], entry: Entry): void {
  let at = heap.length;
  while (at > 0) {
    const above = (at - 1) >> 1;
    const parent = heap[above] as Entry;
    if (parent.dueMs <= entry.dueMs) break;
    heap[at] = parent;
    at = above;
  }
  heap[at] = entry;
}

/** The earliest out of a heap that is not empty. */
function take(heap: Entry[]): Entry {
  const first = heap[0] as Entry;
  const last = heap.pop() as Entry;
  if (heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= heap.length) break;
    const right = heap[below + 1];
    if (right && right.dueMs < (heap[below] as Entry).dueMs) below++;
    const child = heap[below] as Entry;
    if (child.dueMs >= last.dueMs) break;
    heap[at] = child;
    at = below;
  }
  heap[at] = last;
  return first;
}
