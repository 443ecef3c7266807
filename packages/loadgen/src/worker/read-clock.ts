import { clockMs } from '../clock.ts';

/** One clock reading for all that one read of a socket brings: what lies in it came together. */
export interface ReadClock {
  /** A read begins. */
  read(): void;
  /** When the current read began. */
  at(): number;
  /** Number of the current read. */
  turn(): number;
}

export function readClock(): ReadClock {
  let turn = 0;
  let stamp = 0;
  return {
    read() {
      turn++;
      stamp = clockMs();
    },
    at: () => stamp,
    turn: () => turn,
  };
}
