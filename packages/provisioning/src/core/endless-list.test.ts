import { expect, it } from 'vitest';
import { type Api as GcpApi, pages } from '../gcp/api.ts';
import { aggregatedSchema, instanceSchema } from '../gcp/wire.ts';
import type { Api as VastApi } from '../vast/api.ts';
import { listInstances } from '../vast/instances.ts';

/** A server that forgets where it was gives the same token again and again. */
const calls = { count: 0 };
function counted<T>(answer: T): Promise<T> {
  calls.count += 1;
  if (calls.count > 50) throw new Error('asked for ever');
  return Promise.resolve(answer);
}

it.each([
  [
    'vast.ai',
    async () => {
      const answer = { status: 200, headers: new Headers(), text: '', json: () => ({ instances: [], next_token: 'again' }) };
      const api: VastApi = { baseUrl: 'http://127.0.0.1:9', call: () => counted(answer) };
      for await (const _instance of listInstances(api));
    },
  ],
  [
    'Google Cloud',
    async () => {
      const api = { call: () => counted({ nextPageToken: 'again' }) } as unknown as GcpApi;
      const answer = aggregatedSchema('instances', instanceSchema);
      await pages({ api, call: { kind: 'list', path: '/x', answer }, take: () => undefined });
    },
  ],
])('a list of %s that does not end is an error, after which nothing is taken for gone', async (_title, list) => {
  calls.count = 0;
  await expect(list()).rejects.toMatchObject({ code: 'BENCH_PROVIDER_TRANSIENT' });
  expect(calls.count).toBe(2);
});
