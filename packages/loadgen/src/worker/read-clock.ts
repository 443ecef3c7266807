import { clockMs } from '../clock.ts';

/**
 * One clock reading per socket read. The HTTP parser calls back once per HTTP chunk, several times for one read; all of
 * them happen in one turn, so the first reading serves the turn, and a turn's number tells reads apart.
 */
export interface ReadClock {
  at(): number;
  /** Number of the current read. */
  turn(): number;
}

export function readClock(): ReadClock {
  let open = false;
  let turn = 0;
  let stamp = 0;
  const close = () => {
    open = false;
  };
  return {
    at() {
      if (!open) {
        open = true;
        turn++;
        stamp = clockMs();
        queueMicrotask(close);
      }
      return stamp;
    },
    turn: () => turn,
  };
}
