import { expect, it } from 'vitest';
import { runSelfcheck, type SelfcheckLevel } from './index.ts';

it('has every token of every request beside its true time, at each level', async () => {
  const begun: SelfcheckLevel[] = [];
  const levels: SelfcheckLevel[] = [
    { kind: 'streams', streams: 2 },
    { kind: 'rate', ratePerS: 10 },
  ];
  const check = await runSelfcheck({ levels, onLevel: (level) => begun.push(level) });
  expect(begun).toEqual(levels);
  const [streams, rate] = check.levels;
  expect(streams?.counts).toMatchObject({ sent: 10, ok: 10, failed: 0, warmup: 2 });
  // Ten answers of thirty tokens.
  expect(streams?.error.stampMs?.count).toBe(300);
  expect(streams?.error.itlMs?.count).toBe(290);
  expect(streams?.error.tpotMs?.count).toBe(10);
  expect(streams?.error.serverLateMs?.count).toBe(300);
  expect(streams?.rateReached).toBeNull();
  expect(rate?.error.ttftMs?.count).toBe(rate?.counts.ok);
  expect(rate?.counts.failed).toBe(0);
  expect(rate?.rateReached).toBeGreaterThan(0);
  expect(check.eventsPerSPerWorker).toBeGreaterThan(0);
}, 120_000);

it('stops when it is told to', async () => {
  const stop = new AbortController();
  const running = runSelfcheck({ signal: stop.signal, onLevel: () => stop.abort(new Error('enough')) });
  await expect(running).rejects.toThrow('enough');
}, 120_000);
