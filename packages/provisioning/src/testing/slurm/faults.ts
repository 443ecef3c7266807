import { prng } from '@bench/core';
import type { SlurmFault, SlurmFaultHow } from './options.ts';

export interface SlurmFaults {
  /** Returns what takes it away again. */
  add(fault: SlurmFault): () => void;
  /** How the command goes wrong; null: it does not. */
  strike(command: string): SlurmFaultHow | null;
}

export function slurmFaults(): SlurmFaults {
  const all = new Set<{ fault: SlurmFault; hits: number; draw: () => number }>();
  return {
    add: (fault) => {
      const entry = { fault, hits: 0, draw: prng(fault.seed ?? 1).next };
      all.add(entry);
      return () => void all.delete(entry);
    },
    strike: (command) => {
      for (const entry of all) {
        const { match, times = Infinity, rate, how } = entry.fault;
        if (entry.hits >= times || match?.test(command) === false) continue;
        if (rate !== undefined && entry.draw() >= rate) continue;
        entry.hits += 1;
        return how;
      }
      return null;
    },
  };
}
