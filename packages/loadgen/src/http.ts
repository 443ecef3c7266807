import { withinTime } from '@bench/core';
import { request } from 'undici';

export interface Answer {
  status: number;
  text: string;
  /** The body as JSON; undefined when it is none. */
  json: unknown;
}

/** One POST outside the measurement. @throws the network's own error. */
export async function postJson(
  url: string,
  options: { headers: Record<string, string>; body: unknown; signal: AbortSignal; timeoutMs: number },
): Promise<Answer> {
  return withinTime(options, async (signal) => {
    const response = await request(url, { method: 'POST', headers: options.headers, body: JSON.stringify(options.body), signal });
    const text = await response.body.text();
    return { status: response.statusCode, text, json: parse(text) };
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
