import { withinTime } from '@bench/core';
import { request } from 'undici';

/** Status of a GET outside the measurement; the body is read and dropped. @throws the network's own error. */
export async function getStatus(
  url: string,
  options: { headers: Record<string, string>; signal: AbortSignal; timeoutMs: number },
): Promise<number> {
  return withinTime(options, async (signal) => {
    const response = await request(url, { headers: options.headers, signal });
    await response.body.dump();
    return response.statusCode;
  });
}
