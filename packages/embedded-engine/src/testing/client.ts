import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  status: number;
  headers: Headers;
  // Tests look at many shapes; each asserts what it reads.
  body: Record<string, unknown>;
}

/** A client of one server, for tests. */
export function clientOf(baseUrl: string, apiKey?: string) {
  const headers: Record<string, string> = { 'content-type': 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) };
  const post = (path: string, body: unknown, signal?: AbortSignal) =>
    fetch(baseUrl + path, {
      method: 'POST',
      headers,
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal: signal ?? null,
    });

  const metrics = async (): Promise<Record<string, number>> => {
    const text = await (await fetch(`${baseUrl}/metrics`, { headers })).text();
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    return Object.fromEntries(
      lines.map((line) => line.split(' ')).map(([name, value]) => [String(name).replace('bench_engine_', ''), Number(value)]),
    );
  };

  return {
    post,
    metrics,
    async json(path: string, body: unknown): Promise<Answer> {
      const response = await post(path, body);
      return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> };
    },
    /** The events of a stream, without `[DONE]`, which must be the last. */
    async stream(path: string, body: Record<string, unknown>): Promise<StreamEvent[]> {
      const response = await post(path, { ...body, stream: true });
      if (response.status !== 200) throw new Error(await response.text());
      const bytes = Buffer.from(await response.arrayBuffer());
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      const events = text.split('\n\n').filter((event) => event !== '');
      const last = events.pop();
      if (last !== 'data: [DONE]') throw new Error(`the stream ended with ${last}`);
      return events.map((event) => JSON.parse(event.replace(/^data: /, '')) as StreamEvent);
    },
    /** Waits until the metrics are as told, at most ten seconds. */
    async untilMetrics(expected: Record<string, number>): Promise<void> {
      let seen: Record<string, number> = {};
      for (let tries = 0; tries < 500; tries++) {
        seen = await metrics();
        if (Object.entries(expected).every(([name, value]) => seen[name] === value)) return;
        await sleep(20);
      }
      throw new Error(`metrics stayed at ${JSON.stringify(seen)}, wanted ${JSON.stringify(expected)}`);
    },
  };
}

export interface StreamEvent {
  object: string;
  choices: { text?: string; delta?: { role?: string; content?: string }; finish_reason: string | null }[];
  usage?: { prompt_tokens: number; completion_tokens: number; prompt_tokens_details: { cached_tokens: number } } | null;
}

/** The text of a stream. */
export function textOf(events: readonly StreamEvent[]): string {
  return events.map(({ choices: [choice] }) => choice?.text ?? choice?.delta?.content ?? '').join('');
}
