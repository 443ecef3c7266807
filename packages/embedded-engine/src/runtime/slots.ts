/** A fixed set of things lent out one at a time, first come first served. */
export interface Slots<T> {
  readonly running: number;
  readonly waiting: number;
  /** Waits for a free one. Rejects with the signal's reason when aborted, and leaves the queue at once. */
  acquire(signal: AbortSignal): Promise<Lease<T>>;
}

export interface Lease<T> {
  readonly value: T;
  /** Gives it back; a second call does nothing. */
  release(): void;
}

interface Waiter<T> {
  resolve(value: T): void;
}

export function makeSlots<T>(values: readonly T[]): Slots<T> {
  const free = [...values];
  // A Set keeps arrival order and lets a caller that gives up leave from the middle at no cost.
  const queue = new Set<Waiter<T>>();

  const lease = (value: T): Lease<T> => {
    let held = true;
    return {
      value,
      release() {
        if (!held) return;
        held = false;
        const [next] = queue;
        if (next) {
          queue.delete(next);
          next.resolve(value);
        } else free.push(value);
      },
    };
  };

  return {
    get running() {
      return values.length - free.length;
    },
    get waiting() {
      return queue.size;
    },
    async acquire(signal) {
      signal.throwIfAborted();
      const value = free.pop();
      if (value !== undefined) return lease(value);
      return lease(
        await new Promise<T>((resolve, reject) => {
          const leave = () => {
            queue.delete(waiter);
            reject(signal.reason);
          };
          const waiter: Waiter<T> = {
            resolve(given) {
              signal.removeEventListener('abort', leave);
              resolve(given);
            },
          };
          signal.addEventListener('abort', leave, { once: true });
          queue.add(waiter);
        }),
      );
    },
  };
}
