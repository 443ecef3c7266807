import { expect, it } from 'vitest';
import { runLoad } from '../run-load.ts';
import { startTestServer } from '../testing/index.ts';
import { accuracyAt, type DatedSelfcheck } from './accuracy.ts';

const spread = (p50: number) => ({ count: 9, p50, p99: 2 * p50, max: 9 });
const level = (at: DatedSelfcheck['levels'][number]['level'], p50: number) => ({
  level: at,
  error: { ttftMs: spread(p50), itlMs: spread(p50 + 1), tpotMs: spread(p50 + 2), stampMs: null, serverLateMs: null },
});
const selfcheck = {
  checkedAt: '2026-05-04T10:00:00.000Z',
  tokensPerS: 50,
  eventsPerSPerWorker: 30_000,
  levels: [level({ kind: 'streams', streams: 1 }, 1), level({ kind: 'streams', streams: 10 }, 2), level({ kind: 'rate', ratePerS: 50 }, 3)],
} as DatedSelfcheck;

it('is that of the first level with as many streams, else of the highest', () => {
  expect(accuracyAt(selfcheck, 1)).toEqual({
    checkedAt: '2026-05-04T10:00:00.000Z',
    streams: 1,
    tokensPerS: 50,
    ttftP50Ms: 1,
    ttftP99Ms: 2,
    itlP50Ms: 2,
    itlP99Ms: 4,
    tpotP99Ms: 6,
  });
  expect(accuracyAt(selfcheck, 2)).toMatchObject({ streams: 10, ttftP50Ms: 2 });
  expect(accuracyAt(selfcheck, 300)).toMatchObject({ streams: 10 });
  expect(accuracyAt({ ...selfcheck, levels: selfcheck.levels.slice(2) }, 1)).toBeNull();
});

it('goes with the results of a load that is given a self-check, and with no others', async () => {
  const server = await startTestServer();
  const options = {
    baseUrl: server.url,
    model: 'test',
    load: {
      maxConcurrency: 3,
      numPrompts: 6,
      data: { kind: 'random' as const, inputTokens: { min: 20, max: 20 }, outputTokens: { min: 2, max: 2 } },
    },
  };
  try {
    const checked = await runLoad({ ...options, selfcheck });
    expect(checked.summary.client?.accuracy).toMatchObject({ streams: 10, checkedAt: selfcheck.checkedAt });
    const plain = await runLoad({ ...options, calibration: checked.calibration });
    expect(plain.summary.client).not.toHaveProperty('accuracy');
  } finally {
    await server.close();
  }
}, 60_000);
