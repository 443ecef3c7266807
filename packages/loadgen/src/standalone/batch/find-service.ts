import { messageOf } from '@bench/core';
import { getStatus } from '../../http.ts';

const ANSWER_MS = 5000;

export interface Candidates {
  /** Names and addresses, the likeliest first. */
  hosts: readonly string[];
  port: number;
  healthPath: string;
  headers: Record<string, string>;
  signal: AbortSignal;
}

/** The first of the candidates that answers its health address with 200. `url` null: none does, and why of each. */
export async function findService({
  hosts,
  port,
  healthPath,
  headers,
  signal,
}: Candidates): Promise<{ url: string | null; why: string[] }> {
  const tried = await Promise.all(
    [...new Set(hosts)].map(async (host) => {
      const url = originOf(host, port);
      if (url === null) return { url: null, why: `"${host}" is no host` };
      try {
        const status = await getStatus(url + healthPath, { headers, signal, timeoutMs: ANSWER_MS });
        return status === 200 ? { url, why: '' } : { url: null, why: `${url}${healthPath} answered ${status}` };
      } catch (error) {
        return { url: null, why: `${url}: ${messageOf(error)}` };
      }
    }),
  );
  return { url: tried.find((each) => each.url !== null)?.url ?? null, why: tried.map((each) => each.why).filter((why) => why !== '') };
}

/** `http://host:port`; null when `host` is something else than a name or an address. */
export function originOf(host: string, port: number): string | null {
  const written = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  if (!/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)$/.test(written) || !URL.canParse(`http://${written}:${port}`)) return null;
  return `http://${written}:${port}`;
}
