import { clockMs } from '../clock.ts';

/**
 * What a poll of all sockets finds was there when it returned, so one reading of the clock right behind it serves all reads that follow: the time that goes
 * into reading other sockets first is this program's, not the server's.
 */
export interface ReadClock {
  /** A read begins. */
  read(): void;
  /** Something happens that no poll has found: a time is over, a connection has been closed. */
  other(): void;
  /** When the poll returned that the current read follows. */
  at(): number;
  /** When the current read was made. Of what lies behind its first event nobody knows whether it was there before. */
  madeAt(): number;
  /** Number of the current read. */
  turn(): number;
}

export function readClock(): ReadClock {
  let turn = 0;
  let polledMs: number | null = null;
  let stamp = 0;
  let made: number | null = null;
  // Immediates run when all that a poll found has been read.
  const pollAgain = () => {
    polledMs = null;
  };
  return {
    read() {
      turn++;
      made = null;
      if (polledMs === null) {
        polledMs = clockMs();
        setImmediate(pollAgain);
      }
      stamp = polledMs;
    },
    other() {
      turn++;
      stamp = clockMs();
      made = stamp;
    },
    at: () => stamp,
    madeAt() {
      made ??= clockMs();
      return made;
    },
    turn: () => turn,
  };
}
