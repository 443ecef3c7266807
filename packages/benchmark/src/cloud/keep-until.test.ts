import type { RentedMachine } from '@bench/provisioning';
import { expect, it } from 'vitest';
import { keepUntil } from './keep-until.ts';

const NOW = Date.parse('2026-01-01T00:00:00.000Z');
const HOUR_S = 3600;

function kept(o: { createdS: number; keepS: number; maxLifetimeS: number; market?: string }) {
  const told: string[] = [];
  const rented = {
    name: 'bench-abc123-r1-0',
    offer: { provider: 'gcp', market: o.market ?? 'on-demand' },
    times: { createdMs: 5_000_000 - o.createdS * 1000 },
  } as unknown as RentedMachine;
  const io = { now: () => NOW, monotonic: () => 5_000_000, logger: { log: (_: string, text: string) => void told.push(text) } };
  return { until: keepUntil(rented, o, io).toISOString(), told };
}

it('a machine is kept as long as was asked, where it may live so long', () => {
  expect(kept({ createdS: HOUR_S, keepS: 2 * HOUR_S, maxLifetimeS: 4 * HOUR_S })).toEqual({
    until: '2026-01-01T02:00:00.000Z',
    told: [],
  });
});

it('a machine is kept no longer than it may live, and that is told', () => {
  const aged = kept({ createdS: HOUR_S, keepS: 8 * HOUR_S, maxLifetimeS: 4 * HOUR_S });
  expect([aged.until, aged.told.join()]).toEqual([
    '2026-01-01T03:00:00.000Z',
    expect.stringMatching(/T03:00.* not for 8h.*may not live longer/),
  ]);
});
