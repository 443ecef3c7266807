import { z } from 'zod';

/** A timed stretch of bringing something up or down. */
export const phaseSchema = z.strictObject({
  name: z.string(),
  /** Milliseconds since the timer was made. */
  startMs: z.number(),
  durationMs: z.number(),
  /** Name of the phase that this one is a part of, as the engine's own log tells it. Absent: it stands for itself. */
  within: z.string().optional(),
});
export type Phase = z.infer<typeof phaseSchema>;
export type Phases = Phase[];

/** Times phases one after another: each `begin` ends the one before. */
export class PhaseTimer {
  readonly #clock: () => number;
  readonly #done: Phases = [];
  readonly #zero: number;
  #open: { name: string; at: number } | null = null;

  /** `clock` is monotonic, in milliseconds. */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.#zero = clock();
  }

  /** Ends the open phase and begins this one. */
  begin(name: string): void {
    this.end();
    this.#open = { name, at: this.#clock() };
  }

  /** Runs `work` as a phase of its own, which ends with it, also when it fails. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.begin(name);
    try {
      return await work();
    } finally {
      this.end();
    }
  }

  /** Ends the open phase; nothing when none is open. */
  end(): void {
    if (!this.#open) return;
    this.#done.push({ name: this.#open.name, startMs: this.#open.at - this.#zero, durationMs: this.#clock() - this.#open.at });
    this.#open = null;
  }

  /** Finished phases, and the one that is open cut at now. */
  get phases(): Phases {
    const open = this.#open;
    return open
      ? [...this.#done, { name: open.name, startMs: open.at - this.#zero, durationMs: this.#clock() - open.at }]
      : [...this.#done];
  }
}
