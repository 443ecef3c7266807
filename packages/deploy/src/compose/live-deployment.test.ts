import type { Engine } from '@bench/recipe';
import { expect, it } from 'vitest';
import { reach } from './live-deployment.ts';
import type { Session } from './session.ts';

const engine = { api: {}, paths: { health: '/health', metrics: '/metrics', resetCache: '/reset' } } as unknown as Engine;

function endpointOf(healthPaths: readonly string[]) {
  const session = {
    host: { tunnel: () => Promise.resolve({ address: '127.0.0.1', port: 1, close: () => Promise.resolve() }) },
    record: {
      address: '127.0.0.1',
      port: 41_000,
      servedModel: 'm',
      api: 'chat',
      engines: healthPaths.map((healthPath) => ({ healthPath })),
    },
  } as unknown as Session;
  return reach(session, engine, undefined);
}

it('an endpoint tells where each engine behind it is asked whether it works, and how it is', async () => {
  expect((await endpointOf(['/health'])).endpoint).toMatchObject({
    healthPaths: ['/health'],
    metricsPaths: ['/metrics'],
    server: { resetCachePath: '/reset' },
  });
  const two = ['/_bench/0/health', '/_bench/1/health'];
  expect((await endpointOf(two)).endpoint).toMatchObject({
    healthPaths: two,
    metricsPaths: ['/_bench/0/metrics', '/_bench/1/metrics'],
    server: { resetCachePath: null },
  });
});
