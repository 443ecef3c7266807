import type { IncomingMessage, ServerResponse } from 'node:http';

import { ApiError } from './api-error.ts';
import { asFields, type Fields } from './fields.ts';

/** One request and its response, as a handler sees them. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted when the client hangs up, and when a shutdown runs out of patience. */
  readonly signal: AbortSignal;
  /** The body as a JSON object. */
  json(): Promise<Fields>;
}

export function sendJson(response: ServerResponse, value: unknown): void {
  send(response, { status: 200, type: 'application/json', body: JSON.stringify(value) });
}

export function send(response: ServerResponse, answer: { status: number; type: string; body: string }): void {
  const bytes = Buffer.from(answer.body);
  response.writeHead(answer.status, { 'content-type': answer.type, 'content-length': bytes.length });
  response.end(bytes);
}

/**
 * Reads a JSON object of at most `limit` bytes.
 * @throws ApiError 413 past the limit, 400 for what is not a JSON object.
 */
export async function readJson(request: IncomingMessage, limit: number): Promise<Fields> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) throw tooLarge(limit);
  const chunks: Buffer[] = [];
  let size = 0;
  // Leaving the loop early must not destroy the connection, over which the error is still to be told; Node discards the rest.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ApiError({ status: 400, message: `the request body is not JSON: ${(error as Error).message}` });
  }
  return asFields(value);
}

function tooLarge(limit: number): ApiError {
  return new ApiError({ status: 413, message: `the request body is larger than ${limit} bytes` });
}
