import { startTestServer } from '@bench/loadgen/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { keepSelfcheck } from '../src/kept-selfcheck.ts';
import { bench, folder, show, start } from './cli.ts';

afterEach(() => void vi.unstubAllEnvs());

describe('bench selfcheck', () => {
  it('measures the client at the levels that were named', async () => {
    const checked = await bench(['selfcheck', '--levels', '2,10/s', '--json']);
    expect(checked.code, show(checked)).toBe(0);
    const { verdict, levels } = JSON.parse(checked.stdout) as {
      verdict: string;
      levels: { level: unknown; counts: { failed: number }; error: { stampMs: { count: number } } }[];
    };
    expect(verdict).toMatch(/^This machine’s client can/);
    expect(levels.map(({ level }) => level)).toEqual([
      { kind: 'streams', streams: 2 },
      { kind: 'rate', ratePerS: 10 },
    ]);
    expect(levels.map(({ counts }) => counts.failed)).toEqual([0, 0]);
    expect(levels[0]?.error.stampMs.count).toBe(300);
  });

  it('ends at Ctrl-C', async () => {
    const running = start(['selfcheck']);
    await running.saw('checking');
    running.child.kill('SIGINT');
    const ended = await running.finished;
    expect(ended.code, show(ended)).toBe(130);
    expect(ended.stdout).toBe('');
  });

  it.each(['many', '0', '5/min', '10,'])('refuses --levels %s', async (levels) => {
    const { code, stderr } = await bench(['selfcheck', '--levels', levels]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--levels: "')]);
  });
});

describe('a self-check that was kept', () => {
  const spread = { count: 9, p50: 0.25, p99: 1.5, max: 2 };
  const error = { ttftMs: spread, itlMs: spread, tpotMs: spread, stampMs: spread, serverLateMs: spread };
  const counts = { sent: 9, ok: 9, failed: 0, cancelled: 0, warmup: 0 };
  const facts = { workers: 1, counts, eventsPerS: 400, eluMax: 0.1, cpuCores: 0.1, rateReached: null, scheduleLagP99Ms: null };

  it('is quoted by a load that is sent from here, and one that was not made is asked for', async () => {
    const cache = await folder();
    const server = await startTestServer();
    const load = () =>
      bench(['load', server.url, '--concurrency', '2', '--requests', '4', '--input-len', '20', '--output-len', '2', '--json'], {
        env: { XDG_CACHE_HOME: cache },
      });
    try {
      const before = await load();
      expect(before.code, show(before)).toBe(0);
      expect(before.stderr).toContain('the client’s own error: not checked: bench selfcheck');
      vi.stubEnv('XDG_CACHE_HOME', cache);
      const levels = [{ level: { kind: 'streams' as const, streams: 10 }, ...facts, error, doubts: [] }];
      await keepSelfcheck({ tokensPerS: 50, levels, eventsPerSPerWorker: 30_000 }, Date.UTC(2026, 4, 4));
      const after = await load();
      expect(after.code, show(after)).toBe(0);
      expect(after.stderr).toMatch(/the client’s own error: at 10 streams of 50 tokens\/s; TTFT p50 250 µs, .* checked on 2026-05-04/);
      const { client } = JSON.parse(after.stdout) as { client: { accuracy: { streams: number; ttftP99Ms: number } } };
      expect(client.accuracy).toMatchObject({ streams: 10, ttftP99Ms: 1.5 });
    } finally {
      await server.close();
    }
  });
});
