import type { Misbehaviour } from '@bench/loadgen/testing';

/** When faults happen, and how long a pause is. */
export interface FaultTimes {
  /** Token chunks written before. */
  after: number;
  pauseMs: number;
}

/** Faults by the names that `--fault` has for them, but for HTTP errors. */
export const KINDS: Record<string, (times: FaultTimes) => Misbehaviour> = {
  reset: ({ after }) => ({ kind: 'reset', after }),
  'reset-request': () => ({ kind: 'reset', after: 'request' }),
  'reset-headers': () => ({ kind: 'reset', after: 'headers' }),
  close: ({ after }) => ({ kind: 'close', after }),
  drop: ({ pauseMs }) => ({ kind: 'drop', afterMs: pauseMs }),
  stall: ({ after }) => ({ kind: 'stall', after }),
  pause: ({ after, pauseMs }) => ({ kind: 'stall', after, forMs: pauseMs }),
  'error-event': ({ after }) => ({ kind: 'error_event', after }),
  'no-content': () => ({ kind: 'no_content' }),
  'no-end': ({ after }) => ({ kind: 'no_end', after }),
  garbage: ({ after }) => ({ kind: 'garbage', after }),
  html: () => ({ kind: 'html' }),
  json: () => ({ kind: 'json' }),
};

/** What `--fault` takes, for help and messages. */
export const FAULT_KINDS = `http-STATUS, ${Object.keys(KINDS).join(', ')}`;
