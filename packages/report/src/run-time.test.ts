import { describe, expect, it } from 'vitest';
import { timeShares } from './run-time.ts';

describe('timeShares', () => {
  it('counts each moment once: two engines that measure together do not measure twice as long', () => {
    const shares = timeShares({
      totalMs: 100,
      spans: [
        { lane: 'm', on: 'machine', kind: 'startup', fromMs: 0, toMs: 30 },
        { lane: 'a', on: 'deployment', kind: 'deploying', fromMs: 20, toMs: 40 },
        { lane: 'a', on: 'deployment', kind: 'measuring', fromMs: 40, toMs: 80 },
        { lane: 'b', on: 'deployment', kind: 'measuring', fromMs: 50, toMs: 85 },
        { lane: 'c', on: 'deployment', kind: 'failed', fromMs: 60, toMs: 90 },
      ],
    });
    expect(shares).toEqual([
      { kind: 'startup', ms: 20 },
      { kind: 'deploying', ms: 20 },
      { kind: 'measuring', ms: 45 },
      { kind: 'failed', ms: 5 },
      { kind: 'idle', ms: 10 },
    ]);
    expect(timeShares({ totalMs: 0, spans: [] })).toEqual([]);
  });
});
