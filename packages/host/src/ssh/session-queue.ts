/** A place in the server's session limit. Exactly one of `confirmed` (then `release`) and `refused` is called, or `release` alone. */
export interface SessionLease {
  confirmed(): void;
  /** The server had no room: the limit is learnt, the place given back. */
  refused(): void;
  /** Idempotent. */
  release(): void;
}

export interface SessionQueueOptions {
  monotonic(): number;
  /** Sessions at once until the server says otherwise. */
  initialLimit: number;
}

/** How long a refusal is believed before one more session than the limit is tried again. */
const TRY_MORE_AFTER_MS = 1000;

/**
 * Lets as many sessions run at once as the server takes (sshd's MaxSessions, 10 unless set, is announced nowhere): a refusal
 * sets the limit to what was open then, and now and then one more is tried, because a session may only have been slow to end.
 */
export class SessionQueue {
  #limit: number;
  #opening = 0;
  #open = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;
  readonly #monotonic: () => number;
  readonly #waiting: { urgent: boolean; go: () => void; fail: (error: unknown) => void }[] = [];

  constructor(options: SessionQueueOptions) {
    this.#limit = options.initialLimit;
    this.#monotonic = options.monotonic;
  }

  /** Sessions that the server has confirmed and that have not ended. */
  get open(): number {
    return this.#open;
  }

  get limit(): number {
    return this.#limit;
  }

  /** Waits for a place, in order of arrival; `again`: before all others, for one that had its turn and was refused. */
  async acquire(options: { again?: boolean; signal?: AbortSignal | undefined } = {}): Promise<SessionLease> {
    const { again = false, signal } = options;
    signal?.throwIfAborted();
    if (!this.#hasRoom() || (!again && this.#waiting.length > 0)) {
      await new Promise<void>((resolve, reject) => {
        const entry = { urgent: again, go: () => {}, fail: reject };
        const abort = () => {
          const at = this.#waiting.indexOf(entry);
          if (at >= 0) this.#waiting.splice(at, 1);
          reject(signal?.reason);
        };
        entry.go = () => {
          signal?.removeEventListener('abort', abort);
          this.#opening += 1;
          resolve();
        };
        signal?.addEventListener('abort', abort, { once: true });
        const ordinary = this.#waiting.findIndex((other) => !other.urgent);
        this.#waiting.splice(again && ordinary >= 0 ? ordinary : this.#waiting.length, 0, entry);
        this.#pump();
      });
    } else this.#opening += 1;
    return this.#lease();
  }

  /** Nobody waits any longer. */
  rejectAll(error: unknown): void {
    for (const entry of this.#waiting.splice(0)) entry.fail(error);
  }

  #lease(): SessionLease {
    let state: 'opening' | 'open' | 'done' = 'opening';
    return {
      confirmed: () => {
        if (state !== 'opening') return;
        state = 'open';
        this.#opening -= 1;
        this.#open += 1;
        if (this.#open > this.#limit) this.#limit = this.#open;
      },
      refused: () => {
        if (state !== 'opening') return;
        state = 'done';
        this.#opening -= 1;
        this.#limit = Math.max(1, this.#open);
        this.#refusedAt = this.#monotonic();
        this.#pump();
      },
      release: () => {
        if (state === 'opening') this.#opening -= 1;
        if (state === 'open') this.#open -= 1;
        state = 'done';
        this.#pump();
      },
    };
  }

  #hasRoom(): boolean {
    const active = this.#opening + this.#open;
    if (active < this.#limit) return true;
    return this.#opening === 0 && Number.isFinite(this.#refusedAt) && this.#monotonic() - this.#refusedAt > TRY_MORE_AFTER_MS;
  }

  #pump(): void {
    while (this.#waiting.length > 0 && this.#hasRoom()) this.#waiting.shift()?.go();
  }
}
