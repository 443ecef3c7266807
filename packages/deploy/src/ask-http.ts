import { bearer, type Io, withinTime } from '@bench/core';

export interface HttpQuestion {
  /** Put before the path, and left out of the answer: `http://127.0.0.1:8000`. Default: the path is the whole URL. */
  base?: string;
  path: string;
  /** Sent as a bearer token. */
  apiKey?: string | undefined;
  /** For the whole answer. */
  timeoutMs: number;
  io: Pick<Io, 'fetch'>;
  signal: AbortSignal;
  /** Statuses that are as good as 2xx. Default: none. */
  alsoFine?: ReadonlySet<number>;
}

/** GETs. Null: it was answered 2xx; otherwise why not, in words. @throws the signal's reason */
export async function askHttp({ base = '', path, apiKey, timeoutMs, io, signal, alsoFine }: HttpQuestion): Promise<string | null> {
  try {
    const response = await withinTime({ timeoutMs, signal }, async (limit) => {
      const answer = await io.fetch(base + path, { headers: bearer(apiKey), signal: limit });
      await answer.arrayBuffer();
      return answer;
    });
    return response.ok || alsoFine?.has(response.status) ? null : `GET ${path} answered ${response.status}`;
  } catch (error) {
    signal.throwIfAborted();
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined;
    return `GET ${path}: ${cause?.code ?? (error as Error).message}`;
  }
}
