import { z } from 'zod';
import type { ProviderContext } from '../contract/provider.ts';
import type { Api } from './api.ts';
import { read } from './instances.ts';

const LINES = '2000';
const LOOKS = 30;
const BETWEEN_MS = 500;

const answerSchema = z.object({ result_url: z.url() });

/** The log of a container so far. It is asked for, then put somewhere, which takes a moment; nothing when it does not come. */
export async function* instanceLog(api: Api, context: ProviderContext, id: string, signal?: AbortSignal): AsyncIterable<string> {
  const asked = await api.call({
    kind: 'manage',
    method: 'PUT',
    path: `/api/v0/instances/request_logs/${encodeURIComponent(id)}/`,
    body: { tail: LINES },
    signal,
  });
  const { result_url: url } = read(answerSchema, asked.json(), 'logs');
  for (let look = 0; look < LOOKS; look++) {
    // Not the API: a store of files, whose address is the permission. The key has no business there.
    const answer = await context.http({ kind: 'logs', method: 'GET', url, repeatable: true, accept: (status) => status < 500, signal });
    if (answer.status >= 200 && answer.status < 300 && answer.text !== '') {
      const lines = answer.text.split('\n').map((line) => line.replace(/\r$/, ''));
      for (const line of lines.at(-1) === '' ? lines.slice(0, -1) : lines) yield context.redact(line);
      return;
    }
    await context.sleep(BETWEEN_MS, signal);
  }
}
