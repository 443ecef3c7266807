import { z } from 'zod';

/** A timed stretch of bringing something up or down. */
export const phaseSchema = z.strictObject({
  name: z.string(),
  /** Milliseconds since the start of the first phase. */
  startMs: z.number(),
  durationMs: z.number(),
});
export type Phase = z.infer<typeof phaseSchema>;
export type Phases = Phase[];

/** Times phases one after another: each `begin` ends the one before. */
export class PhaseTimer {
  readonly #clock: () => number;
  readonly #done: Phases = [];
  readonly #zero: number;
  #open: { name: string; at: number } | null = null;

  constructor(clock: () => number) {
    this.#clock = clock;
    this.#zero = clock();
  }

  begin(name: string): void {
    this.end();
    this.#open = { name, at: this.#clock() };
  }

  end(): void {
    if (!this.#open) return;
    this.#done.push({ name: this.#open.name, startMs: this.#open.at - this.#zero, durationMs: this.#clock() - this.#open.at });
    this.#open = null;
  }

  /** Finished phases, and the one that is open cut at now. */
  get phases(): Phases {
    const open = this.#open;
    return open ? [...this.#done, { name: open.name, startMs: open.at - this.#zero, durationMs: this.#clock() - open.at }] : [...this.#done];
  }
}
