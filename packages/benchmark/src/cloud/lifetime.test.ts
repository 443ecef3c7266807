import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { watchLifetime } from './lifetime.ts';
import { OFFER } from './testing/fake-renter.ts';

it('a machine has lived long enough soon after this computer wakes up, although its timers stood still meanwhile', async () => {
  let awake = 0;
  let suspended = 0;
  const told = new Promise<string>((resolve) => {
    watchLifetime({
      rented: { name: 'm', offer: OFFER, times: { intentMs: 0, createdMs: 0, runningMs: 0 } },
      maxLifetimeS: 3600,
      io: {
        monotonic: () => awake + suspended,
        sleep: async (ms) => {
          await delay(0);
          awake += ms;
          // The lid is closed in the tenth minute.
          if (awake >= 600_000) suspended = 8 * 3_600_000;
        },
      },
      signal: new AbortController().signal,
      onOver: (error) => resolve(error.code),
    });
  });
  expect(await told).toBe('BENCH_LIFETIME');
  expect(awake < 15 * 60_000).toBe(true);
});
