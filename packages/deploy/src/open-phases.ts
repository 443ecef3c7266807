import { PhaseTimer } from '@bench/core';
import type { TargetContext } from './contract.ts';

/** Times the phases of a start: each `phase` ends the one before and is told. The last is ended by `timer.end()`. */
export function openPhases({ io, on }: TargetContext): { timer: PhaseTimer; phase(name: string): Promise<void> } {
  const timer = new PhaseTimer(io.monotonic);
  return {
    timer,
    phase: async (name) => {
      timer.begin(name);
      await on({ type: 'phase', phase: name });
    },
  };
}
