import { bearer, type EngineFigures, type Host, type Io, messageOf, type Tunnel, withinTime } from '@bench/core';
import { baseUrl, type Endpoint } from '@bench/deploy';
import { epochMs } from '@bench/loadgen';
import { engineFigures } from './engine-figures.ts';

/** For one answer: an engine at its limit is slow to tell. */
const ANSWER_MS = 5000;
const MAX_BYTES = 4 * 1024 ** 2;
/** Rounds at the start after which an engine that told nothing is not asked again. */
const TRIES = 5;

export interface EngineSample {
  /** This program's wall clock, the middle of the time that asking took. */
  atMs: number;
  figures: EngineFigures;
}

export interface EngineScraper {
  readonly samples: readonly EngineSample[];
  /** Asks once more, and no further. Never throws. */
  stop(): Promise<void>;
}

/** Asks every engine behind an endpoint how it is, in step, until it is stopped. */
export function scrapeEngine(o: {
  host: Host;
  endpoint: Endpoint;
  intervalMs: number;
  io: Pick<Io, 'fetch' | 'monotonic' | 'sleep'>;
  /** Called when there is nothing to be had, with the reason; it is asked no more then. */
  onAbsent: (reason: string) => void;
}): EngineScraper {
  const { host, endpoint, intervalMs, io, onAbsent } = o;
  const samples: EngineSample[] = [];
  const stopping = new AbortController();
  let over = false;

  async function round(base: string, signal: AbortSignal): Promise<string | null> {
    const before = epochMs();
    try {
      const texts = await Promise.all(endpoint.metricsPaths.map((path) => getText(base + path, { endpoint, io, signal })));
      const figures = engineFigures(texts);
      if (figures === null) return 'none of its figures is known';
      samples.push({ atMs: (before + epochMs()) / 2, figures });
      return null;
    } catch (error) {
      return messageOf(error);
    }
  }

  async function rounds(tunnel: Tunnel): Promise<void> {
    const base = baseUrl(tunnel);
    let tries = 0;
    while (!stopping.signal.aborted) {
      const began = io.monotonic();
      const reason = await round(base, stopping.signal);
      if (stopping.signal.aborted) break;
      tries += 1;
      if (reason !== null && samples.length === 0 && (tries >= TRIES || isAnswer(reason))) {
        over = true;
        return onAbsent(reason);
      }
      await io.sleep(Math.max(0, intervalMs - (io.monotonic() - began)), stopping.signal).catch(() => undefined);
    }
    await round(base, new AbortController().signal);
  }

  const working = (async () => {
    const tunnel = await host.tunnel({ host: endpoint.address, port: endpoint.port });
    await rounds(tunnel).finally(() => tunnel.close());
  })().catch((error: unknown) => {
    if (!over) onAbsent(messageOf(error));
  });
  return {
    samples,
    async stop() {
      stopping.abort();
      await working;
    },
  };
}

/** The server is there, and has nothing to tell. */
function isAnswer(reason: string): boolean {
  return /^GET \S+ answered 4\d\d/.test(reason);
}

async function getText(
  url: string,
  { endpoint, io, signal }: { endpoint: Endpoint; io: Pick<Io, 'fetch'>; signal: AbortSignal },
): Promise<string> {
  return withinTime({ timeoutMs: ANSWER_MS, signal }, async (limit) => {
    const response = await io.fetch(url, { headers: bearer(endpoint.apiKey), signal: limit });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`GET ${new URL(url).pathname} answered ${response.status}`);
    }
    let text = '';
    const decoder = new TextDecoder();
    for await (const part of response.body ?? []) {
      text += decoder.decode(part, { stream: true });
      if (text.length > MAX_BYTES) throw new Error(`GET ${new URL(url).pathname}: more than ${MAX_BYTES} bytes`);
    }
    return text;
  });
}
