import { setTimeout as delay } from 'node:timers/promises';
import { clockMs } from '../clock.ts';
import { errorBody } from './events.ts';
import type { Work } from './generate.ts';

/** Time for what was written to arrive before the connection is cut. */
export const ARRIVAL_MS = 20;

/** Ends a request with one JSON answer, or goes wrong in the middle of it as ordered. */
export async function answerWhole({ truth, fault, request, response }: Work, text: string): Promise<void> {
  truth.endMs = clockMs();
  truth.outcome = fault?.kind ?? 'done';
  const bytes = Buffer.from(text);
  const half = bytes.subarray(0, bytes.length >> 1);
  const headers = { 'content-type': 'application/json' };
  if (fault?.kind === 'reset' || fault?.kind === 'close' || fault?.kind === 'no_end') {
    response.writeHead(200, { ...headers, 'content-length': bytes.length });
    response.flushHeaders();
    if (fault.kind !== 'reset' || fault.after !== 'headers') response.write(half);
    await delay(ARRIVAL_MS);
    if (fault.kind === 'reset') request.socket.resetAndDestroy();
    else request.socket.destroySoon();
    return;
  }
  response.writeHead(200, headers);
  if (fault?.kind === 'error_event') response.end(errorBody('CUDA out of memory', 500));
  else response.end(fault?.kind === 'garbage' ? half.toString('latin1') : text);
}
