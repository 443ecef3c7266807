import type { LevelCheck, Selfcheck } from '@bench/loadgen/selfcheck';
import { expect, it } from 'vitest';
import { selfcheckText } from './selfcheck-text.ts';

const spread = (p50: number, p99: number) => ({ count: 100, p50, p99, max: p99 });
const style = { unicode: true, dim: (text: string) => text } as Parameters<typeof selfcheckText>[1];

function level(at: LevelCheck['level'], worst: number, doubts: string[] = []): LevelCheck {
  const error = {
    ttftMs: spread(0.21, worst),
    itlMs: spread(0.05, worst),
    tpotMs: spread(0.01, worst),
    stampMs: spread(0.2, worst),
    serverLateMs: spread(1.02, worst),
  };
  const rate = at.kind === 'rate';
  const counts = { sent: 9, ok: 9, failed: 0, cancelled: 0, warmup: 0 };
  const own = { workers: 1, eventsPerS: 500, eluMax: 0.42, cpuCores: 0.3 };
  return { level: at, counts, ...own, rateReached: rate ? 0.998 : null, scheduleLagP99Ms: rate ? worst : null, error, doubts };
}

it('fits in 80 columns, whatever the figures are', () => {
  const check: Selfcheck = {
    tokensPerS: 50,
    levels: [
      level({ kind: 'streams', streams: 1 }, 0.5),
      level({ kind: 'streams', streams: 20_000 }, 12_345.6, ['it was 12345.6 ms off (p99)', 'its event loop was busy 97 % of the time']),
      level({ kind: 'rate', ratePerS: 20_000 }, 12_345.6, ['requests left 12345.6 ms late (p99)']),
    ],
    eventsPerSPerWorker: 61_234,
  };
  const text = selfcheckText(check, style);
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(text).toMatch(/^1 stream +0\.21\/0\.50 +0\.05\/0\.50 +0\.01\/0\.50 +1\.02\/0\.50 +42 %$/m);
  expect(text).toMatch(/^20000 streams .*in doubt$/m);
  expect(text).toMatch(/^20000 requests\/s +99\.8 % +12346 .*in doubt$/m);
  expect(text).toContain('can be believed up to 1 stream of 50 tokens/s;');
  expect(text).toContain('61234 token events/s');
});
