import type { IncomingMessage } from 'node:http';
import { clockMs } from '../clock.ts';
import type { Sleeper } from './due-timers.ts';

export type Body = Record<string, unknown>;

/**
 * Reads a JSON body, no faster than `bytesPerS`: what is not read stays in the system's buffers and then in the client's.
 * `bad`: it is not JSON. `left`: the client left before its end.
 */
export async function readBody(request: IncomingMessage, sleeper: Sleeper, bytesPerS?: number): Promise<Body | 'bad' | 'left'> {
  const parts: Buffer[] = [];
  let dueMs = clockMs();
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      parts.push(part);
      if (bytesPerS === undefined) continue;
      dueMs += (part.length * 1000) / bytesPerS;
      if (!(await sleeper.until(dueMs))) return 'left';
    }
  } catch {
    return 'left';
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Body) : 'bad';
  } catch {
    return 'bad';
  }
}
