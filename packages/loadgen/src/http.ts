import { once } from 'node:events';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { withinTime } from '@bench/core';

export interface Answer {
  status: number;
  text: string;
  /** The body as JSON; undefined when it is none. */
  json: unknown;
}

interface Asking {
  headers: Record<string, string>;
  signal: AbortSignal;
  timeoutMs: number;
}

/** One POST outside the measurement. @throws the network's own error. */
export function postJson(url: string, options: Asking & { body: unknown }): Promise<Answer> {
  return ask(url, 'POST', options, JSON.stringify(options.body));
}

/** Status of a GET outside the measurement. @throws the network's own error. */
export async function getStatus(url: string, options: Asking): Promise<number> {
  return (await ask(url, 'GET', options)).status;
}

/** Node's own client: `fetch` refuses some ports that servers are found on (6000, 6665 and others of its standard's list). */
function ask(url: string, method: string, { headers, ...limits }: Asking, body?: string): Promise<Answer> {
  const send = url.startsWith('https:') ? tlsRequest : plainRequest;
  return withinTime(limits, async (signal) => {
    for (let first = true; ; first = false) {
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
      // Other kept connections may be as old as the one that failed.
      const request = send(url, { method, headers: { ...headers, ...length }, signal, ...(!first && { agent: false }) });
      const answered = once(request, 'response') as Promise<[IncomingMessage]>;
      // What goes wrong behind the head is told by reading the body, too.
      request.on('error', () => undefined).end(body);
      try {
        const [response] = await answered;
        const text = await read(response);
        return { status: response.statusCode ?? 0, text, json: parse(text) };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        // The server had closed the kept connection that it went out on.
        if (!first || !request.reusedSocket || !['ECONNRESET', 'EPIPE'].includes((error as { code?: string }).code ?? '')) throw error;
      }
    }
  });
}

async function read(response: IncomingMessage): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const part of response) text += part as string;
  return text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
