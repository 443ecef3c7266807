import { BenchError, createIo, type Io } from '@bench/core';
import type { Ledger } from '../../ledger/ledger.ts';

/** Time that passes as fast as nobody waits for anything real, and the deaths of those who live in it. */
export interface Simulation {
  readonly io: Io;
  /** The wall clock jumps, the monotonic one does not. */
  jump(ms: number): void;
  /** Real work, during which no simulated time passes. */
  real<T>(work: () => Promise<T>): Promise<T>;
  /** A process that can be killed at any step: every provider call and every write of the ledger has one before and one after it. */
  process(options?: { dieAtStep?: number; signal?: AbortSignal }): SimulatedProcess;
}

export interface SimulatedProcess {
  readonly io: Io;
  readonly steps: () => number;
  readonly dead: () => boolean;
  /** Resolves when it was killed. */
  readonly death: Promise<void>;
  /** Methods of the object, each with its two steps; those of a dead process never come back. */
  mortal<T extends object>(object: T, methods: readonly (keyof T)[]): T;
  ledger(ledger: Ledger): Ledger;
}

const WRITES = ['intent', 'created', 'running', 'price', 'unknown', 'refused', 'ending', 'gone', 'hold', 'takeOver'] as const;
const READS = ['entries', 'others', 'entry', 'damage'] as const;

export function simulation(random: () => number): Simulation {
  const real = createIo();
  let now = 0;
  let wall = Date.parse('2026-01-01T00:00:00.000Z');
  let busy = 0;
  let pumping = false;
  const sleepers = new Set<{ due: number; wake: () => void }>();

  // Files are written in real time: nothing simulated passes meanwhile.
  const pump = (): void => {
    if (sleepers.size === 0 || busy > 0) {
      pumping = false;
      return;
    }
    const first = [...sleepers].reduce((a, b) => (b.due < a.due ? b : a));
    sleepers.delete(first);
    now = Math.max(now, first.due);
    first.wake();
    setImmediate(pump);
  };
  const prime = (): void => {
    if (pumping || busy > 0) return;
    pumping = true;
    // Twice: what was just woken goes on first.
    setImmediate(() => setImmediate(pump));
  };
  const idle = (): void => {
    busy -= 1;
    prime();
  };
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const sleeper = { due: now + Math.max(ms, 0.01), wake };
      const onAbort = () => {
        sleepers.delete(sleeper);
        reject(signal?.reason as Error);
      };
      function wake(): void {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      sleepers.add(sleeper);
      prime();
    });
  const io: Io = { ...real, now: () => wall + now, monotonic: () => now, sleep, random };

  return {
    io,
    jump: (ms) => {
      wall += ms;
    },
    real: async (work) => {
      busy += 1;
      try {
        return await work();
      } finally {
        idle();
      }
    },
    process: (options = {}) => {
      let steps = 0;
      let dead = false;
      let die: () => void = () => undefined;
      const death = new Promise<void>((resolve) => (die = resolve));
      const never = new Promise<never>(() => undefined);
      const step = (): boolean => {
        if (!dead && steps++ === options.dieAtStep) {
          dead = true;
          die();
        }
        return dead;
      };
      const mortal = <T extends object>(object: T, methods: readonly (keyof T)[]): T => {
        const copy = { ...object };
        for (const name of methods) {
          const method = object[name] as (...args: unknown[]) => Promise<unknown>;
          const wrapped = async (...args: unknown[]) => {
            if (step()) return await never;
            busy += 1;
            const done = method.apply(object, args).finally(idle);
            const outcome = await done.then(
              (value) => ({ value }),
              (error: unknown) => ({ error }),
            );
            if (step()) return await never;
            if ('error' in outcome) throw outcome.error;
            return outcome.value;
          };
          copy[name] = wrapped as T[keyof T];
        }
        return copy;
      };
      return {
        io: {
          ...io,
          sleep: async (ms, signal) => {
            await sleep(ms, signal);
            if (dead) await never;
          },
          signal: options.signal ?? io.signal,
        },
        steps: () => steps,
        dead: () => dead,
        death,
        mortal,
        ledger: (ledger) => mortal(ledger, [...WRITES, ...READS]),
      };
    },
  };
}

/** What a process does until it is killed or done; a BenchError that it ended with. */
export async function untilDeath<T>(process: SimulatedProcess, work: Promise<T>): Promise<T | BenchError | 'died'> {
  const caught = work.catch((error: unknown) => {
    if (BenchError.is(error)) return error;
    throw error;
  });
  return await Promise.race([process.death.then(() => 'died' as const), caught]);
}
