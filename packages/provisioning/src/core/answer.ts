import { replaceUnprintable, type Io } from '@bench/core';
import { providerError } from '../contract/error.ts';
import type { ProviderAnswer, ProviderRequest } from '../contract/provider.ts';

/** The most of an answer that is read, bytes. */
export const MAX_ANSWER_BYTES = 16 << 20;
const WORDS = 300;
/** Headers in which servers and proxies name a request, most telling first. */
const REQUEST_ID_HEADERS = [
  'x-request-id',
  'request-id',
  'x-goog-request-id',
  'x-correlation-id',
  'x-amzn-requestid',
  'x-cloud-trace-context',
  'cf-ray',
];

export class TooLarge extends Error {}

/** The text of a body, `partial` when it ended before its end. @throws TooLarge */
export async function readBody(response: Response): Promise<{ text: string; failure: unknown }> {
  if (response.body === null) return { text: '', failure: null };
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { text: text + decoder.decode(), failure: null };
      bytes += value.byteLength;
      if (bytes > MAX_ANSWER_BYTES) throw new TooLarge();
      text += decoder.decode(value, { stream: true });
    }
  } catch (failure) {
    reader.cancel().catch(() => undefined);
    if (failure instanceof TooLarge) throw failure;
    return { text, failure };
  }
}

/** An answer as adapters get it. */
export function answerOf(o: { provider: string; request: ProviderRequest; response: Response; text: string; io: Io }): ProviderAnswer {
  const { provider, request, response, text, io } = o;
  return {
    status: response.status,
    headers: response.headers,
    text,
    json() {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        throw providerError({
          kind: request.repeatable ? 'transient' : 'unknown-outcome',
          provider,
          op: request.kind,
          message: `the answer to "${request.kind}" is not JSON`,
          providerMessage: wordsOf(text, io),
          httpStatus: response.status,
          requestId: requestIdOf(response.headers, io),
        });
      }
    },
  };
}

/** What a server says in an error's body, in one short line without secrets: the message in its JSON, else its text. */
export function wordsOf(text: string, io: Pick<Io, 'redact'>): string {
  let said = text;
  try {
    said = messageIn(JSON.parse(text)) ?? text;
  } catch {
    if (/^\s*</.test(text)) said = text.replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ');
  }
  const line = replaceUnprintable(io.redact(said).replace(/\s+/g, ' '), () => '?').trim();
  return line.length > WORDS ? `${line.slice(0, WORDS)}…` : line;
}

/** The provider's own id of a request, from the headers of its answer. */
export function requestIdOf(headers: Headers, io: Pick<Io, 'redact'>): string | undefined {
  const id = REQUEST_ID_HEADERS.map((name) => headers.get(name)).find((value) => value !== null && value !== '');
  return id === undefined || id === null ? undefined : replaceUnprintable(io.redact(id), () => '?').slice(0, 100);
}

/** `message`, `msg`, `detail` or `error` of a JSON answer, also inside of `error`; several are joined. */
function messageIn(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const said = ['error', 'message', 'msg', 'detail', 'title'].flatMap((key) => {
    const inside = messageIn((value as Record<string, unknown>)[key]);
    return inside === undefined || inside === '' ? [] : [inside];
  });
  return said.length === 0 ? undefined : [...new Set(said)].join(': ');
}
