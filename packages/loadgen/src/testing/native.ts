import type { ServerResponse } from 'node:http';
import { sseReader } from '../sse.ts';
import { DIALECTS, type Dialect, type Json } from './dialects.ts';

/** A request of another API as the OpenAI request that it amounts to, and the response that turns the answer to it back. */
export interface Native {
  /** Path of the OpenAI API. */
  path: string;
  body: Json;
  response: ServerResponse;
}

/** Is it a path of another API? */
export const isNative = (path: string): boolean => Object.hasOwn(DIALECTS, path);

/**
 * Lets the server speak another API: whatever it writes in OpenAI's form, when and however it does it, is written in that API's form at once.
 * Null: the path is none of theirs. Answers that are not of status 200 are left as they are.
 */
export function nativeApi(path: string, body: Json, response: ServerResponse): Native | null {
  const dialect = DIALECTS[path];
  if (!dialect) return null;
  return { path: dialect.as, body: dialect.request(body), response: translated(response, dialect) };
}

function translated(response: ServerResponse, dialect: Dialect): ServerResponse {
  let finish = 'stop';
  let usage: Json | null = null;
  let begun = false;
  let streams = false;
  const tell = (...frames: string[]) => {
    for (const frame of frames) response.write(frame);
  };
  const begin = () => {
    if (!begun) tell(...dialect.start());
    begun = true;
  };
  const reader = sseReader(({ data }) => {
    if (data === '[DONE]') return tell(...dialect.end(finish, usage));
    const json = parsed(data);
    if (json === null) return tell(dialect.raw(data));
    if (json.error) return tell(dialect.error(String((json.error as Json).message)));
    begin();
    if (json.usage) usage = json.usage as Json;
    const choice = (json.choices as Json[] | undefined)?.[0];
    if (typeof choice?.finish_reason === 'string') finish = choice.finish_reason;
    const delta = (choice?.delta ?? choice) as Json | undefined;
    const [text, reasoning] = [delta?.content ?? delta?.text, delta?.reasoning_content];
    if (typeof text === 'string' && text !== '') tell(dialect.token(text, false));
    else if (typeof reasoning === 'string') tell(dialect.token(reasoning, true));
  });
  const own: Partial<Record<keyof ServerResponse, unknown>> = {
    writeHead(status: number, headers: Record<string, string>) {
      streams = headers['content-type'] === 'text/event-stream';
      response.writeHead(status, streams ? { ...headers, 'content-type': dialect.contentType } : headers);
    },
    write(bytes: Buffer) {
      reader.push(bytes);
    },
    end(text?: string) {
      const whole = streams || response.statusCode !== 200 || text === undefined ? null : parsed(text);
      response.end(whole === null || whole.error ? text : dialect.whole(whole));
    },
  };
  return new Proxy(response, {
    get(target, key) {
      const mine = own[key as keyof ServerResponse];
      if (mine !== undefined) return mine;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function parsed(text: string): Json | null {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
